import { afterEach, describe, expect, it } from 'vitest'
import { buildCatalogue, type Route } from '../../src/app/catalogue/catalogue.ts'
import { isAddress } from '../../src/app/rehearsal/mirrored-address.ts'
import { rehearsal } from '../../src/app/rehearsal/rehearsal.ts'
import { addressesOf } from '../../src/app/rehearsal/route-addresses.ts'
import { redact } from '../../src/core/redaction.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import { credentialWorld, type TestWorld } from '../support/credential-world.ts'

const ORIGIN = 'http://127.0.0.1:4711'

let world: TestWorld | undefined
afterEach(async () => {
  await world?.remove()
})

/** Names and notes: nothing is ever sent there. Base URLs are judged as they are in force. */
const SENT_NOWHERE =
  /^(?:keyUrl|accountId\..*|sources\..*|termsNote|probeNote|baseUrl|baseUrls\..*|regions\..*|errorRules\..*|auth\.\d+\.(?:quirks|redirectUris|scopes)\.\d+|auth\.\d+\.(?:redirectUri|offReason|audience|resource)|auth\.\d+\.federation\.(?:defaultAudience|(?:secondStep\.)?fixedFields\..*))$/

/** Every address in an entry, by where it stands. */
function* addressesIn(value: unknown, path = ''): Generator<[path: string, address: string]> {
  if (typeof value === 'object' && value !== null)
    for (const [key, member] of Object.entries(value)) yield* addressesIn(member, path === '' ? key : `${path}.${key}`)
  else if (typeof value === 'string' && isAddress(value.replace(/^GET /, ''))) yield [path, value.replace(/^GET /, '')]
}

const elsewhere = (route: Route) =>
  [...addressesIn(route.entry)].filter(([path, address]) => !SENT_NOWHERE.test(path) && !address.startsWith(`${ORIGIN}/`))

/** Every table of headers in an entry, by where it stands. */
function* headersIn(value: unknown, path = ''): Generator<[path: string, headers: unknown]> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, member] of Object.entries(value)) {
    if (/headers$/i.test(key) && !Array.isArray(member)) yield [`${path}.${key}`, member]
    else yield* headersIn(member, `${path}.${key}`)
  }
}

describe('the rehearsal', () => {
  it('leads every address of every provider to the origin', async () => {
    world = await credentialWorld(rehearsal().toml(ORIGIN))
    const routes = [...world.catalogue.routes.values()]
    expect(routes.map(({ id }) => id)).toEqual([...CATALOGUE.keys()])
    expect(routes.map((route) => [route.id, elsewhere(route)])).toEqual(routes.map(({ id }) => [id, []]))
    const bases = routes.flatMap((route) => addressesOf(route).map(({ baseUrl }) => baseUrl))
    expect(bases.filter((address) => !address.startsWith(`${ORIGIN}/`))).toEqual([])
  })

  it('knows every base URL that its words lead to', async () => {
    const { toml, bases } = rehearsal()
    world = await credentialWorld(toml(ORIGIN))
    const led = [...world.catalogue.routes.values()].flatMap((route) =>
      addressesOf(route).map(({ baseUrl }) => baseUrl.slice(ORIGIN.length)),
    )
    expect([...new Set(led)]).toEqual(bases.map(({ base }) => base))
  })

  it('keeps what a region, a protocol and a sign-in host are to each other', async () => {
    const head = '[providers.kimi-code]\n'
    world = await credentialWorld(rehearsal().toml(ORIGIN).replace(head, `${head}region = "global"\n`))
    const route = world.catalogue.route('kimi-code')
    expect(route.entry.auth.find(({ id }) => id === 'device')).toMatchObject({
      oauthHost: `${ORIGIN}/auth.kimi.ai`,
      deviceUrl: `${ORIGIN}/auth.kimi.ai/api/oauth/device_authorization`,
      tokenUrl: `${ORIGIN}/auth.kimi.ai/api/oauth/token`,
    })
  })

  it('leaves every header its name, and a tenant its domain', async () => {
    world = await credentialWorld(rehearsal().toml(ORIGIN))
    const routes = [...world.catalogue.routes.values()]
    const plain = buildCatalogue({ providers: new Map(), enabled: [] }).routes
    expect(routes.map(({ id, entry }) => [id, [...headersIn(entry)]])).toEqual(
      routes.map(({ id }) => [id, [...headersIn(plain.get(id)?.entry)]]),
    )
    expect(world.catalogue.route('github-copilot').entry.auth.find(({ id }) => id === 'token')?.serverToken).toEqual({
      prefix: 'ghs_',
      baseUrl: `${ORIGIN}/api.githubcopilot.com`,
      tenantBaseUrl: `${ORIGIN}/copilot-api.{domain}`,
      headers: { 'X-GitHub-Api-Version': '2025-05-01' },
    })
  })

  it('leads the exchanges of jobs to the origin, and leaves what they say as it is', async () => {
    world = await credentialWorld(rehearsal().toml(ORIGIN))
    const federationOf = (id: string) => world?.catalogue.route(id).entry.auth.find(({ kind }) => kind === 'workload_identity')?.federation
    const plain = CATALOGUE.get('google-vertex')?.auth.find(({ kind }) => kind === 'workload_identity')?.federation
    expect(federationOf('google-vertex')).toEqual({
      ...plain,
      tokenUrl: `${ORIGIN}/sts.googleapis.com/v1/token`,
      exchangeHosts: ['sts.googleapis.com', '127.0.0.1:4711'],
      secondStep: {
        ...plain?.secondStep,
        url: `${ORIGIN}/iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{service_account}:generateAccessToken`,
        hosts: ['127.0.0.1:4711'],
      },
    })
    expect(federationOf('azure-openai')?.tokenUrl).toBe(`${ORIGIN}/login.microsoftonline.com/{tenant_id}/oauth2/v2.0/token`)
    expect(federationOf('openai-codex')?.baseUrlMustBe).toEqual([`${ORIGIN}/chatgpt.com/backend-api/codex`])
  })

  it('says what the identity method of a route could be set to, and sets nothing', async () => {
    const { toml } = rehearsal()
    const suggested = toml(ORIGIN, {
      anthropic: { subject_token: 'oidc:github', federation_rule_id: 'fdrl_1' },
      'azure-openai': { tenant_id: 't' },
    })
    expect(suggested).toContain(
      `[providers.anthropic.auth.federation]
token_url = "${ORIGIN}/api.anthropic.com/v1/oauth/token"
# subject_token = "oidc:github"
# federation_rule_id = "fdrl_1"

`,
    )
    expect(suggested).toContain('# enabled = true\n# tenant_id = "t"\n')
    expect(suggested.replace(/^# (?:enabled|\w+_\w+) = .*\n/gm, '')).toBe(toml(ORIGIN))
  })

  it('names the variables of an identity among those that lead elsewhere', () => {
    expect(rehearsal().variables).toEqual(
      expect.arrayContaining(['ANTHROPIC_IDENTITY_TOKEN', 'OPENAI_FEDERATION_RULE_ID', 'AZURE_TENANT_ID', 'AWS_ROLE_ARN']),
    )
  })

  it('switches nothing on that the vendor does not allow', async () => {
    world = await credentialWorld(rehearsal().toml(ORIGIN))
    const enabledIn = (routes: Iterable<Route>) =>
      [...routes].flatMap(({ id, entry }) => entry.auth.filter(({ enabled }) => enabled).map((auth) => `${id}/${auth.id}`))
    const plain = buildCatalogue({ providers: new Map(), enabled: [] })
    expect(enabledIn(world.catalogue.routes.values())).toEqual(enabledIn(plain.routes.values()))
  })

  it('shows nothing that would be taken for a secret, and is then struck out', () => {
    const toml = rehearsal().toml(ORIGIN)
    expect(redact(toml)).toBe(toml)
  })

  it('leads the variables of vendors where nothing else was chosen', () => {
    const { environment } = rehearsal()
    expect(environment(ORIGIN)).toEqual({
      ANTHROPIC_BASE_URL: `${ORIGIN}/api.anthropic.com`,
      OPENAI_BASE_URL: `${ORIGIN}/api.openai.com/v1`,
      KIMI_CODE_BASE_URL: `${ORIGIN}/api.kimi.com/coding/v1`,
      DASHSCOPE_BASE_URL: `${ORIGIN}/dashscope-intl.aliyuncs.com/compatible-mode/v1`,
      AZURE_OPENAI_BASE_URL: `${ORIGIN}/sandbox.openai.azure.com/openai/v1`,
    })
  })
})
