import { afterEach, describe, expect, it } from 'vitest'
import { federationHere } from '../../../src/app/identity/external-account.ts'
import { credentialWorld, type TestWorld } from '../../support/credential-world.ts'

const POOL = 'projects/1/locations/global/workloadIdentityPools/p/providers/q'
const FILE = {
  type: 'external_account',
  audience: `//iam.googleapis.com/${POOL}`,
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  token_url: 'https://sts.googleapis.com/v1/token',
  service_account_impersonation_url:
    'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/ci@project.iam.gserviceaccount.com:generateAccessToken',
  credential_source: { file: '/run/job.jwt', format: { type: 'text' } },
}
const RUNNER = 'https://runner.example/idtoken?api-version=2.0'

let here: TestWorld | undefined
afterEach(() => here?.remove())

async function reading(file: unknown, toml = '') {
  here = await credentialWorld(
    toml,
    { GOOGLE_APPLICATION_CREDENTIALS: '$DIR/google.json', ACTIONS_ID_TOKEN_REQUEST_URL: RUNNER },
    { 'google.json': typeof file === 'string' ? file : JSON.stringify(file) },
  )
  const route = here.catalogue.route('google-vertex')
  const auth = route.entry.auth.find(({ kind }) => kind === 'workload_identity')
  if (!auth) throw new Error('there is no such method')
  const { environment, machine } = here.ports
  const read = await federationHere({ route, auth }, { environment, uid: machine.uid }, { profile: 'default', isNamed: true })
  if (read.kind === 'absent') return 'absent'
  if (read.kind === 'faulty') return `${read.error.code}: ${read.error.message}`
  const { source, audience, values } = read.federation
  return { source, audience, values }
}

const ids = { pool_provider: POOL, service_account: 'ci@project.iam.gserviceaccount.com' }

describe("Google's own file of an external account", () => {
  it('says which pool and account, and where the token lies', async () => {
    expect(await reading(FILE)).toEqual({ source: 'file:/run/job.jwt', audience: `https://iam.googleapis.com/${POOL}`, values: ids })
  })

  it('may lead to the request of the runner, as the action of Google writes it', async () => {
    const source = {
      url: `${RUNNER}&audience=mine`,
      headers: { Authorization: 'Bearer x' },
      format: { type: 'json', subject_token_field_name: 'value' },
    }
    expect(await reading({ ...FILE, credential_source: source })).toEqual({ source: 'github', audience: 'mine', values: ids })
  })

  it("leaves the user's file the last word", async () => {
    const toml = '[providers.google-vertex.auth.federation]\nsubject_token = "file:/run/other.jwt"\n'
    expect(await reading(FILE, toml)).toBe('CLAW_CONFIG_INVALID: the identity of `google-vertex` is not complete')
  })

  it.each([
    ['of a service account is none of this', { type: 'service_account' }, 'absent'],
    ['that is no JSON is none of this', 'no JSON', 'absent'],
    [
      'with another token endpoint is refused',
      { ...FILE, token_url: 'https://sts.evil.example/v1/token' },
      'CLAW_CONFIG_INVALID: the file of `GOOGLE_APPLICATION_CREDENTIALS` names another token endpoint',
    ],
    [
      'that runs a program is refused',
      { ...FILE, credential_source: { executable: { command: 'sh' } } },
      'CLAW_CONFIG_INVALID: the file of `GOOGLE_APPLICATION_CREDENTIALS` runs a program for its token',
    ],
    [
      'with a source that is not read is refused',
      { ...FILE, credential_source: { url: 'https://elsewhere.example/' } },
      'CLAW_CONFIG_INVALID: the file of `GOOGLE_APPLICATION_CREDENTIALS` has a source of tokens that claw does not read',
    ],
    [
      'without a pool is refused',
      { ...FILE, audience: 'x' },
      'CLAW_CONFIG_INVALID: the file of `GOOGLE_APPLICATION_CREDENTIALS` names no pool and provider',
    ],
  ])('%s', async (_, file, expected) => {
    expect(await reading(file)).toBe(expected)
  })
})
