import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'smol-toml'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import { ClawError } from '../../src/core/errors.ts'
import { rehearsal } from '../../src/app/rehearsal/rehearsal.ts'
import { type RunOptions, runSandbox } from '../../src/sandbox/run-sandbox.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { claimsOf } from './identity/vendor-exchanges.ts'
import { ask } from '../support/loopback-client.ts'
import { seededRandom } from '../support/seeded-random.ts'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'claw-run-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

interface Ran {
  readonly code: number
  readonly printed: string
  readonly said: readonly string[]
}

async function run(
  options: Partial<RunOptions>,
  environment: Record<string, string | undefined> = {},
  stop = new AbortController(),
  onSaid: (line: string) => void = () => undefined,
): Promise<Ran> {
  let printed = ''
  const said: string[] = []
  const code = await runSandbox(
    {
      command: [],
      print: async (text) => {
        printed += text
      },
      say: async (line) => {
        said.push(line)
        onSaid(line)
      },
      ...options,
    },
    { clock: fakeClock(), random: seededRandom(), mirror: rehearsal(), signal: stop.signal, environment },
  )
  return { code, printed, said }
}

/** A program that writes down what it found, and ends with 7. */
function finder(out: string): string[] {
  const script = `
    const fs = require('fs')
    const { CLAW_CONFIG, CLAW_HOME, CLAW_SANDBOX_ID_TOKEN_FILE: file } = process.env
    const facts = { env: process.env, toml: fs.readFileSync(CLAW_CONFIG, 'utf8'), token: fs.readFileSync(file, 'utf8'), mode: fs.statSync(CLAW_CONFIG).mode & 0o777, home: fs.statSync(CLAW_HOME).mode & 0o777 }
    fs.writeFileSync(${JSON.stringify(out)}, JSON.stringify(facts))
    process.exit(7)`
  return [process.execPath, '-e', script]
}

describe('a sandbox with a command', () => {
  it('gives it a home and a configuration of its own, and hands on its exit code', async () => {
    const out = join(dir, 'out')
    const ran = await run({ command: finder(out) }, { PATH: '/bin' })
    expect(ran).toEqual({ code: 7, printed: '', said: [] })
    const { env, toml, mode, home, token } = JSON.parse(await readFile(out, 'utf8'))
    expect({ mode, home }).toEqual({ mode: 0o600, home: 0o700 })
    expect(env).toEqual({
      PATH: '/bin',
      CLAW_HOME: env.CLAW_HOME,
      CLAW_CONFIG: join(env.CLAW_HOME, 'config.toml'),
      ACTIONS_ID_TOKEN_REQUEST_URL: expect.stringMatching(
        /^http:\/\/127\.0\.0\.1:\d+\/pipelines\.actions\.githubusercontent\.com\/\S+\?api-version=2\.0$/,
      ),
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: expect.stringMatching(/^sandbox-job-/),
      CLAW_SANDBOX_ID_TOKEN: token,
      CLAW_SANDBOX_ID_TOKEN_FILE: join(env.CLAW_HOME, 'id-token'),
    })
    expect(claimsOf(token)).toMatchObject({
      exp: Date.UTC(2026, 0, 1) / 1_000 + 3_600,
      iss: expect.stringMatching(/\/token\.actions\.githubusercontent\.com$/),
    })
    expect(Object.keys(parse(toml).providers ?? {})).toEqual([...CATALOGUE.keys(), 'acme'])
    expect(existsSync(env.CLAW_HOME)).toBe(false)
    await expect(ask(/http:\S+?\d(?=\/|\.\s)/.exec(toml)?.[0] ?? '')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('keeps from it what would lead it elsewhere', async () => {
    const out = join(dir, 'out')
    const stays = { PATH: '/bin', LANG: 'C', NO_PROXY: '*', CLAW_CI: '0', CLAW_DEBUG: '1', CLAW_NO_INPUT: '1', MY_PROXY: 'x' }
    const goes = {
      CLAW_STORE: 'postgres://x',
      CLAW_HOME: '/home/x',
      CLAW_CONFIG: '/etc/x',
      CLAW_STORE_KEY_FILE: '/x',
      OPENAI_API_KEY: 'sk-1',
      OPENAI_BASE_URL: 'https://x',
      ANTHROPIC_AUTH_TOKEN: 't',
      ANTHROPIC_FEDERATION_RULE_ID: 'f',
      MOONSHOT_API_KEY_FILE: '/x',
      ACME_API_KEY: 'k',
      CODEX_ACCESS_TOKEN: 'at-1',
      ACTIONS_ID_TOKEN_REQUEST_URL: 'https://x',
      CIRCLE_OIDC_TOKEN_V2: 'a.b.c',
      AZURE_TENANT_ID: 't',
      AWS_WEB_IDENTITY_TOKEN_FILE: '/x',
      GOOGLE_APPLICATION_CREDENTIALS: '/x',
      https_proxy: 'http://p',
      ALL_PROXY: 'http://p',
      UNSET: undefined,
    }
    await run({ command: finder(out) }, { ...stays, ...goes })
    const { env } = JSON.parse(await readFile(out, 'utf8'))
    const { CLAW_HOME, CLAW_CONFIG, ...others } = env
    expect(Object.fromEntries(Object.entries(others).filter(([name]) => !/_ID_TOKEN/.test(name)))).toEqual(stays)
    expect(others.ACTIONS_ID_TOKEN_REQUEST_URL).not.toBe(goes.ACTIONS_ID_TOKEN_REQUEST_URL)
    expect([CLAW_HOME, CLAW_CONFIG]).not.toContain(undefined)
    expect([CLAW_HOME === goes.CLAW_HOME, CLAW_CONFIG === goes.CLAW_CONFIG]).toEqual([false, false])
  })

  it('says when there is no such program', async () => {
    expect(await run({ command: [join(dir, 'missing')] })).toEqual({
      code: 127,
      printed: '',
      said: [`cannot run \`${join(dir, 'missing')}\`: ENOENT`],
    })
  })

  it('starts nothing when it was stopped before', async () => {
    const out = join(dir, 'out')
    const stop = new AbortController()
    stop.abort(new ClawError('CLAW_CANCELLED', { what: 'stopped by SIGTERM', data: { signal: 'SIGTERM' } }))
    await expect(run({ command: finder(out) }, {}, stop)).rejects.toMatchObject({ code: 'CLAW_CANCELLED' })
    expect(existsSync(out)).toBe(false)
  })
})

describe('a sandbox without a command', () => {
  it('prints the configuration, and serves until it is stopped', async () => {
    const stop = new AbortController()
    const journalFile = join(dir, 'journal.ndjson')
    let origin = ''
    let status = 0
    const ran = await run({ journalFile }, {}, stop, async (line) => {
      origin ||= /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0] ?? ''
      if (!line.includes(journalFile)) return
      status = (await ask(`${origin}/127.0.0.1:11434/api/version`)).status
      stop.abort()
    })
    expect({ code: ran.code, status }).toEqual({ code: 0, status: 200 })
    expect(ran.said).toEqual([
      `the sandbox serves on ${origin} until it is stopped; put the lines above into a file and set CLAW_CONFIG to it`,
      `every request goes to ${journalFile}`,
    ])
    expect(parse(ran.printed)).toMatchObject({
      providers: {
        openai: { base_urls: { 'openai-chat': `${origin}/api.openai.com/v1` } },
        'kimi-code': { regions: { global: { base_url: `${origin}/api.kimi.ai/coding`, oauth_host: `${origin}/auth.kimi.ai` } } },
        acme: { protocol: 'openai-chat', auth: { sso: { method: 'device', issuer: `${origin}/issuer`, client_id: 'claw' } } },
      },
    })
    expect(ran.printed).toContain(`# ANTHROPIC_BASE_URL=${origin}/api.anthropic.com\n# OPENAI_BASE_URL=${origin}/api.openai.com/v1\n`)
    await expect(ask(origin)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})
