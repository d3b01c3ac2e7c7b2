import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lookForSubject, obtainSubjectToken, type SubjectWorld } from '../../../src/app/identity/subject-tokens.ts'
import { rehearsal } from '../../../src/app/rehearsal/rehearsal.ts'
import { redact } from '../../../src/core/redaction.ts'
import type { Reference } from '../../../src/core/reference.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemRandom } from '../../../src/platform/random.ts'
import { OWNER_URL } from '../../../src/sandbox/identity/known-ids.ts'
import { startSandbox } from '../../../src/sandbox/start-sandbox.ts'
import { failureOf } from '../../support/failure.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { gate } from '../../support/gate.ts'
import { type Answerer, rawServer } from '../../support/loopback-server.ts'
import { watched } from '../../support/watched-http.ts'
import { type Arranged, arrange, JWT, shown } from './arrange.ts'

const GITHUB: Reference = { scheme: 'oidc', source: 'github', audience: undefined }
const REQUEST_TOKEN = 'canary-request-token'
const ENABLE = 'add `permissions: { contents: read, id-token: write }` to the job; pull requests from forks get no identity token'
const CHECK = 'check what ACTIONS_ID_TOKEN_REQUEST_URL leads to'
const json = (value: unknown) => ({ headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(value) })

let stage: Arranged
beforeEach(async () => {
  stage = await arrange()
})
afterEach(() => stage[Symbol.asyncDispose]())

const served = (answer: Answerer) => stage.served(answer)
function inActions(url: string): Record<string, string> {
  return {
    GITHUB_ACTIONS: 'true',
    ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/idtoken/a/b?api-version=2.0&c=d%20e`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: REQUEST_TOKEN,
  }
}
const obtain = (world: SubjectWorld, audience: string | null = null) => obtainSubjectToken({ reference: GITHUB, audience }, world)

/** What comes of one kind of answer, by a clock that moves only while nothing is on the wire. */
async function driven(answer: Answerer, audience: string | null = null) {
  const server = await served(answer)
  const clock = fakeClock()
  const plain = stage.world(inActions(server.origin), { clock })
  const { http, isBusy } = watched(plain.http)
  const begun = clock.now()
  const work = obtain({ ...plain, http }, audience)
  const result = await clock.driveUntil(
    failureOf(() => work).catch(async () => shown(await work)),
    isBusy,
  )
  return { result, requests: server.requests.length, tookMs: clock.now() - begun }
}

describe('GitHub Actions', () => {
  it('is asked as its toolkit asks: its own query kept, the audience encoded behind it', async () => {
    const server = await served(() => json({ value: JWT, count: 1 }))
    const world = stage.world(inActions(server.origin))
    expect(await lookForSubject(GITHUB, world)).toEqual({ there: true })
    expect(shown(await obtain(world, 'https://api.acme.example/?a&b'))).toEqual(['subject-token', JWT])
    expect(shown(await obtain(world))).toEqual(['subject-token', JWT])
    const headers = {
      host: new URL(server.origin).host,
      connection: 'keep-alive',
      accept: 'application/json',
      'user-agent': 'claw/0.0.0-test',
      authorization: `Bearer ${REQUEST_TOKEN}`,
      'accept-encoding': 'identity',
    }
    expect(server.requests).toEqual([
      {
        method: 'GET',
        path: '/idtoken/a/b?api-version=2.0&c=d%20e&audience=https%3A%2F%2Fapi.acme.example%2F%3Fa%26b',
        headers,
        body: '',
      },
      { method: 'GET', path: '/idtoken/a/b?api-version=2.0&c=d%20e', headers, body: '' },
    ])
    expect(redact(`${REQUEST_TOKEN} ${JWT}`)).toBe('[redacted:token] [redacted:subject-token]')
  })

  it('gives another token each time, for the audience that was asked for, in the sandbox too', async () => {
    const sandbox = await startSandbox({ clock: systemClock(), random: systemRandom, mirror: rehearsal() })
    try {
      const world = stage.world({ ...sandbox.identity.githubEnvironment() })
      const tokens = [await obtain(world, 'https://api.acme.example'), await obtain(world, 'https://api.acme.example'), await obtain(world)]
      const claims = tokens.map((token) => JSON.parse(Buffer.from(token.reveal().split('.')[1] ?? '', 'base64url').toString()))
      expect(new Set(claims.map(({ jti }) => jti)).size).toBe(3)
      expect(claims.map(({ aud }) => aud)).toEqual(['https://api.acme.example', 'https://api.acme.example', OWNER_URL])
    } finally {
      await sandbox.close()
    }
  })

  it.each<[string, Record<string, string>, string, string]>([
    [
      'a job without the permission, or of a fork',
      { GITHUB_ACTIONS: 'true' },
      'ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are not set',
      ENABLE,
    ],
    [
      'a job with half of it',
      { GITHUB_ACTIONS: 'true', ACTIONS_ID_TOKEN_REQUEST_URL: 'https://x.example/?a', ACTIONS_ID_TOKEN_REQUEST_TOKEN: '' },
      'ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set',
      ENABLE,
    ],
    ['a laptop', {}, 'ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are not set', 'run it in GitHub Actions'],
  ])('offers no token in %s', async (_, variables, why, fix) => {
    const world = stage.world(variables)
    expect(await lookForSubject(GITHUB, world)).toEqual({ there: false, why, fix })
    expect(await failureOf(() => obtain(world))).toEqual({
      code: 'CLAW_REFERENCE_UNRESOLVED',
      what: 'GitHub Actions offers no identity token here',
      why,
      fix,
      data: {},
    })
  })

  it.each([400, 401, 403, 404])('refuses with %i, and is not asked again', async (status) => {
    const body = '<h1>canary of a body</h1>'
    expect(await driven(() => ({ status, headers: { 'content-type': 'text/html' }, body }))).toEqual({
      requests: 1,
      tookMs: 0,
      result: {
        code: 'CLAW_REFERENCE_UNRESOLVED',
        what: 'GitHub Actions refused to give an identity token',
        why: `HTTP ${status}`,
        fix: ENABLE,
        data: { sent: true, status },
      },
    })
  })

  const html = { 'content-type': 'text/html' }
  it.each<[string, ReturnType<Answerer>, string]>([
    ['a page', { headers: html, body: '<html>canary</html>' }, 'HTTP 200, text/html'],
    ['nothing', { status: 204 }, 'HTTP 204, empty'],
    ['broken JSON', { headers: { 'content-type': 'application/json' }, body: '{"value":"canary' }, 'HTTP 200, application/json'],
    ['a list', json([JWT]), 'HTTP 200, application/json'],
    ['JSON without a token', json({ token: JWT }), 'HTTP 200, application/json: there is no `value` in it'],
    ['a number', json({ value: 5 }), '`value` is no string'],
    ['null', json({ value: null }), '`value` is no string'],
    ['an empty token', json({ value: '' }), '`value` is empty'],
    ['a token of 20 KB', json({ value: 'x'.repeat(20_480) }), '`value` is 20480 characters long, and a token has 16384 at the most'],
    ['a token with a line break', json({ value: `${JWT}\nx: y` }), '`value` holds characters that no token has'],
  ])('answers with %s', async (_, answer, why) => {
    expect(await driven(() => answer)).toEqual({
      requests: 1,
      tookMs: 0,
      result: { code: 'CLAW_PROTOCOL', what: 'GitHub Actions answered without an identity token', why, fix: CHECK, data: { sent: true } },
    })
  })

  it('S-30 answers without end', async () => {
    const { result } = await driven(() => ({ body: 'x'.repeat(64 * 1024 + 1) }))
    expect(result).toMatchObject({ code: 'CLAW_PROTOCOL', data: { limit: { limit: 'answer.bytes', bytes: 65_536 } } })
  })

  it('S-27 redirects, and the secret goes nowhere else', async () => {
    const other = await served(() => json({ value: JWT }))
    const { result, requests } = await driven(() => ({ status: 302, headers: { location: `${other.origin}/elsewhere` } }))
    expect(result).toMatchObject({ code: 'CLAW_REDIRECT', why: 'HTTP 302' })
    expect([requests, other.requests.length]).toEqual([1, 0])
  })

  it.each([408, 429, 500, 502, 503])('R-21 is asked up to three times where it answers with %i', async (status) => {
    expect(await driven(() => ({ status }))).toEqual({
      requests: 3,
      tookMs: 2_500,
      result: {
        code: 'CLAW_SERVER',
        what: 'GitHub Actions could not give an identity token',
        why: `HTTP ${status}`,
        fix: 'run the command again in a while',
        data: { sent: true, status },
      },
    })
  })

  it('R-21 waits as long as it is told, and not past the limit of the whole', async () => {
    const told = (seconds: string) => (_: unknown, index: number) =>
      index === 0 ? { status: 429, headers: { 'retry-after': seconds } } : json({ value: JWT })
    expect(await driven(told('4'))).toEqual({ requests: 2, tookMs: 4_000, result: ['subject-token', JWT] })
    expect(await driven(told('30'))).toMatchObject({ requests: 1, tookMs: 0, result: { code: 'CLAW_SERVER', why: 'HTTP 429' } })
  })

  it('R-21 cuts the connection, once', async () => {
    let seen = 0
    const server = await rawServer((socket) => {
      socket.once('data', () => {
        seen++
        if (seen === 1) return socket.destroy()
        const body = JSON.stringify({ value: JWT })
        socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
      })
    })
    stage.keep(server)
    const clock = fakeClock()
    const plain = stage.world(inActions(server.origin), { clock })
    const { http, isBusy } = watched(plain.http)
    expect(shown(await clock.driveUntil(obtain({ ...plain, http }), isBusy))).toEqual(['subject-token', JWT])
    expect(seen).toBe(2)
  })

  it('is not there at all', async () => {
    const server = await served(() => json({}))
    await server.close()
    const world = stage.world(inActions(server.origin), { timeoutMs: 400 })
    expect(await failureOf(() => obtain(world))).toEqual({
      code: 'CLAW_NETWORK',
      what: `no connection to \`${server.origin}\``,
      why: 'ECONNREFUSED: nothing listens there',
      fix: 'check the network of this machine, or set `network.proxy`',
      data: { sent: false, errno: 'ECONNREFUSED' },
    })
  })

  it('never answers', async () => {
    const begun = gate()
    const server = await served(() => {
      begun.open()
      return undefined
    })
    const clock = fakeClock()
    const failed = failureOf(() => obtain(stage.world(inActions(server.origin), { clock })))
    await begun.opened
    await clock.advance(9_999)
    await clock.advance(1)
    expect(await failed).toEqual({
      code: 'CLAW_TIMEOUT',
      what: 'GitHub Actions gave no identity token within 10 s',
      why: 'limit identity.source',
      fix: `${CHECK}, and the network of this machine`,
      data: { limit: { limit: 'identity.source', seconds: 10, source: 'built-in' } },
    })
    expect([server.requests.length, clock.pending]).toEqual([1, 0])
  })

  it('answers slowly, byte by byte, and not in time', async () => {
    const begun = gate()
    const server = await rawServer((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"va')
        begun.open()
      })
    })
    stage.keep(server)
    const clock = fakeClock()
    const failed = failureOf(() => obtain(stage.world(inActions(server.origin), { clock })))
    await begun.opened
    await clock.advance(10_000)
    expect(await failed).toMatchObject({ code: 'CLAW_TIMEOUT', what: 'GitHub Actions gave no identity token within 10 s' })
  })

  it('is left at once where the command is cancelled', async () => {
    const begun = gate()
    const server = await served(() => {
      begun.open()
      return undefined
    })
    const stop = new AbortController()
    const work = obtain(stage.world(inActions(server.origin), { signal: stop.signal }))
    await begun.opened
    stop.abort(new Error('stopped'))
    await expect(work).rejects.toThrow('stopped')
  })

  it.each([
    ['http://actions.example/token?a=b', 'CLAW_INSECURE', '`actions.example` would be spoken to without TLS'],
    ['http://localhost:1/token?a=b', 'CLAW_INSECURE', '`localhost:1` would be spoken to without TLS'],
    ['https://user:canary@actions.example/', 'CLAW_CONFIG_INVALID', 'the address of `actions.example` holds a user name or password'],
    ['file:///etc/passwd', 'CLAW_CONFIG_INVALID', 'an address is not an absolute http or https URL'],
  ])('S-28 is not asked at %s', async (url, code, what) => {
    const world = stage.world({ ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: REQUEST_TOKEN })
    expect(await failureOf(() => obtain(world))).toMatchObject({
      code,
      what,
      why: 'ACTIONS_ID_TOKEN_REQUEST_URL is no address that may have ACTIONS_ID_TOKEN_REQUEST_TOKEN',
      fix: CHECK,
    })
  })

  it('S-32 has a secret that no header can carry', async () => {
    const world = stage.world({ ...inActions('https://actions.example'), ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'canary\r\nx-evil: 1' })
    expect(await failureOf(() => obtain(world))).toEqual({
      code: 'CLAW_REFERENCE_UNRESOLVED',
      what: 'what ACTIONS_ID_TOKEN_REQUEST_TOKEN holds cannot be sent',
      why: 'no header can carry it',
      fix: 'check ACTIONS_ID_TOKEN_REQUEST_TOKEN',
      data: {},
    })
  })
})

describe('Azure Pipelines', () => {
  const AZURE: Reference = { scheme: 'oidc', source: 'azure-pipelines', audience: undefined }
  const variables = (origin: string) => ({
    TF_BUILD: 'True',
    SYSTEM_OIDCREQUESTURI: `${origin}/acme/_apis/distributedtask/hubs/build/plans/1/jobs/2/oidctoken`,
    SYSTEM_ACCESSTOKEN: REQUEST_TOKEN,
  })

  it.each<[string, Record<string, string>, string]>([
    ['the pipeline itself', {}, ''],
    ['the service connection of its task', { AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: 'id 1' }, '&serviceConnectionId=id%201'],
    ['one that was named for Terraform', { ARM_OIDC_AZURE_SERVICE_CONNECTION_ID: 'id-2' }, '&serviceConnectionId=id-2'],
  ])('is asked for %s, and told no audience', async (_, more, query) => {
    const server = await served(() => json({ oidcToken: JWT }))
    const world = stage.world({ ...variables(server.origin), ...more })
    const obtained = await obtainSubjectToken({ reference: AZURE, audience: 'https://api.acme.example' }, world)
    expect(shown(obtained)).toEqual(['subject-token', JWT])
    expect(server.requests.map(({ method, path, headers, body }) => ({ method, path, body, headers: pick(headers) }))).toEqual([
      {
        method: 'POST',
        path: `/acme/_apis/distributedtask/hubs/build/plans/1/jobs/2/oidctoken?api-version=7.1${query}`,
        body: '',
        headers: {
          authorization: `Bearer ${REQUEST_TOKEN}`,
          'content-type': 'application/json',
          'content-length': '0',
          'x-tfs-fedauthredirect': 'Suppress',
        },
      },
    ])
  })

  it('is told how to get the secret into the step', async () => {
    const world = stage.world({ ...variables('https://dev.azure.example'), SYSTEM_ACCESSTOKEN: '' })
    expect(await lookForSubject(AZURE, world)).toEqual({
      there: false,
      why: 'SYSTEM_ACCESSTOKEN is not set',
      fix: 'add `env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)` to the step',
    })
  })
})

function pick(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const names = ['authorization', 'content-type', 'content-length', 'x-tfs-fedauthredirect']
  return Object.fromEntries(names.map((name) => [name, headers[name]]))
}
