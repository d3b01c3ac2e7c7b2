import { afterEach, describe, expect, it } from 'vitest'
import { signInWithDevice, type DeviceOptions } from '../../src/app/sign-in/sign-in-device.ts'
import type { Session } from '../../src/app/session.ts'
import { signOut } from '../../src/app/sign-out/sign-out.ts'
import { ClawError } from '../../src/core/errors.ts'
import { MemorySpool } from '../../src/credentials/memory-store.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { environmentOf } from '../../src/platform/environment.ts'
import { UndiciHttp } from '../../src/platform/undici-http.ts'
import { beforeWrite } from '../support/before-write.ts'
import { credentialWorld } from '../support/credential-world.ts'
import { type Answer, loopbackServer, type SeenRequest } from '../support/loopback-server.ts'
import { jwt } from '../support/jwt.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { watched } from '../support/watched-http.ts'

const opened: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of opened.splice(0)) await close()
})

type Script = (request: SeenRequest, index: number) => Answer | undefined

const json = (body: object, status = 200, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})
const page: Answer = { status: 403, headers: { 'content-type': 'text/html' }, body: '<html>' }
const pending = json({ error: 'authorization_pending' }, 400)
const granted = json({ access_token: 'CANARY-access', refresh_token: 'CANARY-refresh', token_type: 'Bearer', expires_in: 900 })

function shown({ code, message, why, fix }: ClawError) {
  return { code, message, ...(why !== undefined && { why }), ...(fix !== undefined && { fix }) }
}

/** A provider whose endpoints answer by a script, and sign-ins to it by a clock that stands still. */
async function arrange(toml: (origin: string) => string, script: Script) {
  const times: (readonly [path: string, atS: number])[] = []
  const server = await loopbackServer((request, index) => {
    times.push([request.path, (world.clock.now() - startedAt) / 1_000])
    return script(request, index)
  })
  opened.push(() => server.close())
  const world = await credentialWorld(toml(server.origin))
  opened.push(() => world.remove())
  const startedAt = world.clock.now()
  const undici = new UndiciHttp({ clock: systemClock(), environment: environmentOf({}) })
  opened.push(() => undici.close())
  const { http, isBusy } = watched(undici)
  let stored: () => Promise<void> = async () => undefined
  const store = beforeWrite(world.store, 'sign_in', () => stored())
  const ports = { ...world.ports, store, http, random: seededRandom(), spool: new MemorySpool(), version: '0.0.0-test' }

  const sessionOf = (signal: AbortSignal): Session => ({ ...world, ports, signal, configError: undefined, trust: 'none' })

  /** One process that signs in. */
  function signIn(name: string, options: Partial<DeviceOptions> = {}) {
    const controller = new AbortController()
    const session = sessionOf(controller.signal)
    const codes: string[] = []
    const ended = signInWithDevice(session, {
      name,
      profile: 'default',
      wait: true,
      force: false,
      resumeOnly: false,
      onCode: ({ userCode }) => void codes.push(String(userCode)),
      onPending: () => undefined,
      ...options,
    }).then(
      (result) => (result.state === 'granted' ? { state: result.state, changed: result.changed } : { state: result.state }),
      (thrown: unknown) => (thrown instanceof ClawError ? shown(thrown) : { thrown }),
    )
    return { ended, codes, stop: (reason: Error) => controller.abort(reason) }
  }
  return {
    world,
    server,
    times,
    startedAt,
    signIn,
    signOut: (name: string) => signOut(sessionOf(world.signal), { name }, false),
    /** What happens when a grant has come and is not stored yet. */
    beforeStored(happens: () => Promise<unknown>) {
      stored = async () => {
        stored = async () => undefined
        await happens()
      }
    },
    drive: <T>(work: Promise<T>) => world.clock.driveUntil(work, isBusy),
    /** Lets a sign-in go on until then, and takes it away in the middle. */
    async driveFor(ms: number) {
      await world.clock.driveUntil(world.clock.sleepUntil(world.clock.now() + ms), isBusy)
    },
    flows: async () => (await world.store.read()).flows,
    record: async () => (await world.store.read()).records[0],
  }
}

const acme =
  (more = '') =>
  (origin: string) =>
    `
[providers.acme]
protocol = "openai-chat"
base_url = "${origin}/v1"
models = ["m"]

[providers.acme.auth.sso]
method = "device"
device_authorization_endpoint = "${origin}/device"
token_endpoint = "${origin}/token"
client_id = "claw"
${more}`
const started = json({
  device_code: 'CANARY-device',
  user_code: 'ABCD-EFGH',
  verification_uri: 'https://127.0.0.1/d',
  expires_in: 600,
  interval: 5,
})
const gone = new Error('the process went away')

describe('a sign-in that another process goes on with', () => {
  const script =
    (...polls: Answer[]): Script =>
    ({ path }, index) =>
      path === '/device' ? started : (polls[index - 1] ?? pending)

  it('waits for what remains of the interval', async () => {
    const here = await arrange(acme(), script(granted))
    const first = here.signIn('acme')
    await here.driveFor(3_000)
    first.stop(gone)
    const second = here.signIn('acme')
    expect({ ended: await here.drive(second.ended), first: await first.ended, codes: second.codes, times: here.times }).toEqual({
      ended: { state: 'granted', changed: true },
      first: { thrown: gone },
      codes: ['ABCD-EFGH'],
      times: [
        ['/device', 0],
        ['/token', 5],
      ],
    })
    expect(await here.flows()).toEqual([])
  })

  it('R-37 is left by a signal, with its code: whoever approves it meanwhile has not done so in vain', async () => {
    const here = await arrange(acme(), script(granted))
    const first = here.signIn('acme')
    await here.driveFor(1_000)
    first.stop(new ClawError('CLAW_CANCELLED', { what: 'stopped by SIGTERM', data: { signal: 'SIGTERM' } }))
    expect(await first.ended).toEqual({ code: 'CLAW_CANCELLED', message: 'stopped by SIGTERM' })
    expect(await here.flows()).toMatchObject([{ userCode: 'ABCD-EFGH', route: 'acme' }])
    expect(await here.drive(here.signIn('acme', { resumeOnly: true }).ended)).toEqual({ state: 'granted', changed: true })
    expect(here.times.filter(([path]) => path === '/device')).toHaveLength(1)
  })

  it('remembers that it was slowed down', async () => {
    const here = await arrange(acme(), script(pending, json({ error: 'slow_down' }, 400), granted))
    const first = here.signIn('acme')
    await here.driveFor(12_000)
    first.stop(gone)
    expect(await here.flows()).toMatchObject([{ intervalMs: 10_000, slowedDown: true }])
    const second = here.signIn('acme', { resumeOnly: true })
    expect([await here.drive(second.ended), here.times.map(([, at]) => at)]).toEqual([{ state: 'granted', changed: true }, [0, 5, 10, 20]])
  })

  it('is polled once an interval however many wait, and ends for all of them', async () => {
    const here = await arrange(acme(), script(pending, pending, json({ error: 'slow_down', interval: 8 }, 400), granted))
    const first = here.signIn('acme')
    await here.driveFor(1_000)
    const others = [here.signIn('acme'), here.signIn('acme', { resumeOnly: true })]
    const ended = await here.drive(Promise.all([first.ended, ...others.map((other) => other.ended)]))
    expect({ ended: ended.map((end) => ('changed' in end ? end.changed : end)).sort(), times: here.times.map(([, at]) => at) }).toEqual({
      ended: [false, false, true],
      times: [0, 5, 10, 15, 23],
    })
    expect(await here.record()).toMatchObject({ generation: 1, state: 'ok' })
  })

  it('ends for the others too when somebody denies, or when nobody waits any more', async () => {
    const here = await arrange(acme(), script(json({ error: 'access_denied' }, 400)))
    const waiting = [here.signIn('acme'), here.signIn('acme', { resumeOnly: true })]
    const codes = (await here.drive(Promise.all(waiting.map(({ ended }) => ended)))).map((end) => 'code' in end && end.code).sort()
    expect([codes, await here.flows()]).toEqual([['CLAW_DENIED', 'CLAW_NOTHING_PENDING'], []])
    expect(await here.drive(here.signIn('acme', { resumeOnly: true }).ended)).toMatchObject({ code: 'CLAW_NOTHING_PENDING' })
  })

  it.each([
    ['revoked', 200, 'what was granted has been revoked'],
    ['dropped, where nobody answers for it', 503, 'what was granted has been dropped; its provider did not revoke it'],
    ['dropped, where it cannot be revoked', null, 'what was granted has been dropped; its provider has no way to revoke it'],
  ])('stays signed out when a sign-out comes before its grant is stored, and the grant is %s', async (_, status, why) => {
    const toml = (origin: string) => acme(status === null ? '' : `revocation_endpoint = "${origin}/revoke"`)(origin)
    const here = await arrange(toml, (request, index) =>
      request.path === '/revoke' ? { status: status ?? 404 } : script(granted)(request, index),
    )
    here.beforeStored(() => here.signOut('acme'))
    expect(await here.drive(here.signIn('acme').ended)).toEqual({
      code: 'CLAW_DENIED',
      message: 'the sign-in to `acme` was cancelled by a sign-out',
      why,
      fix: 'claw auth --device acme',
    })
    expect({ record: await here.record(), flows: await here.flows() }).toEqual({ record: undefined, flows: [] })
    const revoked = here.server.requests.filter(({ path }) => path === '/revoke').map(({ body }) => new URLSearchParams(body).get('token'))
    expect(revoked).toEqual(status === 200 ? ['CANARY-refresh', 'CANARY-access'] : status === 503 ? ['CANARY-refresh'] : [])
  })

  it('says what took its place when another sign-in was begun before its grant was stored', async () => {
    const here = await arrange(acme(), ({ path }, index) => (path === '/device' ? started : index === 1 ? granted : pending))
    here.beforeStored(() => here.signIn('acme', { force: true, wait: false }).ended)
    expect(await here.drive(here.signIn('acme').ended)).toEqual({
      code: 'CLAW_DENIED',
      message: 'the sign-in to `acme` was replaced by another one',
      why: 'what was granted has been dropped; its provider has no way to revoke it',
    })
    expect(await here.record()).toBeUndefined()
    expect(await here.flows()).toHaveLength(1)
  })

  it('is over for a waiter that comes after it was finished', async () => {
    const here = await arrange(acme(), script(granted))
    await here.drive(here.signIn('acme').ended)
    expect(await here.drive(here.signIn('acme', { resumeOnly: true }).ended)).toEqual({ state: 'granted', changed: false })
    expect(here.times).toHaveLength(2)
  })

  it('S-42 keeps the token endpoint that it was started with, whatever the configuration says since', async () => {
    const here = await arrange(acme(), script(granted))
    await here.drive(here.signIn('acme', { wait: false }).ended)
    const other = await arrange(acme(), () => undefined)
    const flow = (await here.flows())[0]
    expect(flow?.client).toMatchObject({ tokenEndpoint: `${here.server.origin}/token`, clientId: 'claw' })
    const moved: Session['catalogue'] = other.world.catalogue
    Object.assign(here.world, { catalogue: moved })
    expect(await here.drive(here.signIn('acme', { resumeOnly: true }).ended)).toEqual({ state: 'granted', changed: true })
    expect(other.times).toEqual([])
  })
})

describe('trouble in the middle of polling', () => {
  const script =
    (...polls: Answer[]): Script =>
    ({ path }, index) =>
      path === '/device' ? started : (polls[index - 1] ?? pending)

  it('waits longer while nobody answers, and as long as the server wants', async () => {
    const busy = json({}, 503, { 'retry-after': '42' })
    const here = await arrange(acme(), script(json({}, 500), json({}, 502), busy, granted))
    expect([await here.drive(here.signIn('acme').ended), here.times.map(([, at]) => at)]).toEqual([
      { state: 'granted', changed: true },
      [0, 5, 15, 35, 77],
    ])
  })

  it('goes on while the provider cannot be reached, and says so when the code has ended meanwhile', async () => {
    const here = await arrange(acme(), script(pending))
    const waiting = here.signIn('acme')
    await here.driveFor(7_000)
    await here.server.close()
    expect([await here.drive(waiting.ended), here.times.length]).toEqual([
      {
        code: 'CLAW_CODE_EXPIRED',
        message: 'nobody approved the sign-in before its code expired',
        why: expect.stringMatching(/^the last poll got no answer: /),
        fix: 'run `claw auth --device acme`',
      },
      2,
    ])
    expect((here.world.clock.now() - here.startedAt) / 1_000).toBe(600)
  })

  it('goes on past two pages, tells the third, and keeps the code for another day', async () => {
    const here = await arrange(acme(), script(page, page, page, granted))
    expect(await here.drive(here.signIn('acme').ended)).toEqual({
      code: 'CLAW_PROTOCOL',
      message: 'the token endpoint answered with a page',
      why: 'HTTP 403, text/html',
      fix: 'check whether a proxy or firewall answers in its place',
    })
    expect(await here.drive(here.signIn('acme', { resumeOnly: true }).ended)).toEqual({ state: 'granted', changed: true })
  })

  it('asks again for a code that a page came in place of, three times at the most', async () => {
    const twice = await arrange(acme(), ({ path }, index) => (index < 2 ? page : path === '/device' ? started : granted))
    expect([await twice.drive(twice.signIn('acme').ended), twice.times.map(([, at]) => at)]).toEqual([
      { state: 'granted', changed: true },
      [0, 1, 3, 8],
    ])
    const always = await arrange(acme(), () => page)
    expect([await always.drive(always.signIn('acme').ended), always.times.length]).toMatchObject([{ code: 'CLAW_PROTOCOL' }, 3])
  })

  it('says how to begin again when the code is used up', async () => {
    const here = await arrange(acme(), script(json({ error: 'invalid_grant' }, 400)))
    expect(await here.drive(here.signIn('acme').ended)).toEqual({
      code: 'CLAW_GRANT_REJECTED',
      message: 'the server does not take this code any more',
      why: 'the token endpoint answered `invalid_grant`',
      fix: 'claw auth --device acme',
    })
    expect(await here.flows()).toEqual([])
  })
})

describe('OpenAI', () => {
  const codex = (origin: string) => `
[providers.openai-codex.auth.device]
usercode_url = "${origin}/usercode"
poll_url = "${origin}/poll"
token_url = "${origin}/token"
verification_uri = "${origin}/codex/device"
`
  const usercode = json({ device_auth_id: 'CANARY-device', user_code: 'WXYZ-1234', interval: '5' })
  const approved = json({ authorization_code: 'CANARY-code', code_verifier: 'CANARY-verifier', code_challenge: 'c' })

  it('polls at once, and exchanges what was approved at once', async () => {
    const here = await arrange(codex, ({ path }, index) =>
      path === '/usercode' ? usercode : path === '/token' ? granted : index < 3 ? json({}, 403) : approved,
    )
    expect([await here.drive(here.signIn('openai-codex').ended), here.times]).toEqual([
      { state: 'granted', changed: true },
      [
        ['/usercode', 0],
        ['/poll', 0],
        ['/poll', 5],
        ['/poll', 10],
        ['/token', 10],
      ],
    ])
  })

  it('keeps what was approved: an exchange that fails is made again, in any process, and the poll is not', async () => {
    let isUp = false
    const here = await arrange(codex, ({ path }) =>
      path === '/usercode' ? usercode : path === '/poll' ? approved : isUp ? granted : json({}, 503),
    )
    const first = here.signIn('openai-codex')
    await here.driveFor(12_000)
    first.stop(gone)
    expect(Object.keys((await here.flows())[0]?.secrets ?? {})).toEqual(['deviceCode', 'authorizationCode', 'verifier'])
    isUp = true
    expect(await here.drive(here.signIn('openai-codex', { resumeOnly: true }).ended)).toEqual({ state: 'granted', changed: true })
    expect(here.times.filter(([path]) => path === '/poll')).toEqual([['/poll', 0]])
    expect(JSON.stringify([await here.flows(), await here.record()])).not.toContain('CANARY')
  })

  it.each<[string, Answer, object]>([
    ['a 500', json({}, 500), { code: 'CLAW_SERVER', message: 'the token endpoint cannot answer just now', why: 'status 500' }],
    ['a page', page, { code: 'CLAW_PROTOCOL', message: 'the token endpoint answered with a page' }],
    ['an answer cut short', { headers: { 'content-length': '99', connection: 'close' }, body: '{' }, { code: 'CLAW_NETWORK' }],
  ])(
    'R-21 repeats no exchange by itself that %s leaves in doubt: the flow is kept for `auth wait`, which asks once',
    async (_, said, error) => {
      let answer: Answer = said
      const here = await arrange(codex, ({ path }) => (path === '/usercode' ? usercode : path === '/poll' ? approved : answer))
      const fix = 'run `claw auth wait openai-codex`, which tries the exchange once more'
      expect(await here.drive(here.signIn('openai-codex').ended)).toMatchObject({ ...error, fix })
      expect(await here.drive(here.signIn('openai-codex').ended)).toEqual({
        code: 'CLAW_PROTOCOL',
        message: 'the sign-in was approved and its code sent to be exchanged, but no answer came',
        why: 'the code may be used up',
        fix,
      })
      const exchanges = () => here.times.filter(([path]) => path === '/token').length
      expect([(await here.flows()).length, exchanges()]).toEqual([1, 1])
      const again = here.signIn('openai-codex', { resumeOnly: true })
      expect([await here.drive(again.ended), (await here.flows()).length, exchanges()]).toEqual([expect.objectContaining({ fix }), 1, 2])
      answer = granted
      const last = here.signIn('openai-codex', { resumeOnly: true })
      expect([await here.drive(last.ended), await here.flows(), exchanges()]).toEqual([{ state: 'granted', changed: true }, [], 3])
    },
  )

  it('R-21 leaves an exchange in doubt to whoever asks for it: one that waits already does not repeat it', async () => {
    let isApproved = false
    const here = await arrange(codex, ({ path }) =>
      path === '/usercode' ? usercode : path === '/poll' ? (isApproved ? approved : json({}, 403)) : json({}, 502),
    )
    const first = here.signIn('openai-codex')
    await here.driveFor(2_000)
    const second = here.signIn('openai-codex', { resumeOnly: true })
    isApproved = true
    expect(await here.drive(Promise.all([first.ended, second.ended]))).toEqual([
      expect.objectContaining({ code: expect.stringMatching(/SERVER|PROTOCOL/) }),
      expect.objectContaining({ code: expect.stringMatching(/SERVER|PROTOCOL/) }),
    ])
    expect(here.times.filter(([path]) => path === '/token').length).toBe(1)
  })

  it.each([408, 429, 503])('R-21 repeats an exchange by itself that a %i says was not looked at', async (status) => {
    let exchanges = 0
    const here = await arrange(codex, ({ path }) =>
      path === '/usercode' ? usercode : path === '/poll' ? approved : ++exchanges === 1 ? json({}, status) : granted,
    )
    expect([await here.drive(here.signIn('openai-codex').ended), exchanges]).toEqual([{ state: 'granted', changed: true }, 2])
  })

  it('ends where the code of an exchange is used up, and says how to begin again', async () => {
    const here = await arrange(codex, ({ path }) =>
      path === '/usercode' ? usercode : path === '/poll' ? approved : json({ error: { code: 'invalid_grant' } }, 400),
    )
    expect([await here.drive(here.signIn('openai-codex').ended), await here.flows()]).toEqual([
      {
        code: 'CLAW_GRANT_REJECTED',
        message: 'the server does not take this code any more',
        why: 'the token endpoint answered `invalid_grant`',
        fix: 'claw auth --device openai-codex',
      },
      [],
    ])
  })

  it("reckons the end of a token by the server's clock, though the one here is ten minutes behind", async () => {
    const here = await arrange(codex, ({ path }) => {
      const ahead = here.world.clock.wall() + 600_000
      const tokens = { access_token: jwt({ exp: ahead / 1_000 + 3_600 }), refresh_token: 'CANARY-refresh' }
      const answered = json(tokens, 200, { date: new Date(ahead).toUTCString() })
      return path === '/usercode' ? usercode : path === '/poll' ? approved : answered
    })
    await here.drive(here.signIn('openai-codex').ended)
    expect(await here.record()).toMatchObject({ lifetimeMs: 3_600_000, refreshable: true })
  })

  it('names the switch, and the other way in, where device sign-in is off', async () => {
    const here = await arrange(codex, () => json({}, 404))
    expect(await here.drive(here.signIn('openai-codex').ended)).toEqual({
      code: 'CLAW_CLIENT_REFUSED',
      message: 'device sign-in is not enabled',
      why: 'HTTP 404, application/json',
      fix: 'switch on device code sign-in in the security settings of ChatGPT, or in the permissions of the workspace, or run `claw auth --paste openai-codex`',
    })
  })
})

describe('GitHub', () => {
  it('keeps its margin over every wait, in the process that goes on too, and takes a token without an end', async () => {
    const here = await arrange(
      (origin) => `
[providers.github-copilot.auth.device]
device_authorization_endpoint = "${origin}/device"
token_endpoint = "${origin}/token"
`,
      ({ path }, index) => {
        if (path === '/device') return started
        const polls = [json({ error: 'authorization_pending' }), json({ error: 'slow_down', interval: 10 })]
        return polls[index - 1] ?? json({ access_token: 'ghu_CANARYCANARYCANARY', token_type: 'bearer', scope: 'read:user' })
      },
    )
    for (const ms of [2_000, 15_000]) {
      const killed = here.signIn('github-copilot')
      await here.driveFor(ms)
      killed.stop(gone)
    }
    const last = here.signIn('github-copilot', { resumeOnly: true })
    expect([await here.drive(last.ended), here.times.map(([, at]) => at)]).toEqual([{ state: 'granted', changed: true }, [0, 8, 16, 29]])
    expect(await here.record()).toMatchObject({ lifetimeMs: null, refreshable: false, scopes: ['read:user'] })
    expect(here.server.requests.map(({ headers }) => headers.accept)).toEqual(Array(4).fill('application/json'))
  })
})

describe('MiniMax', () => {
  it('begins anew in another region: the flow of the first is another sign-in', async () => {
    const regions = (region: string) => (origin: string) =>
      `
[providers.minimax]
region = "${region}"
[providers.minimax.auth.device]
oauth_host = "${origin}"
`
    const script: Script = ({ body }) =>
      json({ user_code: 'BCDF-GHJK', verification_uri: 'https://127.0.0.1/d', state: new URLSearchParams(body).get('state') })
    const here = await arrange(regions('global'), script)
    await here.drive(here.signIn('minimax', { wait: false }).ended)
    const china = await arrange(regions('china'), script)
    Object.assign(here.world, { catalogue: china.world.catalogue })
    expect(await here.drive(here.signIn('minimax', { resumeOnly: true }).ended)).toMatchObject({ code: 'CLAW_NOTHING_PENDING' })
    await here.drive(here.signIn('minimax', { wait: false }).ended)
    expect((await here.flows()).map(({ region }) => region).sort()).toEqual(['china', 'global'])
  })

  it("makes a new id for every request, believes a host only where it is trusted, and reckons by the server's clock", async () => {
    const ids: unknown[] = []
    const here = await arrange(
      (origin) => `
[providers.minimax]
region = "global"
[providers.minimax.auth.device]
oauth_host = "${origin}"
`,
      ({ path, body, headers }) => {
        ids.push(headers['x-request-id'])
        const ahead = here.world.clock.wall() + 600_000
        const date = { date: new Date(ahead).toUTCString() }
        return path === '/oauth2/device/code'
          ? json(
              {
                user_code: 'BCDF-GHJK',
                verification_uri: 'https://127.0.0.1/d',
                state: new URLSearchParams(body).get('state'),
                expired_in: ahead + 60_000,
                interval: 2_000,
              },
              200,
              date,
            )
          : json(
              {
                status: 'success',
                access_token: 'CANARY-access',
                expired_in: ahead + 3_600_000,
                resource_url: 'https://api.minimax.io.evil.example',
              },
              200,
              date,
            )
      },
    )
    const flow = here.signIn('minimax', { wait: false })
    await here.drive(flow.ended)
    expect((await here.flows())[0]?.expiresAt).toBe(here.world.clock.now() + 60_000)
    expect(await here.drive(here.signIn('minimax', { resumeOnly: true }).ended)).toEqual({ state: 'granted', changed: true })
    expect([new Set(ids).size, ids.every((id) => /^[0-9a-f-]{36}$/.test(String(id)))]).toEqual([2, true])
    expect(await here.record()).toMatchObject({ lifetimeMs: 3_600_000, region: 'global', origins: ['https://api.minimax.io'] })
  })
})
