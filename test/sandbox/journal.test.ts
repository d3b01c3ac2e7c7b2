import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { rehearsal } from '../../src/app/rehearsal/rehearsal.ts'
import { startSandbox } from '../../src/sandbox/start-sandbox.ts'
import { failureOf } from '../support/failure.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { arrange, bearer, KIMI } from './sandbox-client.ts'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'claw-journal-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const hash = expect.stringMatching(/^[0-9a-f]{8}$/)

describe('the journal', () => {
  it('has one line for each request, with what a claim is counted by', async () => {
    const journalFile = join(dir, 'journal.ndjson')
    const { sandbox, clock, tell, signIn, refresh } = await arrange({ journalFile })
    const at = (ms: number) => new Date(begin + ms).toISOString()
    const begin = clock.now()
    const tokens = await signIn(KIMI)
    await refresh(tokens.refresh, KIMI)
    await tell('/api.kimi.com/coding/v1/me', { headers: bearer(tokens.access) })
    await tell('/api.kimi.com/coding/v1/me')
    await tell('/unknown?code=secret')
    const token = { method: 'POST', path: KIMI.token, dialect: 'kimi-oauth', token: hash }
    const expected = [
      { at: at(0), method: 'POST', path: KIMI.device, dialect: 'kimi-oauth', status: 200 },
      { ...token, at: at(0), status: 400, grantType: 'device_code', note: 'authorization_pending' },
      { ...token, at: at(1_000), status: 200, grantType: 'device_code', note: 'granted' },
      { ...token, at: at(1_000), status: 200, grantType: 'refresh_token', generation: 0, note: 'granted' },
      { at: at(1_000), method: 'GET', path: '/api.kimi.com/coding/v1/me', dialect: 'kimi-account', status: 200 },
      { at: at(1_000), method: 'GET', path: '/api.kimi.com/coding/v1/me', dialect: 'kimi-account', status: 401 },
      { at: at(1_000), method: 'GET', path: '/unknown', dialect: 'none', status: 404 },
    ]
    expect(sandbox.journal).toEqual(expected)
    const text = await readFile(journalFile, 'utf8')
    expect(text.endsWith('\n')).toBe(true)
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(expected)
    expect((await stat(journalFile)).mode & 0o777).toBe(0o600)
  })

  it('holds no secret of either side', async () => {
    const journalFile = join(dir, 'journal.ndjson')
    const { tell, start, poll, signIn, refresh } = await arrange({ journalFile })
    const started = await start()
    await poll(started.json.device_code)
    const tokens = await signIn()
    const next = await refresh(tokens.refresh)
    await refresh('rt-of-somebody-else')
    await tell('/issuer/revoke', { form: { client_id: 'claw', token: String(next.json.access_token) } })
    await tell('/issuer/token', { form: { client_id: 'claw', grant_type: 'a-secret-in-the-wrong-place' } })
    await tell('/v1/models', { headers: bearer('sk-sandbox-0123456789') })
    const text = await readFile(journalFile, 'utf8')
    const secrets = [
      started.json.device_code,
      started.json.user_code,
      tokens.access,
      tokens.refresh,
      next.json.access_token,
      next.json.refresh_token,
      'rt-of-somebody-else',
      'a-secret-in-the-wrong-place',
      'sk-sandbox-0123456789',
    ]
    expect(secrets.filter((secret) => typeof secret !== 'string' || text.includes(secret))).toEqual([])
  })

  it('goes on behind what the file held', async () => {
    const journalFile = join(dir, 'journal.ndjson')
    await writeFile(journalFile, '{"before":true}\n')
    const { tell } = await arrange({ journalFile })
    await tell('/127.0.0.1:11434/api/version')
    const lines = (await readFile(journalFile, 'utf8')).trimEnd().split('\n')
    expect(lines.map((line) => Object.keys(JSON.parse(line)))).toEqual([['before'], ['at', 'method', 'path', 'dialect', 'status']])
  })

  it('that cannot be written is said before anything is served', async () => {
    const journalFile = join(dir, 'missing', 'journal.ndjson')
    expect(await failureOf(() => startSandbox({ clock: fakeClock(), random: seededRandom(), mirror: rehearsal(), journalFile }))).toEqual({
      code: 'CLAW_OUTPUT',
      what: `cannot write \`${journalFile}\``,
      why: 'ENOENT',
      data: {},
    })
  })

  it.runIf(process.platform === 'linux')('that can no longer be written fails the request: no answer goes uncounted', async () => {
    const { ask, sandbox } = await arrange({ journalFile: '/dev/full' })
    expect(await ask('/127.0.0.1:11434/api/version')).toMatchObject({ status: 500, body: '' })
    expect(sandbox.journal).toEqual([])
  })
})
