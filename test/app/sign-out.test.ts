import { afterEach, describe, expect, it } from 'vitest'
import { refreshGrants } from '../../src/app/refresh/refresh-grants.ts'
import { signInWithBrowser } from '../../src/app/sign-in/sign-in-pkce.ts'
import type { Session } from '../../src/app/session.ts'
import { type SignOutItem, signOut } from '../../src/app/sign-out/sign-out.ts'
import type { Kind } from '../../src/core/vocabulary.ts'
import { Secret } from '../../src/core/secret.ts'
import { isLease } from '../../src/credentials/store.ts'
import { flowLeaseKey } from '../../src/app/sign-in/pending-flow.ts'
import { credentialWorld, startFlow, type TestWorld } from '../support/credential-world.ts'
import { leaveAnswer } from '../support/leave-answer.ts'
import { failureOf } from '../support/failure.ts'
import { type Answerer, type LoopbackServer, loopbackServer } from '../support/loopback-server.ts'
import { onlineSession } from '../support/online-session.ts'

const open: AsyncDisposable[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each[Symbol.asyncDispose]()))
})

async function arrange(answer: Answerer = () => ({ status: 200 })) {
  const server = await loopbackServer(answer)
  const here = await credentialWorld()
  open.push(server, { [Symbol.asyncDispose]: () => here.remove() })
  const session = onlineSession(here)
  const client = { clientId: 'c', tokenEndpoint: `${server.origin}/token`, revocationEndpoint: `${server.origin}/revoke`, issuer: null }
  return { server, here, session, client }
}

const KIMI = { provider: 'moonshot', route: 'kimi-code', kind: 'oauth' } as const
const outcomes = (items: readonly SignOutItem[]) => items.map(({ route, profile, kind, outcome }) => [route, profile, kind, outcome])
const states = async ({ store }: TestWorld) =>
  (await store.read()).records.map(({ route, profile, kind, state, secrets }) => [route, profile, kind, state, secrets === null])
const bodies = ({ requests }: LoopbackServer) => requests.map(({ path, body }) => [path, body])
const form = (token: string, hint: string) => ['/revoke', `client_id=c&token=${token}&token_type_hint=${hint}`]

describe('S-49 a sign-out', () => {
  it('removes here first, then revokes the refresh token, then the access token', async () => {
    const seen: unknown[] = []
    const world = await arrange(async () => {
      seen.push(await states(world.here))
      return { status: 200 }
    })
    await world.here.signIn(KIMI, { client: world.client, token: 'at' })
    expect(outcomes(await signOut(world.session, { name: 'moonshot' }, true))).toEqual([['kimi-code', 'default', 'oauth', 'revoked']])
    expect(bodies(world.server)).toEqual([form('at-refresh', 'refresh_token'), form('at', 'access_token')])
    const gone = [['kimi-code', 'default', 'oauth', 'logged_out', true]]
    expect(seen).toEqual([gone, gone])
  })

  it('asks no provider unless that is wanted', async () => {
    const { here, session, client, server } = await arrange()
    await here.signIn(KIMI, { client })
    expect(outcomes(await signOut(session, { name: 'moonshot' }, false))).toEqual([['kimi-code', 'default', 'oauth', 'removed']])
    expect(server.requests).toEqual([])
  })

  it('speaks JSON where the entry says so', async () => {
    const { here, session, client, server } = await arrange()
    await here.signIn({ provider: 'openai', route: 'openai-codex', kind: 'oauth' }, { client, token: 'at' })
    await signOut(session, { name: 'openai-codex' }, true)
    expect(server.requests.map(({ headers, body }) => [headers['content-type'], JSON.parse(body)])).toEqual([
      ['application/json', { client_id: 'c', token: 'at-refresh', token_type_hint: 'refresh_token' }],
      ['application/json', { client_id: 'c', token: 'at', token_type_hint: 'access_token' }],
    ])
  })

  it.each<[string, number, string | undefined, SignOutItem['outcome'], string | null]>([
    ['a token that it does not know', 200, undefined, 'revoked', null],
    ['a kind of token that it does not revoke', 400, '{"error":"unsupported_token_type"}', 'not_supported', null],
    ['no such address', 404, undefined, 'not_supported', null],
    ['a refusal', 400, '{"error":"invalid_client"}', 'failed', 'HTTP 400'],
    ['a failure', 503, undefined, 'failed', 'HTTP 503'],
    ['a page of a firewall', 403, '<html>', 'failed', 'HTTP 403'],
  ])('is done here whatever the provider says: %s', async (_, status, body, outcome, why) => {
    const { here, session, client } = await arrange(() => ({ status, ...(body !== undefined && { body }) }))
    await here.signIn(KIMI, { client })
    const [item] = await signOut(session, { name: 'moonshot' }, true)
    expect([item?.outcome, item?.error?.why ?? null, item?.isHere]).toEqual([outcome, why, false])
    expect(await states(here)).toEqual([['kimi-code', 'default', 'oauth', 'logged_out', true]])
  })

  it('tells a server that is busy from one that refuses, and when it may be asked again', async () => {
    const { here, session, client } = await arrange(() => ({ status: 503, headers: { 'retry-after': '7' } }))
    await here.signIn(KIMI, { client })
    const [item] = await signOut(session, { name: 'moonshot' }, true)
    expect([item?.outcome, item?.error?.code, item?.error?.why, item?.error?.data]).toEqual([
      'failed',
      'CLAW_OVERLOADED',
      'HTTP 503, to be asked again after 7s',
      { retryAfterMs: 7_000 },
    ])
    expect(await states(here)).toEqual([['kimi-code', 'default', 'oauth', 'logged_out', true]])
  })

  it('is done here when the provider never answers, or is not there', async () => {
    const { here, session, client, server } = await arrange(() => {
      void here.clock.advance(10_000)
      return undefined
    })
    await here.signIn(KIMI, { client })
    const [late] = await signOut(session, { name: 'moonshot' }, true)
    expect([late?.outcome, late?.error?.code]).toEqual(['failed', 'CLAW_TIMEOUT'])
    await here.signIn(KIMI, { client, token: 'again' })
    await server.close()
    const [away] = await signOut(session, { name: 'moonshot' }, true)
    expect([away?.outcome, away?.error?.code]).toEqual(['failed', 'CLAW_NETWORK'])
    expect(await states(here)).toEqual([['kimi-code', 'default', 'oauth', 'logged_out', true]])
  })

  it('takes a server that revokes refresh tokens only at its word', async () => {
    const { here, session, client } = await arrange(({ body }) =>
      body.includes('access_token') ? { status: 400, body: '{"error":"unsupported_token_type"}' } : { status: 200 },
    )
    await here.signIn(KIMI, { client })
    expect((await signOut(session, { name: 'moonshot' }, true)).map(({ outcome }) => outcome)).toEqual(['revoked'])
  })

  it('says what cannot be revoked: a key, and a grant of a provider without a way', async () => {
    const { here, session, client, server } = await arrange()
    await here.signIn({ route: 'openrouter', kind: 'api_key' })
    await here.signIn(KIMI, { client: { ...client, revocationEndpoint: null } })
    expect(outcomes(await signOut(session, {}, true))).toEqual([
      ['kimi-code', 'default', 'oauth', 'not_supported'],
      ['openrouter', 'default', 'api_key', 'not_supported'],
    ])
    expect(server.requests).toEqual([])
  })
})

describe('a sign-out beside a refresh', () => {
  it('R-30 has the late answer dropped, and revoked', async () => {
    let answered = () => {}
    const asked = new Promise<void>((resolve) => {
      answered = resolve
    })
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const { here, session, client, server } = await arrange(async ({ path }) => {
      if (path !== '/token') return { status: 200 }
      answered()
      await gate
      return { status: 200, body: '{"access_token":"late","refresh_token":"late-refresh","expires_in":900}' }
    })
    await here.signIn(KIMI, { client, token: 'at' })
    const refresh = refreshGrants(session, {}, undefined)
    await asked
    await signOut(session, { name: 'moonshot' }, true)
    open()
    expect((await refresh).map(({ outcome, error }) => [outcome, error?.code])).toEqual([['failed', 'CLAW_NO_CREDENTIAL']])
    expect(await states(here)).toEqual([['kimi-code', 'default', 'oauth', 'logged_out', true]])
    expect(bodies(server).filter(([path]) => path === '/revoke')).toEqual([
      form('at-refresh', 'refresh_token'),
      form('at', 'access_token'),
      form('late-refresh', 'refresh_token'),
      form('late', 'access_token'),
    ])
  })

  it('revokes what stood there when it was removed, not what it had read', async () => {
    const { here, session, client, server } = await arrange()
    await here.signIn(KIMI, { client, token: 'old' })
    const stale = await here.store.read()
    await here.signIn(KIMI, { client, token: 'new' })
    const store = new Proxy(here.store, {
      get(target, name) {
        if (name === 'read') return async () => stale
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const behind: Session = { ...session, ports: { ...session.ports, store } }
    await signOut(behind, { name: 'moonshot' }, true)
    expect(bodies(server)).toEqual([form('new-refresh', 'refresh_token'), form('new', 'access_token')])
  })

  it('revokes an answer that nobody had committed, and removes it', async () => {
    const { here, session, client, server } = await arrange()
    const id = await here.signIn(KIMI, { client, token: 'at' })
    await leaveAnswer(session, id, { access: new Secret('saved'), refresh: new Secret('saved-refresh') })
    await signOut(session, { name: 'moonshot' }, true)
    expect(bodies(server)).toEqual([
      form('saved-refresh', 'refresh_token'),
      form('saved', 'access_token'),
      form('at-refresh', 'refresh_token'),
      form('at', 'access_token'),
    ])
    expect(await session.ports.spool.find(id)).toEqual([])
  })

  it('leaves nothing of an answer that was saved after it, by a process that was killed then: the next refresh of any grant drops it', async () => {
    const { here, session, client, server } = await arrange(({ path }) =>
      path === '/token' ? { status: 200, body: '{"access_token":"new","expires_in":900}' } : { status: 200 },
    )
    const id = await here.signIn(KIMI, { client, token: 'at' })
    await here.signIn({ ...KIMI, profile: 'ci' }, { client, token: 'ci' })
    await leaveAnswer(session, id, { access: new Secret('late'), refresh: new Secret('late-refresh') }, () =>
      signOut(session, { name: 'moonshot', profile: 'default' }, false),
    )
    expect(await session.ports.spool.find(id)).toHaveLength(1)
    expect((await refreshGrants(session, {}, undefined)).map(({ outcome }) => outcome)).toEqual(['refreshed'])
    expect(await session.ports.spool.find(id)).toEqual([])
    expect(bodies(server).slice(1)).toEqual([form('late-refresh', 'refresh_token'), form('late', 'access_token')])
  })
})

describe('which credentials a sign-out means', () => {
  async function stored() {
    const world = await arrange()
    await world.here.signIn(KIMI, { client: world.client })
    await world.here.signIn({ ...KIMI, profile: 'ci' }, { client: world.client, token: 'ci' })
    await world.here.signIn({ provider: 'moonshot', route: 'kimi-code', kind: 'api_key' })
    await world.here.signIn({ provider: 'moonshot', route: 'moonshot', kind: 'api_key' })
    return world
  }

  it.each<[string, Parameters<typeof signOut>[1], readonly (readonly string[])[]]>([
    [
      'those of a kind',
      { name: 'moonshot', kind: 'oauth' },
      [
        ['kimi-code', 'ci', 'oauth'],
        ['kimi-code', 'default', 'oauth'],
      ],
    ],
    ['those of a route', { name: 'moonshot', route: 'moonshot' }, [['moonshot', 'default', 'api_key']]],
    ['those of a profile', { name: 'moonshot', profile: 'ci' }, [['kimi-code', 'ci', 'oauth']]],
    ['those of a route and a kind', { name: 'moonshot', route: 'kimi-code', kind: 'api_key' }, [['kimi-code', 'default', 'api_key']]],
    ['nothing that is there', { name: 'moonshot', kind: 'token', profile: 'ci' }, []],
  ])('%s', async (_, filter, expected) => {
    const { here, session } = await stored()
    const items = await signOut(session, filter, false)
    const gone = (await states(here)).filter(([, , , state]) => state === 'logged_out').map((each) => each.slice(0, 3))
    expect(gone.sort()).toEqual(expected.map((each) => [...each]).sort())
    expect(items.map(({ outcome }) => outcome)).toEqual(expected.length === 0 ? ['absent'] : expected.map(() => 'removed'))
  })

  it('takes derived secrets along, and cancels a sign-in under way', async () => {
    const { here, session, client } = await arrange()
    const id = await here.signIn(KIMI, { client })
    const lease = await here.store.tryLease(id, { durationMs: 40_000, purpose: 'derive', signal: here.signal })
    if (!isLease(lease)) throw new Error('busy')
    const derived = { name: 'api', secret: new Secret('derived'), lifetimeMs: null, sentAgoMs: 0, baseUrl: null, account: null }
    await here.store.write({ type: 'derived', id, lease, generation: 1, ...derived })
    await startFlow(here)
    expect(outcomes(await signOut(session, { name: 'moonshot' }, false))).toEqual([
      ['kimi-code', 'default', 'oauth', 'removed'],
      ['kimi-code', 'default', 'oauth', 'removed'],
    ])
    const { records, flows } = await here.store.read()
    expect([records[0]?.derived, records[0]?.secrets, flows]).toEqual([{}, null, []])
  })

  it.each<[string, Kind | undefined, string]>([
    ['api_key', 'api_key', 'removed'],
    ['any', undefined, 'removed'],
    ['oauth', 'oauth', 'absent'],
  ])('S-49 takes a sign-in under way for what it brings, a key that is minted: %s', async (_, kind, outcome) => {
    const { here, session } = await arrange()
    const quiet = { onAddress: () => undefined, onPasteRefused: () => undefined }
    await signInWithBrowser(session, { name: 'openrouter', profile: 'default', way: 'paste', force: false, ...quiet })
    const items = await signOut(session, { name: 'openrouter', kind }, false)
    expect(outcomes(items)).toEqual([['openrouter', 'default', kind ?? 'api_key', outcome]])
    expect((await here.store.read()).flows).toHaveLength(outcome === 'removed' ? 0 : 1)
  })

  it('says that a sign-in is still here when another process is asking for its token', async () => {
    const { here, session } = await arrange()
    await startFlow(here)
    const lease = await here.store.tryLease(flowLeaseKey({ route: 'kimi-code', profile: 'default' }), {
      durationMs: 40_000,
      purpose: 'sign-in',
      signal: here.signal,
    })
    if (!isLease(lease)) throw new Error('busy')
    const [item] = await here.clock.driveUntil(signOut(session, { name: 'moonshot' }, false))
    expect([item?.outcome, item?.isHere, item?.error?.code]).toEqual(['failed', true, 'CLAW_LEASE_BUSY'])
  })

  it('removes the grant that a sign-in brought while it was waited for', async () => {
    const { here, session } = await arrange()
    await startFlow(here)
    const lease = await here.store.tryLease(flowLeaseKey({ route: 'kimi-code', profile: 'default' }), {
      durationMs: 40_000,
      purpose: 'sign-in',
      signal: here.signal,
    })
    if (!isLease(lease)) throw new Error('busy')
    const signedOut = signOut(session, { name: 'moonshot' }, false)
    await here.signIn(KIMI)
    await here.store.release(lease)
    expect(outcomes(await here.clock.driveUntil(signedOut))).toEqual([
      ['kimi-code', 'default', 'oauth', 'removed'],
      ['kimi-code', 'default', 'oauth', 'removed'],
    ])
    expect(await states(here)).toEqual([['kimi-code', 'default', 'oauth', 'logged_out', true]])
  })

  it('takes a route that is none for a typing error', async () => {
    const { session } = await stored()
    expect((await failureOf(() => signOut(session, { name: 'moonshot', route: 'kimmi' }, false))).code).toBe('CLAW_PROVIDER_UNKNOWN')
  })
})
