import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { environmentOf } from '../../src/platform/environment.ts'
import { isIdentityVariable } from '../../src/platform/identity-variables.ts'
import { openPage } from '../../src/platform/open-page.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { runCommand } from '../../src/platform/run-command.ts'
import { runSandbox } from '../../src/sandbox/run-sandbox.ts'
import { BundledWorker } from '../support/bundled-worker.ts'

/** What a job or a machine is known by, as CI systems, clouds and vendors call it. */
const IDENTITY = [
  'ACTIONS_ID_TOKEN_REQUEST_URL',
  'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
  'SYSTEM_ACCESSTOKEN',
  'SYSTEM_OIDCREQUESTURI',
  'IDENTITY_ENDPOINT',
  'IDENTITY_HEADER',
  'MSI_ENDPOINT',
  'MSI_SECRET',
  'BUILDKITE_AGENT_ACCESS_TOKEN',
  'BITBUCKET_STEP_OIDC_TOKEN',
  'CI_JOB_JWT',
  'CI_JOB_JWT_V2',
  'CIRCLE_OIDC_TOKEN',
  'CIRCLE_OIDC_TOKEN_V2',
  'VERCEL_OIDC_TOKEN',
  'MODAL_IDENTITY_TOKEN',
  'ANTHROPIC_IDENTITY_TOKEN',
  'ANTHROPIC_IDENTITY_TOKEN_FILE',
  'OPENAI_IDENTITY_TOKEN_FILE',
  'AZURE_FEDERATED_TOKEN_FILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'GITLAB_ID_TOKEN',
  'ID_TOKEN',
]
const OTHERS = ['HOME', 'CI', 'GITHUB_ACTIONS', 'BUILDKITE_JOB_ID', 'VALID_TOKENS', 'AZURE_TENANT_ID', 'LANG']

let dir = ''
beforeEach(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'claw-identity-')))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const job = () => ({ ...Object.fromEntries([...IDENTITY, ...OTHERS].map((name) => [name, 'canary'])), PATH: '/usr/bin', HOME: dir })
const dumpTo = (path: string) => `require('fs').writeFileSync(${JSON.stringify(path)}, JSON.stringify(process.env))`
const { signal } = new AbortController()

it('the variables of an identity are told from others', () => {
  expect([...IDENTITY, ...OTHERS].filter(isIdentityVariable)).toEqual(IDENTITY)
})

describe('S-56 no child inherits the identity of the job', () => {
  it('a command for one value', async () => {
    const argv = [process.execPath, '-p', 'JSON.stringify(Object.keys(process.env).sort())']
    const environment = environmentOf(job())
    const { stdout } = await runCommand({ argv, environment, passOn: ['CI'], cwd: dir, avoid: null, clock: systemClock(), signal })
    expect(JSON.parse(stdout.toString())).toEqual(['CI', 'HOME', 'LANG', 'PATH'])
  })

  it('a command in the sandbox: it has that of a job of the sandbox', async () => {
    const path = join(dir, 'dump')
    const mirror = { bases: [], variables: [], toml: () => '', environment: () => ({}) }
    const code = await runSandbox(
      { command: [process.execPath, '-e', dumpTo(path)], print: async () => undefined, say: async () => undefined },
      { clock: systemClock(), random: systemRandom, mirror, signal, environment: job() },
    )
    const seen: Record<string, string> = JSON.parse(await readFile(path, 'utf8'))
    const own = ['ACTIONS_ID_TOKEN_REQUEST_TOKEN', 'ACTIONS_ID_TOKEN_REQUEST_URL', 'CLAW_SANDBOX_ID_TOKEN', 'CLAW_SANDBOX_ID_TOKEN_FILE']
    expect([code, Object.keys(seen).sort()]).toEqual([0, names('CLAW_CONFIG', 'CLAW_HOME', ...own)])
    expect(own.filter((name) => seen[name] === 'canary')).toEqual([])
  })

  it('a browser', async () => {
    const given: Readonly<Record<string, string>>[] = []
    const environment = environmentOf({ ...job(), DISPLAY: ':0' })
    await openPage('https://vendor.example/', { platform: 'linux', environment, isTerminal: true }, async (_, variables) => {
      given.push(variables)
      return true
    })
    expect(given.map((variables) => Object.keys(variables).sort())).toEqual([['DISPLAY', 'HOME', 'LANG', 'PATH']])
  })

  it('whatever else is started by mistake with the environment of the process itself', async () => {
    const worker = await BundledWorker.build(new URL('outside-worker.ts', import.meta.url))
    try {
      const { stdout } = await worker.run(['child'], { env: job() })
      expect(JSON.parse(stdout)).toEqual(names('UV_THREADPOOL_SIZE'))
    } finally {
      worker.dispose()
    }
  })
})

function names(...more: string[]): string[] {
  return [...OTHERS, 'PATH', ...more].sort()
}
