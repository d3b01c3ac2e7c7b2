import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { environmentOf } from '../../src/platform/environment.ts'
import { UndiciHttp } from '../../src/platform/undici-http.ts'
import { judgeExchange } from '../../src/protocols/oauth/exchange-answer.ts'
import { requestExchange } from '../../src/protocols/oauth/token-exchange.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import { federationOf } from '../support/exchange.ts'
import { loopbackServer, type Answer, type LoopbackServer, type SeenRequest } from '../support/loopback-server.ts'
import { subjectOf } from '../support/subject.ts'

/**
 * Headers in which claw differs from the packages of the vendors, and why. A value of `null` = not sent.
 * Whatever is not in this list must be the same.
 */
const DECIDED: Readonly<Record<string, Readonly<Record<string, { readonly sdk: RegExp | null; readonly why: string }>>>> = {
  anthropic: {
    'user-agent': { sdk: /^Anthropic\/JS |^anthropic-sdk-typescript\//, why: 'claw goes by its own name everywhere' },
    accept: { sdk: /^\*\/\*$/, why: 'an error in HTML helps nobody' },
    'accept-encoding': { sdk: /gzip/, why: 'claw unpacks nothing (S-30)' },
    'accept-language': { sdk: /^\*$/, why: 'comes with the fetch of Node' },
    'sec-fetch-mode': { sdk: /^cors$/, why: 'comes with the fetch of Node' },
  },
  openai: {
    'user-agent': { sdk: /^node$/, why: 'claw goes by its own name everywhere; the package names none here' },
    accept: { sdk: /^\*\/\*$/, why: 'an error in HTML helps nobody' },
    'accept-encoding': { sdk: /gzip/, why: 'claw unpacks nothing (S-30)' },
    'accept-language': { sdk: /^\*$/, why: 'comes with the fetch of Node' },
    'sec-fetch-mode': { sdk: /^cors$/, why: 'comes with the fetch of Node' },
  },
}
/** What belongs to a connection and to an address. */
const OF_CONNECTION = ['host', 'connection', 'content-length']

const { signal } = new AbortController()
const http = new UndiciHttp({ clock: systemClock(), environment: environmentOf({}) })
const JWT = subjectOf({ alg: 'RS256', kid: 'k1' }, { iss: 'https://issuer.example', sub: 'repo:o/r:ref:refs/heads/main' })
const GRANT = { access_token: 'CANARY-minted-token', token_type: 'Bearer', expires_in: 600 }
const ANTHROPIC_IDS = { federation_rule_id: 'fdrl_1', organization_id: '0d1f3c52-1111-4222-8333-444455556666' }
const OPENAI_IDS = { identity_provider_id: 'idp_1', service_account_id: 'svc_acct_1' }

let server: LoopbackServer
let scratch: string
let exchangeAnswer: Answer
beforeEach(async () => {
  exchangeAnswer = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(GRANT) }
  server = await loopbackServer(({ path }) =>
    path.endsWith('/oauth/token')
      ? exchangeAnswer
      : { headers: { 'content-type': 'application/json' }, body: '{"data":[],"has_more":false}' },
  )
  scratch = await mkdtemp(join(tmpdir(), 'claw-sdk-'))
  for (const name of Object.keys(process.env).filter((each) => /^(?:ANTHROPIC|OPENAI)_/.test(each))) vi.stubEnv(name, undefined)
  vi.stubEnv('ANTHROPIC_CONFIG_DIR', scratch)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await server.close()
  await rm(scratch, { recursive: true })
})

const exchanges = () => server.requests.filter(({ path }) => path.endsWith('/oauth/token'))
const apiCalls = () => server.requests.filter(({ path }) => !path.endsWith('/oauth/token'))

/** The exchange of Anthropic's package, told by the variables that the catalogue has for the ids, and one call with what it brings. */
async function askAnthropic(ids: Readonly<Record<string, string>>): Promise<void> {
  const { envMap } = federationOf('anthropic')
  const file = join(scratch, 'token')
  await writeFile(file, `${JWT}\n`)
  for (const [id, value] of Object.entries({ ...ids, assertion_file: file })) vi.stubEnv(envMap[id] ?? '', value)
  await new Anthropic({ baseURL: server.origin, maxRetries: 0 }).models.list()
}

/** The exchange of OpenAI's package, whose address is fixed: a fetch of our own leads it here. */
async function askOpenai(ids: Readonly<Record<string, string>>, tokenType: 'jwt' | 'id' = 'jwt'): Promise<void> {
  const { identity_provider_id = '', service_account_id = '', client_id } = ids
  const client = new OpenAI({
    baseURL: `${server.origin}/v1`,
    maxRetries: 0,
    workloadIdentity: {
      identityProviderId: identity_provider_id,
      serviceAccountId: service_account_id,
      ...(client_id !== undefined && { clientId: client_id }),
      provider: { tokenType, getToken: async () => JWT },
    },
    fetch: (url, init) => fetch(String(url).replace(/^https:\/\/auth\.openai\.com/, server.origin), init),
  })
  await client.models.list()
}

/** The same by claw. */
async function askByClaw(id: string, values: Readonly<Record<string, string>>) {
  const federation = federationOf(id)
  const url = `${server.origin}${new URL(federation.tokenUrl).pathname}`
  const connection = await http.connect(url, signal)
  const subject = new Secret(JWT, 'subject-token')
  const answer = await requestExchange((request) => connection.request(request), url, federation, subject, values, signal)
  return judgeExchange(answer, federation, { url, now: systemClock().now() })
}

function headersOf({ headers }: SeenRequest): Map<string, string> {
  return new Map(Object.entries(headers).flatMap(([name, value]) => (OF_CONNECTION.includes(name) ? [] : [[name, String(value)] as const])))
}

/** What of the two exchanges that were recorded is not the same, and not decided either. */
function differences(id: string): string[] {
  const [sdk, claw, ...more] = exchanges()
  if (!sdk || !claw || more.length > 0) throw new Error(`${exchanges().length} exchanges`)
  const decided = DECIDED[id] ?? {}
  const [theirs, ours] = [headersOf(sdk), headersOf(claw)]
  const names = [...new Set([...theirs.keys(), ...ours.keys(), ...Object.keys(decided)])]
  const ofHeaders = names.flatMap((name) => {
    const [their, our] = [theirs.get(name) ?? null, ours.get(name) ?? null]
    const rule = decided[name]
    if (!rule) return their === our ? [] : [`${name}: ${their} and ${our}`]
    // What is decided must still be so.
    return their !== our && (their === null ? rule.sdk === null : rule.sdk?.test(their) === true)
      ? []
      : [`${name}: ${their}, by the list not`]
  })
  const line = ({ method, path }: SeenRequest) => `${method} ${path}`
  return [...(line(sdk) === line(claw) ? [] : [`${line(sdk)} and ${line(claw)}`]), ...ofHeaders]
}

const bodies = () => exchanges().map(({ body }) => JSON.parse(body))

describe('the exchange of @anthropic-ai/sdk', () => {
  it.each([
    ['with what is required', ANTHROPIC_IDS],
    ['for a service account', { ...ANTHROPIC_IDS, service_account_id: 'svac_1' }],
    ['in a workspace', { ...ANTHROPIC_IDS, service_account_id: 'svac_1', workspace_id: 'wrkspc_1' }],
  ])('is the same as that of claw %s', async (_name, ids) => {
    await askAnthropic(ids)
    await askByClaw('anthropic', ids)
    const [sdk, claw] = bodies()
    expect(claw).toEqual(sdk)
    expect(sdk).toEqual({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: JWT, ...ids })
    expect(differences('anthropic')).toEqual([])
    expect(exchanges().map(({ headers }) => headers['anthropic-beta'])).toEqual(
      Array(2).fill('oauth-2025-04-20,oidc-federation-2026-04-01'),
    )
  })

  it('leads to calls of the API with the headers that the catalogue has', async () => {
    await askAnthropic(ANTHROPIC_IDS)
    const auth = CATALOGUE.get('anthropic')?.auth.find(({ kind }) => kind === 'workload_identity')
    expect(apiCalls().map(({ headers }) => [headers.authorization, headers['anthropic-beta'], headers['x-api-key']])).toEqual([
      [`${auth?.scheme} ${GRANT.access_token}`, auth?.extraHeaders?.['anthropic-beta'], undefined],
    ])
  })
})

describe('the exchange of openai', () => {
  it.each([
    ['with what is required', OPENAI_IDS, 'jwt'],
    ['for a client', { ...OPENAI_IDS, client_id: 'app_1' }, 'jwt'],
    ['with an ID token', OPENAI_IDS, 'id'],
  ] as const)('is the same as that of claw %s', async (_name, ids, type) => {
    const subject_token_type = `urn:ietf:params:oauth:token-type:${type === 'jwt' ? 'jwt' : 'id_token'}`
    if (type === 'jwt') expect(federationOf('openai').subjectTokenType).toBe(subject_token_type)
    await askOpenai(ids, type)
    await askByClaw('openai', { ...ids, subject_token_type })
    const [sdk, claw] = bodies()
    expect(claw).toEqual(sdk)
    expect(sdk).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: JWT,
      subject_token_type,
      ...ids,
    })
    expect(differences('openai')).toEqual([])
  })

  it('is sent to the address that the catalogue has, and leads to calls with its token', async () => {
    const asked: string[] = []
    vi.stubGlobal('fetch', async (url: unknown) => {
      asked.push(String(url))
      return Response.json(String(url).endsWith('/oauth/token') ? GRANT : { data: [] })
    })
    await askOpenai(OPENAI_IDS).finally(() => vi.unstubAllGlobals())
    expect(asked[0]?.replace(server.origin, 'https://auth.openai.com')).toBe(federationOf('openai').tokenUrl)
    await askOpenai(OPENAI_IDS)
    expect(apiCalls().map(({ headers }) => headers.authorization)).toEqual([`Bearer ${GRANT.access_token}`])
  })
})

describe('an answer', () => {
  /** Whether each package uses what came, and claw; where they differ on purpose, why. */
  const answers: [string, Answer, { anthropic: [boolean, boolean]; openai: [boolean, boolean] }, string][] = [
    ['as documented', { body: JSON.stringify(GRANT) }, { anthropic: [true, true], openai: [true, true] }, ''],
    [
      'with a lower-case type',
      { body: JSON.stringify({ ...GRANT, token_type: 'bearer' }) },
      { anthropic: [true, true], openai: [true, true] },
      '',
    ],
    [
      'without a type',
      { body: JSON.stringify({ ...GRANT, token_type: undefined }) },
      { anthropic: [true, true], openai: [true, true] },
      '',
    ],
    [
      'with a life as text',
      { body: JSON.stringify({ ...GRANT, expires_in: '600' }) },
      { anthropic: [true, true], openai: [true, true] },
      '',
    ],
    [
      'without a life',
      { body: JSON.stringify({ ...GRANT, expires_in: undefined }) },
      { anthropic: [false, false], openai: [true, true] },
      '',
    ],
    [
      'without a token',
      { body: JSON.stringify({ token_type: 'Bearer', expires_in: 600 }) },
      { anthropic: [false, false], openai: [false, false] },
      '',
    ],
    ['that is a list', { body: '[]' }, { anthropic: [false, false], openai: [false, false] }, ''],
    [
      'of another type',
      { body: JSON.stringify({ ...GRANT, token_type: 'DPoP' }) },
      { anthropic: [false, false], openai: [true, false] },
      'RFC 6749 section 7.1: a token of an unknown type is not used',
    ],
    [
      'with a life in the past',
      { body: JSON.stringify({ ...GRANT, expires_in: -60 }) },
      { anthropic: [true, false], openai: [true, false] },
      'it would be exchanged again at each call',
    ],
    ['HTML', { headers: { 'content-type': 'text/html' }, body: '<html>' }, { anthropic: [false, false], openai: [false, false] }, ''],
    ['401', { status: 401, body: '{"error":"invalid_grant"}' }, { anthropic: [false, false], openai: [false, false] }, ''],
    ['503', { status: 503, body: '' }, { anthropic: [false, false], openai: [false, false] }, ''],
    [
      '307',
      { status: 307, headers: { location: '/elsewhere/oauth/token' }, body: '' },
      { anthropic: [false, false], openai: [false, false] },
      '',
    ],
  ]
  const uses = (work: Promise<unknown>) =>
    work.then(() => apiCalls().some(({ headers }) => headers.authorization === `Bearer ${GRANT.access_token}`)).catch(() => false)
  const takes = (id: string, ids: Readonly<Record<string, string>>) =>
    askByClaw(id, ids)
      .then(({ kind }) => kind === 'granted')
      .catch(() => false)

  it.each(answers)('%s is used by whom the list says', async (_name, given, expected, why) => {
    exchangeAnswer = given
    expect([await uses(askAnthropic(ANTHROPIC_IDS)), await takes('anthropic', ANTHROPIC_IDS)]).toEqual(expected.anthropic)
    await server.close()
    server = await loopbackServer(({ path }) =>
      path.endsWith('/oauth/token') ? given : { headers: { 'content-type': 'application/json' }, body: '{"data":[]}' },
    )
    expect([await uses(askOpenai(OPENAI_IDS)), await takes('openai', OPENAI_IDS)]).toEqual(expected.openai)
    const isOdd = Object.values(expected).some(([sdk, claw]) => sdk !== claw)
    expect(isOdd).toBe(why !== '')
  })
})
