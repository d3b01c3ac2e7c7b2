import { afterEach, describe, expect, it } from 'vitest'
import { readFederation } from '../../../src/app/identity/federation.ts'
import { surveyCredentials } from '../../../src/app/credential/find-credential.ts'
import { credentialWorld, type TestWorld } from '../../support/credential-world.ts'

const ORGANIZATION = '0f0f0f0f-1111-4222-8333-444444444444'
const ANTHROPIC = { ANTHROPIC_FEDERATION_RULE_ID: 'fdrl_1', ANTHROPIC_ORGANIZATION_ID: ORGANIZATION }
const OPENAI = { OPENAI_IDENTITY_PROVIDER_ID: 'idp_1', OPENAI_SERVICE_ACCOUNT_ID: 'svc_acct_1' }
const CODEX = { OPENAI_FEDERATION_RULE_ID: 'idpm_1', OPENAI_IDENTITY_TOKEN_FILE: '/run/codex.jwt' }
const AZURE = { AZURE_TENANT_ID: 'tenant', AZURE_CLIENT_ID: 'client', AZURE_FEDERATED_TOKEN_FILE: '/run/azure.jwt' }

let here: TestWorld | undefined
afterEach(() => here?.remove())

/** What one identity method comes to, with a file and variables; `name` is what was asked for. */
async function reading(
  route: string,
  { toml = '', env = {}, auth = 'federation', name = route }: { toml?: string; env?: Record<string, string>; auth?: string; name?: string },
) {
  here = await credentialWorld(toml, env)
  const at = here.catalogue.route(route)
  const method = at.entry.auth.find(({ id }) => id === auth)
  if (!method) throw new Error(`${route} has no ${auth}`)
  return readFederation({ route: at, auth: method }, here.ports.environment, { profile: 'default', isNamed: name === route })
}

async function inForce(...args: Parameters<typeof reading>) {
  const read = await reading(...args)
  if (read.kind !== 'ready')
    throw new Error(`it is ${read.kind}${read.kind === 'faulty' ? `: ${read.error.message}: ${read.error.why}` : ''}`)
  const { source, isFresh, audience, isAudienceChosen, tokenUrl, values } = read.federation
  return { source, isFresh, audience, isAudienceChosen, tokenUrl, values }
}

async function fault(...args: Parameters<typeof reading>) {
  const read = await reading(...args)
  if (read.kind !== 'faulty') throw new Error(`it is ${read.kind}`)
  const { code, message, why, fix } = read.error
  return { code, message, why, fix }
}

describe('the settings of an identity', () => {
  it("come from the user's file", async () => {
    const toml = `[providers.anthropic.auth.ci]
method = "identity"
subject_token = "oidc:github?audience=https://example.com"
federation_rule_id = "fdrl_1"
organization_id = "${ORGANIZATION}"
`
    expect(await inForce('anthropic', { toml, auth: 'ci' })).toEqual({
      source: 'github',
      isFresh: true,
      audience: 'https://example.com',
      isAudienceChosen: true,
      tokenUrl: 'https://api.anthropic.com/v1/oauth/token',
      values: { federation_rule_id: 'fdrl_1', organization_id: ORGANIZATION },
    })
  })

  it("come from the variables of the vendor's own SDK, the token by value or by path", async () => {
    const common = {
      isFresh: false,
      audience: 'https://api.anthropic.com',
      isAudienceChosen: false,
      tokenUrl: 'https://api.anthropic.com/v1/oauth/token',
      values: { federation_rule_id: 'fdrl_1', organization_id: ORGANIZATION, workspace_id: 'default' },
    }
    const env = { ...ANTHROPIC, ANTHROPIC_WORKSPACE_ID: 'default' }
    expect(await inForce('anthropic', { env: { ...env, ANTHROPIC_IDENTITY_TOKEN: 'a.b.c' } })).toEqual({
      ...common,
      source: 'env:ANTHROPIC_IDENTITY_TOKEN',
    })
    expect(await inForce('anthropic', { env: { ...env, ANTHROPIC_IDENTITY_TOKEN_FILE: '/run/jwt' } })).toEqual({
      ...common,
      source: 'env:ANTHROPIC_IDENTITY_TOKEN_FILE',
    })
  })

  it('let variables fill what the file leaves open, and the file win where both speak', async () => {
    const toml = '[providers.anthropic.auth.federation]\nsubject_token = "oidc:github"\nfederation_rule_id = "fdrl_file"\n'
    const { values, source } = await inForce('anthropic', { toml, env: ANTHROPIC })
    expect({ values, source }).toEqual({ source: 'github', values: { federation_rule_id: 'fdrl_file', organization_id: ORGANIZATION } })
  })

  it("take the vendor's variable for the audience of the Platform, and the reference before it", async () => {
    const env = { ...OPENAI, OPENAI_WIF_AUDIENCE: 'from-the-variable' }
    const table = (reference: string) => `[providers.openai.auth.federation]\nsubject_token = "${reference}"\n`
    expect((await inForce('openai', { toml: table('oidc:github'), env })).audience).toBe('from-the-variable')
    expect((await inForce('openai', { toml: table('oidc:github?audience=mine'), env })).audience).toBe('mine')
    expect((await inForce('openai', { toml: table('oidc:github'), env: OPENAI })).audience).toBe('https://api.openai.com/v1')
  })

  it('fill the pool of Google into the address and the audience, and the tenant of Azure into the address', async () => {
    const pool = 'projects/1/locations/global/workloadIdentityPools/p/providers/q'
    const google = `[providers.google-vertex.auth.federation]\nsubject_token = "oidc:github"\npool_provider = "${pool}"\n`
    const { audience, tokenUrl } = await inForce('google-vertex', { toml: google })
    expect({ audience, tokenUrl }).toEqual({
      audience: `https://iam.googleapis.com/${pool}`,
      tokenUrl: 'https://sts.googleapis.com/v1/token',
    })
    // What the vendor is sent under that name is the pool: the setting can only mean the token of the job.
    const chosen = await inForce('google-vertex', { toml: `${google}audience = "https://acme.example"\n` })
    expect([chosen.audience, chosen.isAudienceChosen, chosen.values.audience]).toEqual(['https://acme.example', true, undefined])
    expect((await inForce('azure-openai', { env: AZURE })).tokenUrl).toBe('https://login.microsoftonline.com/tenant/oauth2/v2.0/token')
  })

  it('follow a base URL of the user file, and never one of the environment', async () => {
    const toml = '[providers.anthropic]\nbase_url = "https://gateway.example/anthropic"\n'
    const env = { ...ANTHROPIC, ANTHROPIC_IDENTITY_TOKEN: 'a.b.c' }
    expect((await inForce('anthropic', { toml, env })).tokenUrl).toBe('https://gateway.example/anthropic/v1/oauth/token')
    expect((await inForce('anthropic', { env: { ...env, ANTHROPIC_BASE_URL: 'https://gateway.example' } })).tokenUrl).toBe(
      'https://api.anthropic.com/v1/oauth/token',
    )
  })

  it.each([
    ['token-exchange', '', { audience: 'for-the-api', scope: 'a b', resource: 'https://api.example', color: 'red' }],
    ['jwt-bearer', '', { audience: 'for-the-api', scope: 'a b', resource: 'https://api.example', color: 'red' }],
    [
      'client-assertion',
      'client_id = "job"\n',
      { audience: 'for-the-api', scope: 'a b', resource: 'https://api.example', color: 'red', client_id: 'job' },
    ],
  ])('may name an authorization server of one`s own, by %s', async (grant, more, values) => {
    const toml = `[providers.acme]
protocol = "openai-chat"
base_url = "https://llm.acme.example/v1"
models = ["m"]
[providers.acme.auth.ci]
method = "identity"
subject_token = "file:/run/jwt"
token_endpoint = "https://sso.acme.example/token"
grant = "${grant}"
audience = "for-the-api"
scope = "a b"
resource = "https://api.example"
extra_params = { color = "red" }
${more}`
    expect(await inForce('acme', { toml, auth: 'ci' })).toEqual({
      source: 'file:/run/jwt',
      isFresh: false,
      audience: 'https://sso.acme.example/token',
      isAudienceChosen: false,
      tokenUrl: 'https://sso.acme.example/token',
      values,
    })
  })

  it('lie in one record for one set, whichever way it was given, and in another one for any other', async () => {
    const ids = async (env: Record<string, string>) => {
      const read = await reading('anthropic', { env })
      return read.kind === 'ready' ? read.federation.recordId : read.kind
    }
    const env = { ...ANTHROPIC, ANTHROPIC_IDENTITY_TOKEN: 'a.b.c' }
    expect(await ids(env)).toMatch(/^identity-[0-9a-f]{64}$/)
    expect(await ids({ ...env, ANTHROPIC_IDENTITY_TOKEN: 'd.e.f' })).toBe(await ids(env))
    expect(await ids({ ...env, ANTHROPIC_WORKSPACE_ID: 'default' })).not.toBe(await ids(env))
  })
})

describe('half a set', () => {
  it('is nothing where nothing was given', async () => {
    expect((await reading('anthropic', {})).kind).toBe('absent')
  })

  it.each([
    [
      'anthropic',
      { ANTHROPIC_FEDERATION_RULE_ID: 'fdrl_1' },
      'there is `federation_rule_id`; missing: `organization_id`, the identity token',
      'set `organization_id` and `subject_token` in [providers.anthropic.auth.federation], or ANTHROPIC_ORGANIZATION_ID and ANTHROPIC_IDENTITY_TOKEN',
    ],
    [
      'openai',
      OPENAI,
      'there is `identity_provider_id`, `service_account_id`; missing: the identity token',
      'set `subject_token` in [providers.openai.auth.federation]',
    ],
    [
      'openai-codex',
      { OPENAI_IDENTITY_TOKEN_FILE: '/run/jwt' },
      'there is the identity token; missing: `federation_rule_id`',
      'set `federation_rule_id` in [providers.openai-codex.auth.federation], or OPENAI_FEDERATION_RULE_ID',
    ],
  ])('of %s is exit 78, and says what is missing and where it goes', async (route, env, why, fix) => {
    expect(await fault(route, { env })).toEqual({
      code: 'CLAW_CONFIG_INVALID',
      message: `the identity of \`${route}\` is not complete`,
      why,
      fix,
    })
  })

  it('is nothing where the user file only moves an address', async () => {
    const toml = '[providers.bedrock.auth.federation]\ntoken_url = "https://sts.example/"\n'
    const env = { AWS_ROLE_ARN: 'arn:aws:iam::1:role/x', AWS_WEB_IDENTITY_TOKEN_FILE: '/run/jwt', AWS_REGION: 'eu-west-1' }
    expect((await reading('bedrock', { toml, env })).kind).toBe('absent')
  })

  it('is nothing where only an id is set that the vendor can do without', async () => {
    expect((await reading('anthropic', { env: { ANTHROPIC_WORKSPACE_ID: 'default' } })).kind).toBe('absent')
  })

  it('is a table of a name of its own that says nothing of the token', async () => {
    const server = `[providers.acme]
protocol = "openai-chat"
base_url = "https://llm.acme.example/v1"
models = ["m"]
[providers.acme.auth.ci]
method = "identity"
token_endpoint = "https://sso.acme.example/token"
`
    expect(await fault('acme', { toml: server, auth: 'ci' })).toEqual({
      code: 'CLAW_CONFIG_INVALID',
      message: 'the identity of `acme` is not complete',
      why: 'there is nothing of it; missing: the identity token',
      fix: 'set `subject_token` in [providers.acme.auth.ci]',
    })
  })

  it.each(['.', '..'])('S-31 an id `%s` leads to no other path of the token endpoint', async (tenant) => {
    const env = { AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: 'client', AZURE_FEDERATED_TOKEN_FILE: '/run/azure.jwt' }
    expect(await fault('azure-openai', { env })).toMatchObject({
      message: `an id of the configuration is \`${tenant}\`, which would lead to another path of the address that it stands in`,
    })
  })

  it('of Codex stands in nobody`s way, though its path is not absolute', async () => {
    const env = { OPENAI_IDENTITY_TOKEN_FILE: 'jwt' }
    expect((await reading('openai-codex', { env, name: 'openai' })).kind).toBe('absent')
    expect(await fault('openai-codex', { env })).toMatchObject({ message: '`OPENAI_IDENTITY_TOKEN_FILE` is no absolute path' })
  })

  it('of Codex is no matter of who asked for `openai`', async () => {
    expect((await reading('openai-codex', { env: { OPENAI_IDENTITY_TOKEN_FILE: '/run/jwt' }, name: 'openai' })).kind).toBe('absent')
    expect((await reading('openai', { env: { OPENAI_IDENTITY_TOKEN_FILE: '/run/jwt' } })).kind).toBe('absent')
  })

  it.each([
    ['azure-openai', { AZURE_TENANT_ID: 'tenant', AZURE_CLIENT_ID: 'client' }],
    ['bedrock', { AWS_ROLE_ARN: 'arn:aws:iam::1:role/x', AWS_WEB_IDENTITY_TOKEN_FILE: '/run/jwt', AWS_REGION: 'eu-west-1' }],
    ['google-vertex', { GOOGLE_APPLICATION_CREDENTIALS: '/run/sa.json' }],
  ])('of %s is nothing where other programs have the same variables', async (route, env) => {
    expect((await reading(route, { env })).kind).toBe('absent')
  })

  it.each([
    [
      'ids of another vendor',
      'anthropic',
      { ...ANTHROPIC, ANTHROPIC_FEDERATION_RULE_ID: 'idpm_1', ANTHROPIC_IDENTITY_TOKEN: 'a.b.c' },
      '`federation_rule_id` is no id of `anthropic`',
    ],
    [
      'a path that is not absolute',
      'openai-codex',
      { ...CODEX, OPENAI_IDENTITY_TOKEN_FILE: 'jwt' },
      '`OPENAI_IDENTITY_TOKEN_FILE` is no absolute path',
    ],
    [
      'a token by value and by path',
      'anthropic',
      { ...ANTHROPIC, ANTHROPIC_IDENTITY_TOKEN: 'a.b.c', ANTHROPIC_IDENTITY_TOKEN_FILE: '/run/jwt' },
      '`ANTHROPIC_IDENTITY_TOKEN` and `ANTHROPIC_IDENTITY_TOKEN_FILE` are both set',
    ],
    [
      'a context that is no JSON',
      'openai-codex',
      { ...CODEX, OPENAI_WORKLOAD_IDENTITY_CONTEXT: 'x' },
      '`workload_identity_context` of `openai-codex` is no JSON object of at most 1024 bytes',
    ],
    [
      'an authority elsewhere',
      'azure-openai',
      { ...AZURE, AZURE_AUTHORITY_HOST: 'https://login.example' },
      '`AZURE_AUTHORITY_HOST` names another authority than the one that `azure-openai` is exchanged at',
    ],
  ])('and %s are exit 78', async (_, route, env, message) => {
    const said = await fault(route, { env })
    expect({ code: said.code, message: said.message }).toEqual({ code: 'CLAW_CONFIG_INVALID', message })
  })
})

describe('where an identity stands among other credentials', () => {
  async function table(name: string, env: Record<string, string>, toml = '') {
    here = await credentialWorld(toml, env, { jwt: 'a.b.c' })
    const { rows, error, chosen } = await surveyCredentials(here, { named: here.catalogue.find(name), model: null })
    return { rows: rows.map(({ source, kind, state }) => `${source} ${kind} ${state}`), chosen: chosen?.source ?? error?.code }
  }
  const CI = '[providers.anthropic.auth.ci]\nmethod = "identity"\n'

  it('an API key of the environment wins in `auto`, the identity before a stored key', async () => {
    const env = { ...ANTHROPIC, ANTHROPIC_IDENTITY_TOKEN_FILE: '$DIR/jwt' }
    expect(await table('anthropic', { ...env, ANTHROPIC_API_KEY: 'sk-ant-api03-aaaaaaaaaaaaaaaa' })).toEqual({
      rows: ['env:ANTHROPIC_API_KEY api_key wins', 'identity:env:ANTHROPIC_IDENTITY_TOKEN_FILE identity shadowed'],
      chosen: 'env:ANTHROPIC_API_KEY',
    })
    expect(await table('anthropic', env)).toEqual({
      rows: ['identity:env:ANTHROPIC_IDENTITY_TOKEN_FILE identity wins'],
      chosen: 'identity:env:ANTHROPIC_IDENTITY_TOKEN_FILE',
    })
  })

  it('one whose token is not to be had here is missing, and the next candidate is taken', async () => {
    const toml = `[providers.anthropic.auth.federation]\nsubject_token = "oidc:github"\nfederation_rule_id = "fdrl_1"\norganization_id = "${ORGANIZATION}"\n`
    expect(await table('anthropic', { ANTHROPIC_AUTH_TOKEN: 'sk-ant-oat01-aaaaaaaaaaaaaaaa' }, toml)).toEqual({
      rows: ['identity:github identity missing', 'env:ANTHROPIC_AUTH_TOKEN token wins'],
      chosen: 'env:ANTHROPIC_AUTH_TOKEN',
    })
  })

  it('half a set stops who would use it, and nobody who uses something before it', async () => {
    const half = { ANTHROPIC_FEDERATION_RULE_ID: 'fdrl_1' }
    expect((await table('anthropic', half)).chosen).toBe('CLAW_CONFIG_INVALID')
    expect((await table('anthropic', { ...half, ANTHROPIC_API_KEY: 'sk-ant-api03-aaaaaaaaaaaaaaaa' })).chosen).toBe('env:ANTHROPIC_API_KEY')
  })

  it('variables that fill what a method of another name leaves open are no half set of their own', async () => {
    const toml = `${CI}subject_token = "cred:jwt"\n`
    expect(await table('anthropic', { ...ANTHROPIC, CREDENTIALS_DIRECTORY: '$DIR' }, toml)).toEqual({
      rows: ['identity:cred:jwt identity wins'],
      chosen: 'identity:cred:jwt',
    })
  })

  it('the identity of the file comes before one that variables hold whole', async () => {
    const env = { ...ANTHROPIC, ANTHROPIC_IDENTITY_TOKEN: 'a.b.c', CREDENTIALS_DIRECTORY: '$DIR' }
    expect((await table('anthropic', env, `${CI}subject_token = "cred:jwt"\n`)).rows).toEqual([
      'identity:cred:jwt identity wins',
      'identity:env:ANTHROPIC_IDENTITY_TOKEN identity shadowed',
    ])
  })

  it.each([
    [
      'oidc:github',
      { GITHUB_ACTIONS: 'true' },
      'add `permissions: { contents: read, id-token: write }` to the job; pull requests from forks get no identity token',
    ],
    ['oidc:github', {}, 'run it in GitHub Actions'],
    ['env:CI_JWT', { GITLAB_CI: 'true' }, 'add `id_tokens: { CI_JWT: { aud: "AUDIENCE" } }` to the job'],
    ['env:CI_JWT', {}, 'set CI_JWT to the identity token of this job'],
  ])('where nothing else is there, what %s lacks is the first thing to add: %j', async (reference, env, fix) => {
    here = await credentialWorld(`${CI}subject_token = "${reference}"\n`, { ...ANTHROPIC, ...env })
    const { error } = await surveyCredentials(here, { named: here.catalogue.find('anthropic'), model: null })
    expect({ code: error?.code, fix: error?.fix }).toEqual({ code: 'CLAW_NO_CREDENTIAL', fix })
  })

  it('where only API keys are wanted, an identity that lacks its source is no remedy', async () => {
    here = await credentialWorld(`[providers.anthropic]\nauth_mode = "api_key"\n${CI}subject_token = "oidc:github"\n`, ANTHROPIC)
    const { error } = await surveyCredentials(here, { named: here.catalogue.find('anthropic'), model: null })
    expect(error?.fix).toBe('set ANTHROPIC_API_KEY')
  })

  it('where the method of an identity that is set up is off, switching it on is the remedy', async () => {
    here = await credentialWorld('[providers.azure-openai.auth.federation]\nsubject_token = "file:$DIR/jwt"\n', AZURE, { jwt: 'a.b.c' })
    const { error } = await surveyCredentials(here, { named: here.catalogue.find('azure-openai'), model: null })
    expect(error?.fix).toBe(
      'set `enabled = true` in [providers.azure-openai.auth.federation] of your own file, or CLAW_ENABLE=azure-openai/federation',
    )
  })

  it('where both sets of OpenAI are there, `openai` means the Platform and `openai-codex` the other', async () => {
    const toml = '[providers.openai.auth.federation]\nsubject_token = "file:$DIR/jwt"\n'
    const env = { ...OPENAI, ...CODEX, OPENAI_IDENTITY_TOKEN_FILE: '$DIR/jwt' }
    expect((await table('openai', env, toml)).rows).toEqual([
      expect.stringMatching(/^identity:file:.*jwt identity wins$/),
      'identity:env:OPENAI_IDENTITY_TOKEN_FILE identity shadowed',
    ])
    expect((await table('openai-codex', env, toml)).rows).toEqual(['identity:env:OPENAI_IDENTITY_TOKEN_FILE identity wins'])
  })
})
