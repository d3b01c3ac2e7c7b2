import { afterEach, describe, expect, it } from 'vitest'
import { headersFor } from '../../src/app/credential/credential-headers.ts'
import { type ChosenCredential, findCredential } from '../../src/app/credential/find-credential.ts'
import { probeCredential } from '../../src/app/access/probe.ts'
import { refreshGrants } from '../../src/app/refresh/refresh-grants.ts'
import { renewedCredential } from '../../src/app/refresh/renewed-credential.ts'
import type { Session } from '../../src/app/session.ts'
import { type Demand, usableCredential } from '../../src/app/credential/usable-credential.ts'
import { ClawError } from '../../src/core/errors.ts'
import { Secret } from '../../src/core/secret.ts'
import { fingerprintOf } from '../../src/credentials/next-record.ts'
import type { NewCredential } from '../../src/credentials/record.ts'
import { credentialWorld, type TestWorld } from '../support/credential-world.ts'
import { failureOf } from '../support/failure.ts'
import { type Answer, type LoopbackServer, loopbackServer } from '../support/loopback-server.ts'
import { onlineSession } from '../support/online-session.ts'

const open: AsyncDisposable[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each[Symbol.asyncDispose]()))
})

const ENTERPRISE = 'https://api.enterprise.githubcopilot.com'
const BUSINESS = 'https://api.business.githubcopilot.com'
const user = { login: 'octo', copilot_plan: 'enterprise', endpoints: { api: ENTERPRISE } }
const LIFETIME_S = 1_500

interface Arranged {
  readonly server: LoopbackServer
  readonly here: TestWorld
  readonly session: Session
  chosen(): Promise<ChosenCredential>
  drive<Value>(work: Promise<Value>): Promise<Value>
  use(demand?: Demand): Promise<ChosenCredential>
}

interface Setting {
  readonly answers?: readonly (Answer | ((here: TestWorld) => Answer))[]
  readonly toml?: string
  readonly variables?: Readonly<Record<string, string>>
  readonly exchanges?: boolean
}

/** GitHub on loopback: answers in order, the last one for ever. */
async function arrange({ answers = [json(user)], toml = '', variables = {}, exchanges = false }: Setting = {}): Promise<Arranged> {
  let here: TestWorld | undefined
  const server = await loopbackServer((_, index) => {
    const answer = answers[Math.min(index, answers.length - 1)]
    return typeof answer === 'function' && here ? answer(here) : (answer as Answer)
  })
  const world = await credentialWorld(
    `[providers.github-copilot]
${toml}
[providers.github-copilot.auth.token]
discovery_url = "${server.origin}/api.{domain}/copilot_internal/user"
[providers.github-copilot.auth.exchange]
exchange_url = "${server.origin}/api.{domain}/copilot_internal/v2/token"
enabled = ${exchanges}
`,
    variables,
  )
  here = world
  open.push(server, { [Symbol.asyncDispose]: () => world.remove() })
  const { ports, ...rest } = onlineSession(world)
  let underWay = 0
  // Time stands still while a request is on the wire.
  const http: Session['ports']['http'] = {
    connect: (url, signal) => ports.http.connect(url, signal),
    async request(request) {
      underWay += 1
      try {
        return await ports.http.request(request)
      } finally {
        underWay -= 1
      }
    },
  }
  const session: Session = { ...rest, ports: { ...ports, http } }
  const chosen = () => findCredential(session, { named: session.catalogue.find('copilot'), model: null })
  const drive = <Value>(work: Promise<Value>) => world.clock.driveUntil(work, () => underWay > 0)
  return {
    server,
    here: world,
    session,
    chosen,
    drive,
    use: async (demand = {}) => (await drive(usableCredential(session, await chosen(), demand))).credential,
  }
}

const json = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})
/** A token that lives 25 minutes by the clock of the machine. */
const minted =
  (id: string, host = 'proxy.business.githubcopilot.com') =>
  ({ clock }: TestWorld): Answer => {
    const expires_at = Math.floor(clock.wall() / 1_000) + LIFETIME_S
    return json({ token: `tid=${id};exp=1;proxy-ep=${host};`, expires_at, refresh_in: 1_200 }, 200, {
      date: new Date(clock.wall()).toUTCString(),
    })
  }

const DEVICE: Partial<NewCredential> & { token: string } = {
  token: 'ghu_grant',
  lifetimeMs: null,
  region: 'github.com',
  client: { clientId: 'c', tokenEndpoint: 'https://github.com/login/oauth/access_token', revocationEndpoint: null, issuer: null },
}
/** A grant of the editor's app without an end, as most seats have it. */
const signIn = ({ here }: Arranged, changes: Partial<NewCredential> = {}) =>
  here.signIn({ route: 'github-copilot', kind: 'oauth' }, { ...DEVICE, secrets: { access: new Secret('ghu_grant') }, ...changes })

const sent = ({ requests }: LoopbackServer) =>
  requests.map(({ method, path, headers }) => [method, path, headers.authorization, headers['user-agent']])
const USER = ['GET', '/api.github.com/copilot_internal/user']
const EXCHANGE = ['GET', '/api.github.com/copilot_internal/v2/token']
const EDITOR = 'GitHubCopilotChat/0.35.0'

describe('Copilot with the GitHub token itself', () => {
  it('asks where the API of the account is, under its own name, and sends the token there', async () => {
    const world = await arrange({ variables: { COPILOT_GITHUB_TOKEN: 'github_pat_token-1' } })
    const used = await world.use()
    expect(sent(world.server)).toEqual([[...USER, 'Bearer github_pat_token-1', expect.stringMatching(/^claw\//)]])
    expect([used.baseUrl, used.account, used.access?.account]).toEqual([
      ENTERPRISE,
      'octo',
      { id: 'octo', name: 'octo', plan: 'enterprise' },
    ])
    expect(headersFor(used, `${ENTERPRISE}/chat/completions`)).toEqual({
      authorization: 'Bearer github_pat_token-1',
      'copilot-integration-id': 'copilot-developer-cli',
      'openai-organization': 'github-copilot',
    })
  })

  it('S-19 sends it to that origin and to no other', async () => {
    const used = await (await arrange({ variables: { COPILOT_GITHUB_TOKEN: 'github_pat_token-1' } })).use()
    for (const url of ['https://api.individual.githubcopilot.com', 'https://api.acme.ghe.com', 'https://github.com'])
      expect(await failureOf(() => headersFor(used, url))).toMatchObject({ code: 'CLAW_INSECURE' })
  })

  it('asks once in a process for a token that no record holds, and stores nothing', async () => {
    const world = await arrange({ variables: { COPILOT_GITHUB_TOKEN: 'gho_token-1' } })
    await Promise.all([world.use(), world.use()])
    await world.use()
    expect(sent(world.server)).toHaveLength(1)
    expect((await world.here.store.read()).records).toEqual([])
  })

  it('keeps the answer with a stored grant for a day less the margin, account and plan included', async () => {
    const world = await arrange()
    await signIn(world)
    await world.use()
    await world.here.clock.advance(86_400_000 - 300_000)
    await world.use()
    expect(sent(world.server)).toHaveLength(1)
    const [record] = (await world.here.store.read()).records
    expect([record?.account, record?.derived.token, record?.secrets?.derived]).toEqual([
      { id: 'octo', name: 'octo', plan: 'enterprise' },
      { expiresAt: expect.any(Number), lifetimeMs: 86_400_000, generation: 1, baseUrl: ENTERPRISE },
      undefined,
    ])
  })

  it.each([
    ['github.com', {}, 'https://api.githubcopilot.com'],
    ['a tenant', { COPILOT_GITHUB_DOMAIN: 'acme.ghe.com' }, 'https://copilot-api.acme.ghe.com'],
  ])('asks nobody with the token of a server at %s', async (_, variables, baseUrl) => {
    const world = await arrange({ variables: { COPILOT_GITHUB_TOKEN: 'ghs_token-1', ...variables } })
    const used = await world.use()
    expect(sent(world.server)).toEqual([])
    expect(used.baseUrl).toBe(baseUrl)
    expect(headersFor(used, baseUrl)).toMatchObject({ authorization: 'Bearer ghs_token-1', 'x-github-api-version': '2025-05-01' })
  })

  it('does not take a classic token of a person', async () => {
    const world = await arrange({ variables: { COPILOT_GITHUB_TOKEN: 'ghp_token-1' } })
    expect(await failureOf(() => world.chosen())).toMatchObject({ code: 'CLAW_NO_CREDENTIAL' })
  })

  it.each([
    ['https://evil.example', 'evil.example'],
    ['https://api.githubcopilot.com.evil.example', 'api.githubcopilot.com.evil.example'],
    ['http://api.githubcopilot.com', 'api.githubcopilot.com'],
    ['https://user@api.githubcopilot.com', 'api.githubcopilot.com'],
    ['https://copilot-api.acme.ghe.com', 'copilot-api.acme.ghe.com'],
    ['javascript:alert(1)', ''],
    ['no address', 'no address'],
  ])('S-19 refuses %s as the address of the API', async (api, host) => {
    const world = await arrange({ answers: [json({ endpoints: { api } })], variables: { COPILOT_GITHUB_TOKEN: 'gho_token-1' } })
    expect(await failureOf(() => world.use())).toEqual({
      code: 'CLAW_PROTOCOL',
      what: '`github-copilot` was told to send its credential to a host that it does not know',
      why: `the answer to \`token\` names \`${host}\``,
      fix: 'add the host to `trusted_hosts` of [providers.github-copilot], if you trust it',
      data: { sent: true, host },
    })
  })

  it('S-19 takes a host that the user trusts, and the address that the user names before any other', async () => {
    const answers = [json({ endpoints: { api: 'https://copilot.corp.example/x/' } })]
    const variables = { COPILOT_GITHUB_TOKEN: 'gho_token-1' }
    const trusted = await arrange({ answers, variables, toml: 'trusted_hosts = ["copilot.corp.example"]' })
    expect((await trusted.use()).baseUrl).toBe('https://copilot.corp.example/x')
    const named = await arrange({ answers: [json(user)], variables, toml: 'base_url = "https://gateway.corp.example"' })
    const used = await named.use()
    expect([used.baseUrl, headersFor(used, 'https://gateway.corp.example/x').authorization]).toEqual([
      'https://gateway.corp.example',
      'Bearer gho_token-1',
    ])
  })

  it.each([
    [
      json({ message: 'Bad credentials' }, 401),
      'CLAW_CREDENTIAL_REJECTED',
      'set COPILOT_GITHUB_TOKEN to a key that `github-copilot` takes',
    ],
    [json({ message: 'Not Found' }, 404), 'CLAW_FORBIDDEN', 'get a seat for the account, or name its domain in COPILOT_GITHUB_DOMAIN'],
    [{ status: 403, body: '<html>' }, 'CLAW_FORBIDDEN', undefined],
    [{ status: 500 }, 'CLAW_SERVER', undefined],
    [{ status: 302, headers: { location: 'https://evil.example' } }, 'CLAW_REDIRECT', expect.any(String)],
    [{ status: 200, body: '<html>' }, 'CLAW_PROTOCOL', undefined],
    [json({}), 'CLAW_PROTOCOL', undefined],
  ])('says what %j means', async (answer, code, fix) => {
    const world = await arrange({ answers: [answer], variables: { COPILOT_GITHUB_TOKEN: 'gho_token-1' } })
    expect(await failureOf(() => world.use())).toMatchObject({ code, ...(fix === undefined ? {} : { fix }) })
    expect(sent(world.server)).toHaveLength(1)
  })

  it('R-21 asks again after the time that the server names', async () => {
    const world = await arrange({
      answers: [json({}, 429, { 'retry-after': '7' }), json(user)],
      variables: { COPILOT_GITHUB_TOKEN: 'gho_token-1' },
    })
    const from = world.here.clock.now()
    expect((await world.use()).baseUrl).toBe(ENTERPRISE)
    expect(world.here.clock.now() - from).toBeGreaterThanOrEqual(7_000)
  })

  it('R-01 uses what a store holds that cannot be written', async () => {
    const world = await arrange()
    await signIn(world)
    const store = Object.assign(Object.create(world.here.store) as typeof world.here.store, {
      read: () => world.here.store.read(),
      tryLease: () => Promise.reject(new ClawError('CLAW_STORE_UNWRITABLE', { what: 'read-only' })),
    })
    const session = { ...world.session, ports: { ...world.session.ports, store } }
    const { credential } = await world.drive(usableCredential(session, await world.chosen()))
    expect([credential.baseUrl, (await world.here.store.read()).records[0]?.derived]).toEqual([ENTERPRISE, {}])
  })
})

describe('the domain of GitHub', () => {
  it.each([
    ['the variable', {}, { COPILOT_GITHUB_DOMAIN: 'acme.ghe.com' }],
    ['the configuration', { toml: 'domain = "acme.ghe.com"' }, {}],
    ['the variable before the configuration', { toml: 'domain = "other.ghe.com"' }, { COPILOT_GITHUB_DOMAIN: 'ACME.ghe.com' }],
  ])('comes from %s', async (_, setting, variables) => {
    const api = 'https://copilot-api.acme.ghe.com'
    const world = await arrange({
      answers: [json({ endpoints: { api } })],
      variables: { COPILOT_GITHUB_TOKEN: 'gho_token-1', ...variables },
      ...setting,
    })
    expect((await world.use()).baseUrl).toBe(api)
    expect(world.server.requests.map(({ path }) => path)).toEqual(['/api.acme.ghe.com/copilot_internal/user'])
  })

  it.each([
    'evil.example',
    'github.com.evil.example',
    'ghe.com',
    'a.b.ghe.com',
    'acme.ghe.com/x',
    'acme.ghe.com:1',
    'x@ghe.com',
    'github.com#',
    '*.ghe.com',
  ])('S-20 is not %s', async (domain) => {
    const world = await arrange({ variables: { COPILOT_GITHUB_TOKEN: 'gho_token-1', COPILOT_GITHUB_DOMAIN: domain } })
    expect(await failureOf(() => world.use())).toEqual({
      code: 'CLAW_CONFIG_INVALID',
      what: `\`${domain}\` is no domain of \`github-copilot\``,
      why: 'its domains are `github.com` and `NAME.ghe.com`',
      fix: 'correct `domain` in [providers.github-copilot], or COPILOT_GITHUB_DOMAIN',
      data: {},
    })
    expect(world.server.requests).toEqual([])
  })

  it('S-19 of a stored grant stays the one that it was made at', async () => {
    const world = await arrange({ variables: { COPILOT_GITHUB_DOMAIN: 'other.ghe.com' } })
    await signIn(world, { region: 'github.com' })
    expect((await world.use()).baseUrl).toBe(ENTERPRISE)
    expect(world.server.requests.map(({ path }) => path)).toEqual(['/api.github.com/copilot_internal/user'])
  })
})

describe('Copilot by exchange, where the user switched it on', () => {
  const arrangeExchange = (answers: Setting['answers'], setting: Setting = {}) =>
    arrange({ exchanges: true, answers: answers ?? [], ...setting })

  it('mints a token of the API from the grant, under the headers of the entry, and uses it where it says', async () => {
    const world = await arrangeExchange([minted('a')])
    await signIn(world)
    const used = await world.use()
    expect(sent(world.server)).toEqual([[...EXCHANGE, 'Bearer ghu_grant', EDITOR]])
    expect(world.server.requests[0]?.headers).toMatchObject({ 'editor-version': 'vscode/1.107.0', 'copilot-integration-id': 'vscode-chat' })
    expect([used.baseUrl, used.expiresAt]).toEqual([BUSINESS, world.here.clock.wall() + LIFETIME_S * 1_000])
    expect(headersFor(used, BUSINESS)).toMatchObject({
      authorization: 'Bearer tid=a;exp=1;proxy-ep=proxy.business.githubcopilot.com;',
      'user-agent': EDITOR,
      'copilot-integration-id': 'vscode-chat',
    })
    const [record] = (await world.here.store.read()).records
    expect([
      record?.secrets?.access.reveal(),
      record?.secrets?.derived?.exchange?.equals(used.secret ?? new Secret('')),
      record?.derived,
    ]).toEqual([
      'ghu_grant',
      true,
      { exchange: { expiresAt: used.expiresAt, lifetimeMs: LIFETIME_S * 1_000, generation: 1, baseUrl: BUSINESS } },
    ])
  })

  it('R-14 is made once for whoever asks at the same time, and again five minutes before its end', async () => {
    const world = await arrangeExchange([minted('a'), minted('b')])
    await signIn(world)
    const all = await Promise.all(Array.from({ length: 20 }, () => world.use()))
    expect([new Set(all.map(({ secret }) => secret?.reveal())).size, world.server.requests.length]).toEqual([1, 1])
    await world.here.clock.advance((LIFETIME_S - 300) * 1_000)
    expect((await world.use()).secret?.reveal()).toMatch(/^tid=a/)
    await world.here.clock.advance(1_000)
    expect((await world.use()).secret?.reveal()).toMatch(/^tid=b/)
    expect(world.server.requests).toHaveLength(2)
  })

  it('goes on with the token in force when a newer one cannot be had', async () => {
    const world = await arrangeExchange([minted('a'), { status: 500 }])
    await signIn(world)
    await world.use()
    await world.here.clock.advance((LIFETIME_S - 200) * 1_000)
    const usable = await world.drive(usableCredential(world.session, await world.chosen()))
    expect([usable.credential.secret?.reveal(), usable.warning?.code]).toEqual([expect.stringMatching(/^tid=a/), 'CLAW_SERVER'])
  })

  it('is made anew once after a 401 of the API, however many report it', async () => {
    const world = await arrangeExchange([minted('a'), minted('b'), minted('c')])
    await signIn(world)
    const used = await world.use()
    const newer = await Promise.all([1, 2, 3].map(() => world.drive(renewedCredential(world.session, used))))
    expect(newer.map((each) => each?.secret?.reveal())).toEqual(Array(3).fill(expect.stringMatching(/^tid=b/)))
    expect(world.server.requests).toHaveLength(2)
    const again = await world.use({ rejected: fingerprintOf(used.secret ?? new Secret('')) })
    expect([again.secret?.reveal(), world.server.requests.length]).toEqual([expect.stringMatching(/^tid=b/), 2])
  })

  it('refreshes a grant that ends first, and mints from the new one', async () => {
    const world = await arrangeExchange([
      minted('a'),
      json({ access_token: 'ghu_second', refresh_token: 'ghr_second', expires_in: 28_800, token_type: 'bearer' }),
      minted('b'),
    ])
    await signIn(world, {
      secrets: { access: new Secret('ghu_grant'), refresh: new Secret('ghr_first') },
      lifetimeMs: 28_800_000,
      client: { clientId: 'c', tokenEndpoint: `${world.server.origin}/login/oauth/access_token`, revocationEndpoint: null, issuer: null },
    })
    await world.use()
    await world.here.clock.advance(28_800_000)
    expect((await world.use()).secret?.reveal()).toMatch(/^tid=b/)
    expect(world.server.requests.map(({ method, path, headers }) => [method, path, headers.authorization])).toEqual([
      [...EXCHANGE, 'Bearer ghu_grant'],
      ['POST', '/login/oauth/access_token', undefined],
      [...EXCHANGE, 'Bearer ghu_second'],
    ])
  })

  it('refreshes a grant that the exchange refuses, once', async () => {
    const world = await arrangeExchange([
      json({ message: 'Bad credentials' }, 401),
      json({ access_token: 'ghu_second', refresh_token: 'ghr_second', expires_in: 28_800, token_type: 'bearer' }),
      minted('b'),
    ])
    await signIn(world, {
      secrets: { access: new Secret('ghu_grant'), refresh: new Secret('ghr_first') },
      lifetimeMs: 28_800_000,
      client: { clientId: 'c', tokenEndpoint: `${world.server.origin}/login/oauth/access_token`, revocationEndpoint: null, issuer: null },
    })
    expect((await world.use()).secret?.reveal()).toMatch(/^tid=b/)
    expect(world.server.requests).toHaveLength(3)
  })

  it.each([
    ['ghu_token-1', EXCHANGE],
    ['gho_token-1', EXCHANGE],
    ['github_pat_token-1', USER],
  ])('takes the token %s of a variable by %j', async (token, request) => {
    const world = await arrangeExchange([request === USER ? json(user) : minted('a')], { variables: { COPILOT_GITHUB_TOKEN: token } })
    const used = await world.use()
    expect(sent(world.server).map((each) => each.slice(0, 3))).toEqual([[...request, `Bearer ${token}`]])
    expect(used.secret?.reveal()).toBe(request === USER ? token : 'tid=a;exp=1;proxy-ep=proxy.business.githubcopilot.com;')
    expect((await world.here.store.read()).records).toEqual([])
  })

  it.each([
    [json({ message: 'Bad credentials' }, 401), 'CLAW_CREDENTIAL_REJECTED', 'claw auth --device github-copilot --force'],
    [
      json({ message: 'Resource not accessible by integration' }, 403),
      'CLAW_CLIENT_NOT_ALLOWED',
      'take `enabled = true` out of [providers.github-copilot.auth.exchange]: without it the credential is used directly',
    ],
    [
      json({ message: 'Resource not accessible by integration', error_details: { notification_id: 'no_copilot_access' } }, 403),
      'CLAW_FORBIDDEN',
      'get a seat for the account, or name its domain in COPILOT_GITHUB_DOMAIN',
    ],
    [json({ message: 'Not Found' }, 404), 'CLAW_FORBIDDEN', 'get a seat for the account, or name its domain in COPILOT_GITHUB_DOMAIN'],
  ])('says what the refusal %j means', async (answer, code, fix) => {
    const world = await arrangeExchange([answer])
    await signIn(world)
    expect(await failureOf(() => world.use())).toMatchObject({ code, fix })
    expect((await world.here.store.read()).records[0]).toMatchObject({ state: 'ok', derived: {} })
    const probe = await world.drive(probeCredential(world.session, await world.chosen()))
    expect([probe.status, probe.error?.code, probe.error?.fix]).toEqual(['fail', code, fix])
  })

  it('S-19 refuses a foreign host in the token, and keeps nothing of it', async () => {
    const world = await arrangeExchange([minted('a', 'evil.example')])
    await signIn(world)
    expect(await failureOf(() => world.use())).toMatchObject({ code: 'CLAW_PROTOCOL', data: { host: 'evil.example' } })
    expect((await world.here.store.read()).records[0]?.derived).toEqual({})
  })

  it('is off by default', async () => {
    const world = await arrange()
    await signIn(world)
    await world.use()
    expect(sent(world.server).map((each) => each.slice(0, 2))).toEqual([USER])
  })

  it('is no way to sign in', async () => {
    const world = await arrangeExchange([])
    expect(await failureOf(() => world.chosen())).toMatchObject({ code: 'CLAW_NO_CREDENTIAL' })
  })
})

describe('the account that `expect` names', () => {
  const toml = 'expect = { account = "octo" }'
  const variables = { COPILOT_GITHUB_TOKEN: 'gho_token-1' }

  it('is the one that GitHub tells', async () => {
    expect((await (await arrange({ toml, variables })).use()).account).toBe('octo')
  })

  it('is not another one', async () => {
    const world = await arrange({ toml, variables, answers: [json({ ...user, login: 'other' })] })
    expect(await failureOf(() => world.use())).toEqual({
      code: 'CLAW_EXPECTATION_BROKEN',
      what: '`github-copilot` would use the credential from `env:COPILOT_GITHUB_TOKEN`, and `expect` names another account',
      why: 'expected `octo`; found `other`',
      fix: 'correct `expect` in [providers.github-copilot]',
      data: { source: 'env:COPILOT_GITHUB_TOKEN', kind: 'token', route: 'github-copilot', account: 'other' },
    })
  })
})

describe('a refresh by hand of what Copilot exchanges', () => {
  const facts = { provider: 'github-copilot', route: 'github-copilot', profile: 'default', kind: 'oauth', error: null, warnings: [] }
  const item = { ...facts, derived: 'exchange' }

  it('mints a token now; with --min-ttl only where less is left of it', async () => {
    const world = await arrange({ answers: [minted('1'), minted('2'), minted('3')], exchanges: true })
    await signIn(world)
    const refresh = (filter: object, minTtlMs?: number) => world.drive(refreshGrants(world.session, filter, minTtlMs))
    expect(await refresh({ name: 'copilot' })).toEqual([{ ...item, outcome: 'refreshed' }])
    expect(await refresh({}, 60_000)).toEqual([{ ...item, outcome: 'fresh' }])
    expect(await refresh({}, LIFETIME_S * 1_000 + 1)).toEqual([{ ...item, outcome: 'refreshed' }])
    expect(await refresh({})).toEqual([{ ...item, outcome: 'refreshed' }])
    expect(sent(world.server).map(([, path]) => path)).toEqual(Array(3).fill(EXCHANGE[1]))
    expect((await world.here.store.read()).records[0]?.secrets?.derived?.exchange?.reveal()).toContain('tid=3')
  })

  it('says why none was minted, beside the others', async () => {
    const world = await arrange({ answers: [json({ message: 'no seat' }, 404)], exchanges: true })
    await signIn(world)
    const [failed, ...more] = await world.drive(refreshGrants(world.session, {}, undefined))
    expect([{ ...failed, error: failed?.error?.exit.code }, more]).toEqual([{ ...item, outcome: 'failed', error: expect.any(Number) }, []])
  })
})

describe('a grant of Copilot that changes under the hands of its user', () => {
  const other = { id: 'other', name: 'other', plan: null }
  const otherGrant = { secrets: { access: new Secret('ghu_other') }, account: other }

  it('S-19 of another account brings its own token to its own address, and is looked at again', async () => {
    const answers = [json({ ...user, login: 'other', endpoints: { api: BUSINESS } })]
    const world = await arrange({ answers, toml: 'expect = { account = "octo" }' })
    await signIn(world, { account: { id: 'octo', name: 'octo', plan: null } })
    const before = await world.chosen()
    await signIn(world, otherGrant)
    expect(await failureOf(() => world.drive(usableCredential(world.session, before)))).toMatchObject({ code: 'CLAW_EXPECTATION_BROKEN' })

    const free = await arrange({ answers })
    await signIn(free)
    const chosen = await free.chosen()
    await signIn(free, otherGrant)
    const { credential } = await free.drive(usableCredential(free.session, chosen))
    expect([credential.secret?.reveal(), credential.baseUrl, credential.account, credential.access?.from.secret?.reveal()]).toEqual([
      'ghu_other',
      BUSINESS,
      'other',
      'ghu_other',
    ])
    expect(sent(free.server).map(([, , authorization]) => authorization)).toEqual(['Bearer ghu_other'])
  })

  it('S-19 leaves nothing that was minted from the one before', async () => {
    const world = await arrange({ exchanges: true, answers: [minted('a'), minted('b')] })
    await signIn(world)
    expect((await world.use()).secret?.reveal()).toMatch(/^tid=a/)
    await signIn(world, otherGrant)
    const [record] = (await world.here.store.read()).records
    expect([record?.derived, record?.secrets?.derived]).toEqual([{}, undefined])
    expect((await world.use()).secret?.reveal()).toMatch(/^tid=b/)
    expect(sent(world.server).map(([, , authorization]) => authorization)).toEqual(['Bearer ghu_grant', 'Bearer ghu_other'])
  })

  it('R-30 is gone with what was minted from it once somebody signed out', async () => {
    const world = await arrange({ exchanges: true, answers: [minted('a')] })
    const id = await signIn(world)
    const before = await world.chosen()
    await world.drive(usableCredential(world.session, before))
    await world.here.store.write({ type: 'logged_out', id })
    const [record] = (await world.here.store.read()).records
    expect([record?.derived, record?.secrets]).toEqual([{}, null])
    const failure = await failureOf(() => world.drive(usableCredential(world.session, before)))
    expect([failure.code, world.server.requests.length]).toEqual(['CLAW_NO_CREDENTIAL', 1])
  })

  it('R-30 is not minted from when somebody signs out while the answer is on its way', async () => {
    let signOut = (): void => {}
    const out = new Promise<void>((resolve) => {
      signOut = resolve
    })
    const world = await arrange({
      exchanges: true,
      answers: [
        (here) => {
          const { clock } = here
          void here.store.read().then(async ({ records }) => {
            await here.store.write({ type: 'logged_out', id: records[0]?.id ?? '' })
            signOut()
          })
          return minted('a')({ ...here, clock })
        },
      ],
    })
    await signIn(world)
    const failure = await failureOf(() => world.use())
    await out
    const [record] = (await world.here.store.read()).records
    expect([failure.code, record?.derived, record?.secrets, world.server.requests.length]).toEqual(['CLAW_NO_CREDENTIAL', {}, null, 1])
  })

  it.each([
    ['ahead', 3_600_000],
    ['behind', -3_600_000],
  ])('R-26 serves a process whose clock is an hour %s, which mints nothing anew', async (_, aheadMs) => {
    const world = await arrange({ exchanges: true, answers: [minted('a'), minted('b')] })
    await signIn(world)
    const { clock } = world.here
    const shifted: Session['ports']['clock'] = {
      now: () => clock.now(),
      wall: () => clock.wall() + aheadMs,
      sleepUntil: (instant, signal) => clock.sleepUntil(instant, signal),
      setTimeout: (callback, delayMs) => clock.setTimeout(callback, delayMs),
      clearTimeout: (handle) => clock.clearTimeout(handle),
    }
    const elsewhere: Session = { ...world.session, ports: { ...world.session.ports, clock: shifted } }
    const first = await world.drive(usableCredential(elsewhere, await world.chosen()))
    const second = await world.use()
    const third = await world.drive(usableCredential(elsewhere, await world.chosen()))
    expect([first, third].map(({ credential }) => credential.secret?.reveal())).toEqual(Array(2).fill(second.secret?.reveal()))
    expect([second.expiresAt, world.server.requests.length]).toEqual([clock.wall() + LIFETIME_S * 1_000, 1])
  })
})
