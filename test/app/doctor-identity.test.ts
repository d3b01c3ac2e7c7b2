import { chmod, readFile } from 'node:fs/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { IDENTITY_ASPECTS } from '../../src/app/doctor/check-ids.ts'
import type { DoctorOptions } from '../../src/app/doctor/ground.ts'
import { runDoctor } from '../../src/app/doctor/run-doctor.ts'
import { readFederation } from '../../src/app/identity/federation.ts'
import { ClawError } from '../../src/core/errors.ts'
import { Secret } from '../../src/core/secret.ts'
import { fingerprintOf } from '../../src/credentials/next-record.ts'
import { isLease } from '../../src/credentials/store.ts'
import { type Applied, applied } from '../support/apply-fix.ts'
import { sessionOf } from '../support/credential-session.ts'
import { credentialWorld, type TestWorld } from '../support/credential-world.ts'
import { failureOf } from '../support/failure.ts'
import { subjectOf } from '../support/subject.ts'

const worlds: TestWorld[] = []
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((each) => each.remove()))
})

const OPTIONS: DoctorOptions = {
  offline: true,
  probe: false,
  mayRefresh: false,
  only: [],
  skip: [],
  provider: 'anthropic',
  failOn: 'error',
  fix: false,
}

/** When the fake clock starts, s. */
const NOW = Date.UTC(2026, 0, 1) / 1_000
const AUDIENCE = 'https://api.anthropic.com'
const HEADER = { alg: 'RS256', kid: 'key-1' }
const CLAIMS = {
  iss: 'https://gitlab.example',
  sub: 'project_path:them/app:ref_type:branch:ref:main',
  aud: AUDIENCE,
  iat: NOW - 60,
  exp: NOW + 600,
  jti: 'one',
}
const IDS = { federation_rule_id: 'fdrl_1', organization_id: '0f0f0f0f-1111-4222-8333-444444444444' }
const TABLE = '[providers.anthropic.auth.federation]'
const toml = (values: Readonly<Record<string, string>>) =>
  `${TABLE}\n${Object.entries(values)
    .map(([key, value]) => `${key} = "${value}"\n`)
    .join('')}`
const token = (claims: Readonly<Record<string, unknown>> = {}, header: Readonly<Record<string, unknown>> = HEADER) =>
  subjectOf(header, { ...CLAIMS, ...claims })

interface Machine {
  readonly toml?: string
  readonly env?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
  readonly options?: Partial<DoctorOptions>
  readonly arrange?: (here: TestWorld) => Promise<void>
  readonly store?: Parameters<typeof sessionOf>[1]
}

/** A job of GitLab whose identity is in order. */
const GOOD = {
  toml: toml({ ...IDS, subject_token: 'env:CI_JWT' }),
  env: { GITLAB_CI: 'true', CI_JWT: token() },
} satisfies Machine

async function examined({ toml: text = '', env = {}, files = {}, options = {}, arrange, store }: Machine) {
  const here = await credentialWorld(text, env, files)
  worlds.push(here)
  await arrange?.(here)
  return runDoctor(sessionOf(here, store), { ...OPTIONS, ...options })
}

/** What is not as it should be, of checks of a credential, in one line each; and the exit code. */
async function faults(machine: Machine) {
  const { checks, exit } = await examined(machine)
  const found = checks.filter(({ id, status }) => id.startsWith('credential.') && status !== 'pass' && !isGrounded(status, id, checks))
  return {
    exit: exit.code,
    faults: found.map(({ id, status, detail, fix }) => [
      `${status} ${id.replace('credential.', '')}`,
      detail,
      ...(fix ? [Object.values(fix).join(' | ')] : []),
    ]),
  }
}

/** Whether a check was skipped because the one that it builds on was. */
function isGrounded(status: string, id: string, checks: readonly { id: string; status: string }[]): boolean {
  return status === 'skip' && !id.endsWith('-source') && checks.some((each) => each.id.endsWith('-source') && each.status !== 'pass')
}

describe('an identity in order', () => {
  it('is looked at in every respect, and nothing is found', async () => {
    const { checks, exit } = await examined(GOOD)
    expect(exit.code).toBe(0)
    expect(checks.filter(({ id }) => /^(?:credential|provider)\./.test(id)).map(({ id, status, detail }) => [id, status, detail])).toEqual([
      ['credential.anthropic.present', 'pass', 'identity from identity:env:CI_JWT, not exchanged yet, no key stored'],
      [
        'credential.anthropic.identity-settings',
        'pass',
        'federation_rule_id fdrl_1, organization_id 0f0f0f0f-1111-4222-8333-444444444444, without service_account_id, which the vendor advises to send',
      ],
      ['credential.anthropic.identity-first', 'pass', 'nothing comes before it'],
      ['credential.anthropic.identity-source', 'pass', '`env:CI_JWT` gives the same one until it is replaced'],
      ['credential.anthropic.identity-shape', 'pass', '276 bytes, and 16384 are taken'],
      ['credential.anthropic.identity-algorithm', 'pass', 'RS256, key key-1'],
      ['credential.anthropic.identity-claims', 'pass', 'iss `https://gitlab.example`; sub, iat, exp are there'],
      ['credential.anthropic.identity-time', 'pass', 'for another 10m'],
      ['credential.anthropic.identity-lifetime', 'pass', 'it lives 11m, and 1h are taken'],
      ['credential.anthropic.identity-audience', 'pass', '`https://api.anthropic.com`, the usual one'],
      [
        'credential.anthropic.identity-subject',
        'pass',
        "`project_path:them/app:ref_type:branch:ref:main`; the vendor's side: this subject, or a prefix of it",
      ],
      [
        'credential.anthropic.identity-reuse',
        'pass',
        '`env:CI_JWT` gives the same token until it is replaced, and the vendor takes each once: what the first exchange brings is kept for this job',
      ],
      ['provider.anthropic.accepts', 'skip', 'not asked: --offline'],
    ])
  })

  it.each<[string, Machine]>([
    ['nothing at all', {}],
    ['a key', { env: { ANTHROPIC_API_KEY: 'sk-ant-api03-aaaaaaaaaaaaaaaaaaaa' } }],
    [
      'variables of a platform that mean something else too',
      { env: { AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c' }, options: { provider: 'azure-openai' } },
    ],
  ])('is not spoken of where there is none: %s', async (_, machine) => {
    const { checks } = await examined(machine)
    expect(checks.filter(({ id }) => id.includes('identity'))).toEqual([])
  })
})

/** One fault, what is found of it, and what the world must do beside the fix; `null`: nothing that is typed here helps. */
type Row = readonly [
  fault: string,
  machine: Machine,
  exit: number,
  faults: readonly (readonly string[])[],
  after?: Partial<Record<'env' | 'files', Readonly<Record<string, string>>>> | null,
]

const A = 'anthropic.identity'
const half = 'the identity of `anthropic` is not complete: there is'
const JWT = token()
/** Of what has been said of the credential in full. */
const PRESENT = 'not checked, because `credential.anthropic.present` did not hold'

const ROWS: readonly Row[] = [
  // 1. settings
  [
    'no token, where the system has one',
    { toml: toml(IDS), env: { GITHUB_ACTIONS: 'true' } },
    1,
    [
      [
        'fail anthropic.present',
        `${half} \`federation_rule_id\`, \`organization_id\`; missing: the identity token (CLAW_CONFIG_INVALID)`,
        `\`subject_token = "oidc:github"\` in ${TABLE}`,
      ],
      [`skip ${A}-settings`, PRESENT],
    ],
  ],
  [
    'no token, where the system puts it into a variable',
    { env: { GITLAB_CI: 'true', ANTHROPIC_FEDERATION_RULE_ID: IDS.federation_rule_id, ANTHROPIC_ORGANIZATION_ID: IDS.organization_id } },
    1,
    [
      [
        'fail anthropic.present',
        `${half} \`federation_rule_id\`, \`organization_id\`; missing: the identity token (CLAW_CONFIG_INVALID)`,
        '`id_tokens: { ANTHROPIC_IDENTITY_TOKEN: { aud: "https://api.anthropic.com" } }` in the job',
      ],
      [`skip ${A}-settings`, PRESENT],
    ],
    { env: { ANTHROPIC_IDENTITY_TOKEN: JWT } },
  ],
  [
    'ids that are missing',
    { ...GOOD, toml: toml({ subject_token: 'env:CI_JWT' }) },
    1,
    [
      [
        'fail anthropic.present',
        `${half} the identity token; missing: \`federation_rule_id\`, \`organization_id\` (CLAW_CONFIG_INVALID)`,
        `\`federation_rule_id = "fdrl_…"\`, \`organization_id = "…"\` in ${TABLE} | ANTHROPIC_FEDERATION_RULE_ID and ANTHROPIC_ORGANIZATION_ID`,
      ],
      [`skip ${A}-settings`, PRESENT],
    ],
  ],
  [
    'half a set beside a key',
    { env: { ANTHROPIC_FEDERATION_RULE_ID: 'fdrl_1', ANTHROPIC_API_KEY: 'sk-ant-api03-aaaaaaaaaaaaaaaaaaaa' } },
    0,
    [
      [
        `warn ${A}-settings`,
        `${half} \`federation_rule_id\`; missing: \`organization_id\`, the identity token`,
        `\`organization_id = "…"\`, \`subject_token = "…"\` in ${TABLE} | ANTHROPIC_ORGANIZATION_ID and ANTHROPIC_IDENTITY_TOKEN_FILE`,
      ],
    ],
    null,
  ],
  [
    'the id of another vendor, in the file',
    { ...GOOD, toml: toml({ ...IDS, federation_rule_id: 'idpm_1', subject_token: 'env:CI_JWT' }) },
    1,
    [
      [
        'fail anthropic.present',
        '`federation_rule_id` is no id of `anthropic`: it is `idpm_1`, and one matches `^fdrl_`; it has the shape of an id of `openai-codex` (CLAW_CONFIG_INVALID)',
        `\`federation_rule_id = "fdrl_…"\` in ${TABLE}`,
      ],
      [`skip ${A}-settings`, PRESENT],
    ],
  ],
  [
    'the id of another field, in a variable',
    {
      ...GOOD,
      toml: toml({ organization_id: IDS.organization_id, subject_token: 'env:CI_JWT' }),
      env: { ...GOOD.env, ANTHROPIC_FEDERATION_RULE_ID: 'svac_1' },
    },
    1,
    [
      [
        'fail anthropic.present',
        '`federation_rule_id` is no id of `anthropic`: it is `svac_1`, and one matches `^fdrl_`; it has the shape of `service_account_id` (CLAW_CONFIG_INVALID)',
        'ANTHROPIC_FEDERATION_RULE_ID',
      ],
      [`skip ${A}-settings`, PRESENT],
    ],
  ],
  [
    'a token by value and by path',
    { toml: toml(IDS), env: { ANTHROPIC_IDENTITY_TOKEN: JWT, ANTHROPIC_IDENTITY_TOKEN_FILE: '/run/jwt' } },
    1,
    [
      [
        'fail anthropic.present',
        '`ANTHROPIC_IDENTITY_TOKEN` and `ANTHROPIC_IDENTITY_TOKEN_FILE` are both set (CLAW_CONFIG_INVALID)',
        'unset ANTHROPIC_IDENTITY_TOKEN_FILE',
      ],
      [`skip ${A}-settings`, PRESENT],
    ],
  ],
  // 2. source
  [
    'GitHub without its permission',
    { toml: toml({ ...IDS, subject_token: 'oidc:github' }), env: { GITHUB_ACTIONS: 'true' } },
    1,
    [
      [
        'fail anthropic.present',
        'there is no usable credential for `anthropic`: identity:github is missing: ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are not set',
        '`permissions: { contents: read, id-token: write }` in the job',
      ],
      [
        `fail ${A}-source`,
        '`github` has no identity token here: ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are not set; pull requests from forks get no identity token',
        '`permissions: { contents: read, id-token: write }` in the job',
      ],
    ],
    null,
  ],
  [
    'GitHub, in a pull request from a fork',
    {
      toml: toml({ ...IDS, subject_token: 'oidc:github' }),
      env: {
        GITHUB_ACTIONS: 'true',
        GITHUB_EVENT_NAME: 'pull_request',
        GITHUB_REPOSITORY: 'them/app',
        GITHUB_EVENT_PATH: '$DIR/event.json',
      },
      files: { 'event.json': JSON.stringify({ pull_request: { head: { repo: { full_name: 'me/app', fork: true } } } }) },
    },
    1,
    [
      [
        'fail anthropic.present',
        'secrets are not available to pull requests from forks; there is no usable credential for `anthropic`: identity:github is missing: ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are not set',
        '`if: github.event.pull_request.head.repo.fork != true` in the job',
      ],
      [
        `fail ${A}-source`,
        '`github` has no identity token here: ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are not set; a pull request from a fork gets none in GitHub Actions',
        '`if: github.event.pull_request.head.repo.fork != true` in the job',
      ],
    ],
    null,
  ],
  [
    'GitLab without its token',
    { ...GOOD, env: { GITLAB_CI: 'true' } },
    1,
    [
      [
        'fail anthropic.present',
        'there is no usable credential for `anthropic`: identity:env:CI_JWT is missing: CI_JWT is not set',
        '`id_tokens: { CI_JWT: { aud: "https://api.anthropic.com" } }` in the job',
      ],
      [
        `fail ${A}-source`,
        '`env:CI_JWT` has no identity token here: CI_JWT is not set',
        '`id_tokens: { CI_JWT: { aud: "https://api.anthropic.com" } }` in the job',
      ],
    ],
    { env: { CI_JWT: JWT } },
  ],
  [
    'Bitbucket without its token',
    { toml: toml({ ...IDS, subject_token: 'env:BITBUCKET_STEP_OIDC_TOKEN' }), env: { BITBUCKET_COMMIT: 'c', CI: 'true' } },
    1,
    [
      [
        'fail anthropic.present',
        'there is no usable credential for `anthropic`: identity:env:BITBUCKET_STEP_OIDC_TOKEN is missing: BITBUCKET_STEP_OIDC_TOKEN is not set',
        '`oidc: audiences: [https://api.anthropic.com]` in the step',
      ],
      [
        `fail ${A}-source`,
        '`env:BITBUCKET_STEP_OIDC_TOKEN` has no identity token here: BITBUCKET_STEP_OIDC_TOKEN is not set; or `oidc: true` for the audience of the workspace',
        '`oidc: audiences: [https://api.anthropic.com]` in the step',
      ],
    ],
    { env: { BITBUCKET_STEP_OIDC_TOKEN: JWT } },
  ],
  [
    'Azure Pipelines without the token of the job',
    {
      toml: toml({ ...IDS, subject_token: 'oidc:azure-pipelines' }),
      env: { TF_BUILD: 'True', SYSTEM_OIDCREQUESTURI: 'https://dev.azure.example/oidc' },
    },
    1,
    [
      [
        'fail anthropic.present',
        'there is no usable credential for `anthropic`: identity:azure-pipelines is missing: SYSTEM_ACCESSTOKEN is not set',
        '`env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)` in the step',
      ],
      [
        `fail ${A}-source`,
        '`azure-pipelines` has no identity token here: SYSTEM_ACCESSTOKEN is not set',
        '`env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)` in the step',
      ],
    ],
    null,
  ],
  [
    'Kubernetes without its volume',
    { toml: toml({ ...IDS, subject_token: 'file:$DIR/jwt' }), env: { KUBERNETES_SERVICE_HOST: '10.0.0.1' } },
    1,
    [
      [
        'fail anthropic.present',
        'there is no usable credential for `anthropic`: identity:file:$DIR/jwt is missing: cannot read $DIR/jwt: ENOENT',
        '`serviceAccountToken: {audience: https://api.anthropic.com, expirationSeconds: 3600, path: jwt}` in a projected volume that is mounted there',
      ],
      [
        `fail ${A}-source`,
        '`file:$DIR/jwt` has no identity token here: cannot read $DIR/jwt: ENOENT',
        '`serviceAccountToken: {audience: https://api.anthropic.com, expirationSeconds: 3600, path: jwt}` in a projected volume that is mounted there',
      ],
    ],
    { files: { jwt: token({ jti: undefined }) } },
  ],
  [
    'CircleCI without its program',
    { toml: toml({ ...IDS, subject_token: 'oidc:circleci' }), env: { CIRCLECI: 'true', PATH: '/nonexistent' } },
    1,
    [
      [
        'fail anthropic.present',
        'there is no usable credential for `anthropic`: identity:circleci is missing: there is no program `circleci` in PATH',
      ],
      [
        `fail ${A}-source`,
        '`circleci` has no identity token here: there is no program `circleci` in PATH; run it in a CircleCI job; a build of a fork gets a token only where `Pass secrets to builds from forked pull requests` is on',
      ],
    ],
    null,
  ],
  [
    'Buildkite without its program',
    { toml: toml({ ...IDS, subject_token: 'oidc:buildkite' }), env: { BUILDKITE: 'true', PATH: '/nonexistent' } },
    1,
    [
      [
        'fail anthropic.present',
        'there is no usable credential for `anthropic`: identity:buildkite is missing: there is no program `buildkite-agent` in PATH',
      ],
      [
        `fail ${A}-source`,
        '`buildkite` has no identity token here: there is no program `buildkite-agent` in PATH; run it in the job itself, or give BUILDKITE_JOB_ID, BUILDKITE_AGENT_ACCESS_TOKEN and the program buildkite-agent to its container',
      ],
    ],
    null,
  ],
  [
    'a file that every user may write',
    {
      toml: toml({ ...IDS, subject_token: 'file:$DIR/jwt' }),
      files: { jwt: JWT },
      arrange: async (here) => chmod(`${here.dir}/jwt`, 0o666),
    },
    1,
    [[`fail ${A}-source`, 'the file of `file:$DIR/jwt` can be written by every user: its mode is 666', 'chmod o-w $DIR/jwt']],
    null,
  ],
  // 3. and on: the token
  [
    'three dots',
    { ...GOOD, env: { ...GOOD.env, CI_JWT: '...' } },
    1,
    [
      [`fail ${A}-shape`, 'the identity token is no JWT (three parts in base64url, the first two JSON objects); check where it comes from'],
      ...['algorithm', 'claims', 'time', 'lifetime', 'audience', 'subject'].map((aspect) => [
        `skip ${A}-${aspect}`,
        'the identity token is no JWT (three parts in base64url, the first two JSON objects)',
      ]),
    ],
    null,
  ],
  [
    '20 KB',
    { ...GOOD, env: { ...GOOD.env, CI_JWT: token({ more: 'x'.repeat(20_000) }) } },
    1,
    [
      [`fail ${A}-shape`, 'the identity token has 26956 bytes, and at most 16384 are taken; leave claims out of it'],
      ...['algorithm', 'claims', 'time', 'lifetime', 'audience', 'subject'].map((aspect) => [
        `skip ${A}-${aspect}`,
        'the identity token has 26956 bytes, and at most 16384 are taken',
      ]),
    ],
    null,
  ],
  [
    'no signature at all',
    { ...GOOD, env: { ...GOOD.env, CI_JWT: token({}, { alg: 'none', kid: 'k' }) } },
    1,
    [
      [
        `fail ${A}-algorithm`,
        'the identity token is not signed (`alg: none`); have it signed with one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512',
      ],
    ],
    null,
  ],
  [
    'a shared secret',
    { ...GOOD, env: { ...GOOD.env, CI_JWT: token({}, { alg: 'HS256', kid: 'k' }) } },
    1,
    [
      [
        `fail ${A}-algorithm`,
        'the identity token is signed with a shared secret (`HS256`); have it signed with one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512',
      ],
    ],
    null,
  ],
  [
    'an algorithm that the vendor does not take',
    { ...GOOD, env: { ...GOOD.env, CI_JWT: token({}, { alg: 'EdDSA', kid: 'k' }) } },
    1,
    [
      [
        `fail ${A}-algorithm`,
        'the identity token is signed with `EdDSA`, which is not taken; have it signed with one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512',
      ],
    ],
    null,
  ],
  [
    'no key id',
    { ...GOOD, env: { ...GOOD.env, CI_JWT: token({}, { alg: 'RS256' }) } },
    1,
    [[`fail ${A}-algorithm`, 'the header of the identity token has no `kid`; use an issuer that names the key of each token']],
    null,
  ],
  [
    'no time of issue',
    { ...GOOD, env: { ...GOOD.env, CI_JWT: token({ iat: undefined }) } },
    1,
    [[`fail ${A}-claims`, 'the identity token has no `iat`; have the issuer put it in']],
    null,
  ],
  [
    'no subject',
    { ...GOOD, env: { ...GOOD.env, CI_JWT: token({ sub: undefined }) } },
    1,
    [
      [`fail ${A}-claims`, 'the identity token has no `sub`; have the issuer put it in'],
      [`skip ${A}-subject`, 'the identity token has no `sub`'],
    ],
    null,
  ],
  [
    'an end in words',
    { ...GOOD, env: { ...GOOD.env, CI_JWT: token({ exp: 'tomorrow' }) } },
    1,
    [[`fail ${A}-claims`, '`exp` of the identity token is no number; have the issuer write seconds since 1970']],
    null,
  ],
  [
    'expired',
    { ...GOOD, env: { ...GOOD.env, CI_JWT: token({ iat: NOW - 3_000, exp: NOW - 2_000 }) } },
    1,
    [
      [
        `fail ${A}-time`,
        'the identity token expired at 2025-12-31T23:26:40Z, and it is 2026-01-01T00:00:00.000Z; get a new identity token where this one came from',
      ],
    ],
    null,
  ],
  [
    'not yet valid',
    { ...GOOD, env: { ...GOOD.env, CI_JWT: token({ nbf: NOW + 600 }) } },
    1,
    [
      [
        `fail ${A}-time`,
        'the identity token is not valid before 2026-01-01T00:10:00Z, and it is 2026-01-01T00:00:00.000Z; set the clock of this machine, or wait',
      ],
    ],
    null,
  ],
  [
    'a life of two hours, in a job of GitLab',
    { ...GOOD, env: { ...GOOD.env, CI_JWT: token({ exp: NOW + 7_200 }) } },
    0,
    [[`warn ${A}-lifetime`, 'the identity token lives 7260 s, and 3600 s are the most by custom', '`timeout: 1 hour` in the job']],
    { env: { CI_JWT: JWT } },
  ],
  [
    'a life of two hours, of anybody',
    { toml: GOOD.toml, env: { CI_JWT: token({ exp: NOW + 7_200, jti: undefined }) } },
    0,
    [
      [
        `warn ${A}-lifetime`,
        "the identity token lives 7260 s, and 3600 s are the most by custom; shorten it at the issuer, or raise the maximum in the vendor's settings of it",
      ],
    ],
    null,
  ],
  [
    'another audience than the usual one',
    { ...GOOD, env: { ...GOOD.env, CI_JWT: token({ aud: 'https://gitlab.example' }) } },
    0,
    [
      [
        `warn ${A}-audience`,
        'the identity token is for `https://gitlab.example`, not for `https://api.anthropic.com`',
        '`id_tokens: { CI_JWT: { aud: "https://api.anthropic.com" } }` in the job',
      ],
    ],
    { env: { CI_JWT: JWT } },
  ],
  [
    'another audience than the chosen one',
    { ...GOOD, toml: toml({ ...IDS, subject_token: 'env:CI_JWT', audience: 'claw' }) },
    1,
    [
      [
        `fail ${A}-audience`,
        'the identity token is for `https://api.anthropic.com`, not for `claw`',
        '`id_tokens: { CI_JWT: { aud: "claw" } }` in the job',
      ],
    ],
    { env: { CI_JWT: token({ aud: ['x', 'claw'] }) } },
  ],
  [
    'a slip of the pen in the audience, which the token has too',
    {
      ...GOOD,
      toml: toml({ ...IDS, subject_token: 'env:CI_JWT', audience: 'https://api.antropic.com' }),
      env: { ...GOOD.env, CI_JWT: token({ aud: ['https://api.antropic.com', AUDIENCE] }) },
    },
    0,
    [
      [
        `warn ${A}-audience`,
        '`https://api.antropic.com`, as it was asked for; the usual one is almost the same: `https://api.anthropic.com`',
        `\`audience = "https://api.anthropic.com"\` in ${TABLE}`,
      ],
    ],
  ],
  [
    'a slip of the pen in the audience, which the token has not',
    { ...GOOD, toml: toml({ ...IDS, subject_token: 'env:CI_JWT', audience: 'https://api.anthropic.com/' }) },
    1,
    [
      [
        `fail ${A}-audience`,
        'the identity token is for `https://api.anthropic.com`, not for `https://api.anthropic.com/`; the usual one is almost the same: `https://api.anthropic.com`',
        `\`audience = "https://api.anthropic.com"\` in ${TABLE}`,
      ],
    ],
  ],
  // 10. to 12.
  [
    'a fixed token that outlives its container',
    { toml: toml({ ...IDS, subject_token: 'file:$DIR/jwt' }), env: { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, files: { jwt: JWT } },
    0,
    [
      [
        `warn ${A}-reuse`,
        '`file:$DIR/jwt` gives the same token until it is replaced, and the vendor takes each once: whoever starts again without the store of claw presents one that is used up; keep that store, or have the vendor take a `jti` again',
      ],
    ],
    null,
  ],
  [
    'a fixed token and a store in memory',
    { ...GOOD, env: { ...GOOD.env, CLAW_STORE: 'memory' } },
    0,
    [
      [
        `warn ${A}-reuse`,
        '`env:CI_JWT` gives the same token until it is replaced, and the vendor takes each once: with a store in memory the second command of this job presents one that is used up',
        'unset CLAW_STORE',
      ],
    ],
  ],
  [
    'a key before it, in a variable',
    { ...GOOD, env: { ...GOOD.env, ANTHROPIC_API_KEY: 'sk-ant-api03-aaaaaaaaaaaaaaaaaaaa' } },
    0,
    [
      [
        `warn ${A}-first`,
        'api_key from env:ANTHROPIC_API_KEY (sk-ant-api03-…aaaa) is used in its place: the account of that key pays, and no identity is exchanged',
        'unset ANTHROPIC_API_KEY',
      ],
    ],
  ],
  [
    'a key before it, in the file',
    { ...GOOD, toml: `[providers.anthropic]\napi_key = "sk-ant-api03-aaaaaaaaaaaaaaaaaaaa"\n${GOOD.toml}` },
    0,
    [
      [
        `warn ${A}-first`,
        'api_key from config (sk-ant-api03-…aaaa) is used in its place: the account of that key pays, and no identity is exchanged',
        '`auth_mode = "oauth"` in [providers.anthropic]',
      ],
    ],
  ],
]

describe('a fault', () => {
  it.each(ROWS.map(([fault, machine, exit, expected]) => ({ fault, machine, exit, expected })))(
    '$fault: what is found, and the exit code $exit',
    async ({ machine, exit, expected }) => {
      const found = await faults(machine)
      const dir = worlds.at(-1)?.dir ?? ''
      const here = (text: string) => text.replaceAll('$DIR', dir)
      expect(found).toEqual({ exit, faults: expected.map((fault) => fault.map(here)) })
    },
  )

  it.each(ROWS.flatMap(([fault, machine, , expected, after]) => (after === null ? [] : [{ fault, machine, expected, after }])))(
    '$fault: done as the report says, the check passes',
    async ({ machine, expected, after }) => {
      const ids = expected.map(([head]) => `credential.${head?.split(' ')[1]}`)
      const id = ids.at(-1)
      const { checks: before } = await examined(machine)
      const fix = ids.flatMap((each) => before.find((check) => check.id === each)?.fix ?? [])[0]
      if (!fix) throw new Error('there is no fix')
      const mended = applied(fix, machine as Applied, SAMPLES)
      const { checks } = await examined({
        ...machine,
        ...mended,
        env: { ...mended.env, ...after?.env },
        files: { ...mended.files, ...after?.files },
      })
      expect(checks.find((check) => check.id === id)).toMatchObject({ id, status: 'pass' })
    },
  )
})

describe('a fix that names variables beside the lines of the file', () => {
  it.each(
    ROWS.filter(([, , , expected]) => expected.some(([, , fix]) => fix?.includes(' | '))).map(([fault, machine]) => ({ fault, machine })),
  )('$fault: done with the variables, the check passes', async ({ machine }) => {
    const id = 'credential.anthropic.identity-settings'
    const { env = '' } = (await examined(machine)).checks.find(({ fix }) => fix?.env !== undefined)?.fix ?? {}
    const set = Object.fromEntries(env.split(' and ').map((name) => [name, SAMPLES[name] ?? '']))
    const { checks } = await examined({ ...machine, env: { ...machine.env, ...set }, files: { jwt: JWT } })
    expect(checks.find((check) => check.id === id)).toMatchObject({ id, status: 'pass' })
  })

  it('a file that every user may write: done as the report says, its token can be had', async () => {
    const machine: Machine = { toml: toml({ ...IDS, subject_token: 'file:$DIR/jwt' }), files: { jwt: token({ jti: undefined }) } }
    const open = await examined({ ...machine, arrange: (here) => chmod(`${here.dir}/jwt`, 0o666) })
    const command = open.checks.find(({ id }) => id.endsWith('identity-source'))?.fix?.command
    expect(command).toBe(`chmod o-w ${worlds.at(-1)?.dir}/jwt`)
    expect(await faults({ ...machine, arrange: (here) => chmod(`${here.dir}/jwt`, 0o664) })).toEqual({ exit: 0, faults: [] })
  })
})

describe('an identity that is not taken', () => {
  const KEY = { ANTHROPIC_API_KEY: 'sk-ant-api03-aaaaaaaaaaaaaaaaaaaa' }
  const GITHUB = toml({ ...IDS, subject_token: 'oidc:github' })

  it('is where it belongs elsewhere: the same file on another machine', async () => {
    const away =
      '`github` has no identity token here: ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are not set; api_key from env:ANTHROPIC_API_KEY is used in its place'
    expect(await faults({ toml: GITHUB, env: KEY })).toEqual({ exit: 0, faults: [['skip anthropic.identity-source', away]] })
    const { checks } = await examined({ toml: GITHUB, env: KEY })
    expect(checks.filter(({ id }) => id.includes('identity')).map(({ id }) => id)).toEqual([
      'credential.anthropic.identity-settings',
      'credential.anthropic.identity-source',
    ])
  })

  it('is where it should be used: its own CI system, without its token', async () => {
    expect(await faults({ toml: GITHUB, env: { ...KEY, GITHUB_ACTIONS: 'true' } })).toEqual({
      exit: 0,
      faults: [
        [
          'warn anthropic.identity-source',
          '`github` has no identity token here: ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are not set; pull requests from forks get no identity token',
          '`permissions: { contents: read, id-token: write }` in the job',
        ],
      ],
    })
  })

  it('makes no report fail, whatever is wrong with it', async () => {
    const env = { ...GOOD.env, ...KEY, CI_JWT: token({ iat: NOW - 3_000, exp: NOW - 2_000, aud: 'x' }) }
    const { exit, faults: found } = await faults({ ...GOOD, toml: toml({ ...IDS, subject_token: 'env:CI_JWT', audience: 'claw' }), env })
    expect([exit, found.map(([head]) => head)]).toEqual([
      0,
      ['warn anthropic.identity-first', 'warn anthropic.identity-time', 'warn anthropic.identity-audience'],
    ])
  })

  it('is not told so where another tier takes it', async () => {
    const tiers = '[tiers.a]\nmodel = "anthropic"\n[tiers.b]\nmodel = "anthropic"\nauth_mode = "oauth"\n'
    const env = { ...GOOD.env, ...KEY }
    expect((await faults({ toml: `${tiers}${GOOD.toml}`, env, options: { provider: undefined } })).faults).toEqual([])
  })

  it.each<[string, string, Readonly<Record<string, string>>, string]>([
    ['a variable', '', { CLAW_AUTH_MODE: 'api_key' }, 'CLAW_AUTH_MODE'],
    ['its provider', '[providers.anthropic]\nauth_mode = "api_key"\n', {}, 'providers.anthropic.auth_mode'],
    ['a tier', '[tiers.a]\nmodel = "anthropic"\nauth_mode = "api_key"\n', {}, 'tiers.a.auth_mode'],
  ])('is not said to come first where only keys are wanted, by the word of %s', async (_, head, env, by) => {
    const options = head.includes('tiers') ? { provider: undefined } : {}
    const found = await faults({ toml: `${head}${GOOD.toml}`, env: { ...GOOD.env, ...KEY, ...env }, options })
    expect(found).toEqual({ exit: 0, faults: [['skip anthropic.identity-first', `\`${by}\` is \`api_key\`: no identity is exchanged`]] })
  })

  it('is not said to come first where a key comes before it, and `expect` names the identity', async () => {
    const machine = { toml: `[providers.anthropic.expect]\nkind = "identity"\n${GOOD.toml}`, env: { ...GOOD.env, ...KEY } }
    const found = await faults(machine)
    expect([found.exit, found.faults.map(([head]) => head), found.faults.at(-1)]).toEqual([
      1,
      ['fail anthropic.present', 'warn anthropic.identity-first'],
      [
        'warn anthropic.identity-first',
        'api_key from env:ANTHROPIC_API_KEY (sk-ant-api03-…aaaa) comes before it, and `expect` names another credential: no identity is exchanged',
        'unset ANTHROPIC_API_KEY',
      ],
    ])
    expect(await faults({ ...machine, env: GOOD.env })).toEqual({ exit: 0, faults: [] })
  })
})

describe('the variables of another route', () => {
  const OPENAI = { options: { provider: 'openai' } }
  const KEY = { OPENAI_API_KEY: 'sk-proj-aaaaaaaaaaaaaaaaaaaa' }
  const IDS_OF_OPENAI = { OPENAI_IDENTITY_PROVIDER_ID: 'idp_1', OPENAI_SERVICE_ACCOUNT_ID: 'svc_acct_1' }

  it('are told beside a key', async () => {
    expect(await faults({ ...OPENAI, env: { ...KEY, OPENAI_IDENTITY_TOKEN_FILE: '/run/jwt' } })).toEqual({
      exit: 0,
      faults: [
        [
          'warn openai.identity-variables',
          'OPENAI_IDENTITY_TOKEN_FILE belongs to `openai-codex`, whose identity lacks `federation_rule_id`; `openai` does not read it',
          'unset OPENAI_IDENTITY_TOKEN_FILE',
        ],
      ],
    })
  })

  it('are told beside an identity', async () => {
    const env = {
      ...IDS_OF_OPENAI,
      GITLAB_CI: 'true',
      CI_JWT: token({ aud: 'https://api.openai.com/v1' }),
      OPENAI_FEDERATION_RULE_ID: 'idpm_1',
    }
    expect(await faults({ ...OPENAI, toml: '[providers.openai.auth.federation]\nsubject_token = "env:CI_JWT"\n', env })).toEqual({
      exit: 0,
      faults: [
        [
          'warn openai.identity-variables',
          'OPENAI_FEDERATION_RULE_ID belongs to `openai-codex`, whose identity lacks `assertion`; `openai` does not read it',
          'unset OPENAI_FEDERATION_RULE_ID',
        ],
      ],
    })
  })

  it('give the token that an identity lacks', async () => {
    const fix = '`subject_token = "file:$DIR/jwt"` in [providers.openai.auth.federation]'
    const machine = {
      ...OPENAI,
      env: { ...IDS_OF_OPENAI, OPENAI_IDENTITY_TOKEN_FILE: '$DIR/jwt' },
      files: { jwt: token({ aud: 'https://api.openai.com/v1' }) },
    }
    const found = await faults(machine)
    const dir = worlds.at(-1)?.dir ?? ''
    expect(found.faults.map(([head, , done]) => [head, done?.replaceAll(dir, '$DIR')])).toEqual([
      ['fail openai.present', fix],
      ['warn openai.identity-variables', fix],
      ['skip openai.identity-settings', undefined],
    ])
    const mended = await examined({ ...machine, ...applied({ config: fix }, machine, {}) })
    expect(mended.checks.find(({ id }) => id === 'credential.openai.identity-settings')?.status).toBe('pass')
  })

  it('are nobody`s where the other route is in use, or its identity whole', async () => {
    const tiers = '[tiers.a]\nmodel = "openai"\n[tiers.b]\nmodel = "openai-codex"\n'
    const env = { ...KEY, OPENAI_IDENTITY_TOKEN_FILE: '$DIR/jwt' }
    const both = await examined({ toml: tiers, env, options: { provider: undefined } })
    const whole = await examined({ ...OPENAI, env: { ...env, OPENAI_FEDERATION_RULE_ID: 'idpm_1' }, files: { jwt: JWT } })
    expect([both, whole].flatMap(({ checks }) => checks).filter(({ id }) => id.endsWith('identity-variables'))).toEqual([])
  })
})

describe('the variables of its own, beside a user`s file that has the same', () => {
  it.each<[string, Readonly<Record<string, string>>, Readonly<Record<string, string>>, string, string]>([
    [
      'an id',
      { ...IDS, subject_token: 'env:CI_JWT' },
      { ANTHROPIC_FEDERATION_RULE_ID: 'fdrl_2' },
      'ANTHROPIC_FEDERATION_RULE_ID holds another value and is not read: the user file has `federation_rule_id`',
      'unset ANTHROPIC_FEDERATION_RULE_ID',
    ],
    [
      'an id and the token',
      { ...IDS, subject_token: 'env:CI_JWT' },
      { ANTHROPIC_FEDERATION_RULE_ID: 'fdrl_2', ANTHROPIC_IDENTITY_TOKEN: 'other' },
      'ANTHROPIC_FEDERATION_RULE_ID holds another value and is not read: the user file has `federation_rule_id`; ANTHROPIC_IDENTITY_TOKEN holds another value and is not read: the user file has `subject_token`',
      'unset ANTHROPIC_FEDERATION_RULE_ID ANTHROPIC_IDENTITY_TOKEN',
    ],
    [
      'the path of a token',
      { ...IDS, subject_token: 'env:CI_JWT' },
      { ANTHROPIC_IDENTITY_TOKEN_FILE: '/run/jwt' },
      'ANTHROPIC_IDENTITY_TOKEN_FILE holds another value and is not read: the user file has `subject_token`',
      'unset ANTHROPIC_IDENTITY_TOKEN_FILE',
    ],
  ])('are not passed over in silence where they differ: %s', async (_, table, env, detail, fix) => {
    const machine = { toml: toml(table), env: { ...GOOD.env, ...env } }
    expect(await faults(machine)).toEqual({ exit: 0, faults: [['warn anthropic.identity-variables', detail, fix]] })
    expect(await faults({ ...machine, ...applied({ command: fix }, machine, {}) })).toEqual({ exit: 0, faults: [] })
  })

  it.each<[string, string, Readonly<Record<string, string>>]>([
    ['the same id', 'env:CI_JWT', { ANTHROPIC_FEDERATION_RULE_ID: IDS.federation_rule_id }],
    ['the same token', 'env:CI_JWT', { ANTHROPIC_IDENTITY_TOKEN: GOOD.env.CI_JWT }],
    ['the variable that the file names', 'env:ANTHROPIC_IDENTITY_TOKEN', { ANTHROPIC_IDENTITY_TOKEN: GOOD.env.CI_JWT }],
    ['an id that the file leaves open', 'env:CI_JWT', { ANTHROPIC_SERVICE_ACCOUNT_ID: 'svac_1' }],
  ])('are not spoken of where nothing is lost: %s', async (_, source, env) => {
    const { checks } = await examined({ toml: toml({ ...IDS, subject_token: source }), env: { ...GOOD.env, ...env } })
    expect(checks.filter(({ id, status }) => id.endsWith('identity-variables') || status === 'fail')).toEqual([])
  })
})

describe('a failure with one cause', () => {
  it('is told once, and by whichever check was asked for', async () => {
    const machine = { ...GOOD, toml: toml({ subject_token: 'env:CI_JWT' }) }
    const settings = 'credential.anthropic.identity-settings'
    expect((await examined(machine)).checks.find(({ id }) => id === settings)).toMatchObject({ status: 'skip', detail: PRESENT, fix: null })
    const [alone] = (await examined({ ...machine, options: { only: [settings] } })).checks
    expect([alone?.status, alone?.fix?.config]).toEqual([
      'fail',
      `\`federation_rule_id = "fdrl_…"\`, \`organization_id = "…"\` in ${TABLE}`,
    ])
  })
})

describe('a token that is the same until it is replaced', () => {
  const FILE: Machine = { toml: toml({ ...IDS, subject_token: 'env:CI_JWT' }), env: GOOD.env }
  /** Has it posted, as an exchange does, and what it brought live for so long, if it brought anything. */
  const posted = (lifetimeMs: number | null) => async (here: TestWorld) => {
    const route = here.catalogue.route('anthropic')
    const auth = route.entry.auth.find(({ id }) => id === 'federation')
    const reading = auth && readFederation({ route, auth }, here.ports.environment, { profile: 'default', isNamed: true })
    if (reading?.kind !== 'ready') throw new Error('there is no identity')
    const { recordId } = reading.federation
    const lease = await here.store.tryLease(recordId, { durationMs: 40_000, purpose: 'exchange', signal: here.signal })
    if (!isLease(lease)) throw new Error('the lease is busy')
    const sha256 = fingerprintOf(new Secret(JWT, 'subject-token'))
    const slot = { provider: 'anthropic', route: 'anthropic', profile: 'default', kind: 'identity' } as const
    const noted = { id: recordId, slot, auth: 'federation', lease, generation: 0, sha256, endsInMs: 600_000, isTakenOnce: true }
    await here.store.write({ type: 'presented', ...noted })
    if (lifetimeMs === null) return
    const credential = {
      method: 'identity',
      auth: 'federation',
      secrets: { access: new Secret('sk-ant-oat01-kept') },
      lifetimeMs,
      sentAgoMs: 0,
      account: null,
      region: null,
      scopes: null,
      origins: [],
      client: null,
    } as const
    await here.store.write({ type: 'exchanged', id: recordId, generation: 0, sha256, credential, principal: {} })
  }

  it('is used up where it was posted and nothing came of it', async () => {
    expect(await faults({ ...FILE, arrange: posted(null) })).toEqual({
      exit: 1,
      faults: [
        [
          'fail anthropic.identity-reuse',
          'the identity token for `anthropic` has been used up: `env:CI_JWT` still gives the token that was posted before, and what it was exchanged for is not there, or has ended',
          'mint a new identity token (`env:CI_JWT` gives the same one until it is replaced), then run the command again',
        ],
      ],
    })
    const again = { ...FILE, arrange: posted(null), env: { ...GOOD.env, CI_JWT: token({ jti: 'two' }) } }
    expect(await faults(again)).toEqual({ exit: 0, faults: [] })
  })

  it('has done its work where what it was exchanged for serves', async () => {
    const { checks, exit } = await examined({ ...FILE, arrange: posted(600_000) })
    expect(exit.code).toBe(0)
    expect(checks.filter(({ id }) => /present$|reuse$|fresh$/.test(id)).map(({ id, status, detail }) => [id, status, detail])).toEqual([
      ['credential.anthropic.present', 'pass', 'identity from identity:env:CI_JWT, exchanged at 2026-01-01T00:00:00.000Z, no key stored'],
      [
        'credential.anthropic.identity-reuse',
        'pass',
        'it was exchanged, and what came serves until 2026-01-01T00:10:00.000Z; then a new identity token is needed',
      ],
      ['credential.anthropic.fresh', 'pass', 'until 2026-01-01T00:10:00.000Z; then `env:CI_JWT` must give a new identity token'],
    ])
  })

  it('is about to be missed where what it was exchanged for is about to end', async () => {
    const arrange = async (here: TestWorld) => {
      await posted(600_000)(here)
      await here.clock.advance(540_000)
    }
    expect((await faults({ ...FILE, arrange })).faults).toEqual([
      [
        'warn anthropic.identity-reuse',
        'it was exchanged, and what came serves until 2026-01-01T00:10:00.000Z; then a new identity token is needed',
      ],
    ])
  })

  it('fails nobody who has what it was exchanged for, though it is not to be had again', async () => {
    const arrange = posted(600_000)
    expect(await faults({ ...FILE, arrange, env: { GITLAB_CI: 'true' } })).toEqual({
      exit: 0,
      faults: [
        [
          'warn anthropic.identity-source',
          '`env:CI_JWT` has no identity token here: CI_JWT is not set; what it was exchanged for before serves until 2026-01-01T00:10:00.000Z',
          '`id_tokens: { CI_JWT: { aud: "https://api.anthropic.com" } }` in the job',
        ],
      ],
    })
  })

  it('does not last as long as is asked for', async () => {
    const options = { minTtlMs: 3_600_000 }
    expect((await faults({ ...FILE, options })).faults).toEqual([
      [
        'fail anthropic.identity-time',
        'what it is exchanged for ends within 20m, sooner than in 1h; use a source that gives a new token each time',
      ],
    ])
    expect((await faults({ ...FILE, options, arrange: posted(600_000) })).faults).toEqual([
      [
        'fail anthropic.fresh',
        'it ends sooner than in 1h: until 2026-01-01T00:10:00.000Z; then `env:CI_JWT` must give a new identity token',
      ],
    ])
  })
})

describe('an exchange that --probe would make', () => {
  const PROBE = { offline: false, probe: true }
  const accepts = async (machine: Machine) => {
    const { checks, exit } = await examined(machine)
    const { status, detail, fix } = checks.find(({ id }) => id === 'provider.anthropic.accepts') ?? {}
    return { exit: exit.code, status, detail, fix }
  }
  const unwritable = (fix: string) =>
    new ClawError('CLAW_STORE_UNWRITABLE', { what: 'the credential store cannot be written', why: 'EROFS', fix })

  it.each<[string, string, string, object]>([
    ['words alone', 'mount it read-write', 'the credential store cannot be written: EROFS; mount it read-write', { env: 'CLAW_HOME' }],
    ['a command', 'chmod u+w /x', 'the credential store cannot be written: EROFS', { command: 'chmod u+w /x' }],
  ])('fails where the store cannot be written, as the prompt after it would: %s', async (_, words, detail, fix) => {
    const store = { tryLease: () => Promise.reject(unwritable(words)) }
    expect(await accepts({ ...GOOD, store, options: PROBE })).toEqual({ exit: 1, status: 'fail', detail, fix })
  })

  it('may go on with a store in memory where the vendor is not known to take each token once', async () => {
    const machine = {
      toml: '[providers.openai.auth.federation]\nsubject_token = "env:CI_JWT"\n',
      env: {
        GITLAB_CI: 'true',
        OPENAI_IDENTITY_PROVIDER_ID: 'idp_1',
        OPENAI_SERVICE_ACCOUNT_ID: 'svc_acct_1',
        CI_JWT: token({ aud: 'https://api.openai.com/v1' }),
      },
      options: { ...PROBE, provider: 'openai' },
    }
    const store = { tryLease: () => Promise.reject(unwritable('mount it')) }
    const { checks } = await examined({ ...machine, store })
    expect(checks.find(({ id }) => id === 'provider.openai.accepts')).toMatchObject({ status: 'fail', fix: { env: 'CLAW_STORE=memory' } })
  })

  it('is not made where a store in memory keeps nothing of a token that serves once', async () => {
    const machine = { ...GOOD, env: { ...GOOD.env, CLAW_STORE: 'memory' } }
    const detail =
      '`env:CI_JWT` gives the same token until it is replaced, and the vendor takes each once: exchanged with a store in memory, it would be used up for the command that comes next, so it was not'
    const fix = { command: 'unset CLAW_STORE' }
    const { checks, exit } = await examined({ ...machine, options: PROBE })
    expect([exit.code, checks.find(({ id }) => id.endsWith('identity-reuse'))]).toMatchObject([1, { status: 'fail', detail, fix }])
    expect(checks.find(({ id }) => id.endsWith('accepts'))).toMatchObject({
      status: 'skip',
      detail: 'not checked, because `credential.anthropic.identity-reuse` did not hold',
    })
    expect(await accepts({ ...machine, options: { ...PROBE, only: ['provider.*'] } })).toEqual({ exit: 1, status: 'fail', detail, fix })
  })

  it('is told with its command where it was not asked for', async () => {
    expect(await accepts({ ...GOOD, options: { offline: false } })).toEqual({
      exit: 0,
      status: 'skip',
      detail: 'not asked: an exchange is made only with --probe',
      fix: { command: 'claw doctor --probe --provider anthropic' },
    })
  })
})

describe('an audience that was chosen', () => {
  const audienceOf = async (machine: Machine) => {
    const { checks } = await examined(machine)
    const { status, detail, fix } = checks.find(({ id }) => id.endsWith('identity-audience')) ?? {}
    return [status, detail, fix]
  }

  it('is not passed for the usual one where it is another', async () => {
    const machine = {
      ...GOOD,
      toml: toml({ ...IDS, subject_token: 'env:CI_JWT', audience: 'claw' }),
      env: { ...GOOD.env, CI_JWT: token({ aud: 'claw' }) },
    }
    expect(await audienceOf(machine)).toEqual(['pass', '`claw`, as it was asked for; the usual one is `https://api.anthropic.com`', null])
  })

  it.each<[string, string, 'pass' | 'warn']>([
    ['of another vendor', 'https://api.openai.com', 'pass'],
    ['of a version', 'https://api.anthropic.com/v1', 'warn'],
    ['with a word more', 'https://api.anthropic.comGov', 'pass'],
  ])('is a slip of the pen only where it is almost the same: one %s', async (_, aud, status) => {
    const machine = {
      ...GOOD,
      toml: toml({ ...IDS, subject_token: 'env:CI_JWT', audience: aud }),
      env: { ...GOOD.env, CI_JWT: token({ aud }) },
    }
    expect((await audienceOf(machine))[0]).toBe(status)
  })
})

describe('the doctor and identities', () => {
  it('reads the token once, however many checks and tiers look at it', async () => {
    const script = `echo read >> $DIR/log; printf %s ${JWT}`
    const { checks } = await examined({
      toml: `[tiers.a]\nmodel = "anthropic"\n[tiers.b]\nmodel = "anthropic"\nauth_mode = "oauth"\n${TABLE}\nsubject_token = ${JSON.stringify(`cmd:${JSON.stringify(['/bin/sh', '-c', script])}`)}\nfederation_rule_id = "fdrl_1"\norganization_id = "${IDS.organization_id}"\n`,
      options: { provider: undefined },
    })
    expect(checks.filter(({ id, status }) => id.includes('identity') && status !== 'pass')).toEqual([])
    expect(await readFile(`${worlds.at(-1)?.dir}/log`, 'utf8')).toBe('read\n')
  })

  it('asks nobody with --offline, not even whether a metadata server is there', async () => {
    const { checks, exit } = await examined({ toml: toml({ ...IDS, subject_token: 'oidc:gcp' }) })
    expect(exit.code).toBe(0)
    expect(checks.filter(({ id }) => /present$|source$/.test(id)).map(({ id, status, detail }) => [id, status, detail])).toEqual([
      ['credential.anthropic.present', 'pass', 'identity from identity:gcp, not exchanged yet, no key stored'],
      ['credential.anthropic.identity-source', 'skip', 'not asked: --offline'],
    ])
  })

  it('names the checks of another profile after it', async () => {
    const { checks } = await examined({ ...GOOD, toml: `[providers.anthropic]\nprofile = "work"\n${GOOD.toml}` })
    expect(checks.filter(({ id }) => id.includes('identity')).every(({ id }) => id.startsWith('credential.anthropic@work.identity-'))).toBe(
      true,
    )
  })

  it('knows every check by its id, where it is made and where it is not', async () => {
    const { checks } = await examined({ ...GOOD, options: { only: IDENTITY_ASPECTS.map((aspect) => `credential.anthropic.${aspect}`) } })
    expect(checks.map(({ id }) => id)).toEqual(
      IDENTITY_ASPECTS.filter((aspect) => aspect !== 'identity-variables').map((aspect) => `credential.anthropic.${aspect}`),
    )
    const unknown = await failureOf(() => examined({ ...GOOD, options: { only: ['credential.anthropic.identity-audiences'] } }))
    expect(unknown).toMatchObject({ code: 'CLAW_USAGE', why: expect.stringContaining('`credential.anthropic.identity-audience`') })
    expect(await failureOf(() => examined({ ...GOOD, options: { skip: ['credential.moonshot.identity-audience'] } }))).toMatchObject({
      code: 'CLAW_USAGE',
    })
  })

  it.each(['algorithm', 'claims', 'time', 'lifetime', 'audience', 'subject', 'reuse', 'shape'])(
    'makes the check of the %s by itself',
    async (aspect) => {
      const only = [`credential.anthropic.identity-${aspect}`]
      expect((await examined({ ...GOOD, options: { only } })).checks.map(({ status }) => status)).toEqual(['pass'])
      const without = { ...GOOD, env: { GITLAB_CI: 'true' }, options: { only } }
      expect((await examined(without)).checks.map(({ status, detail }) => [status, detail])).toEqual([
        ['skip', 'there is no identity token that could be looked at'],
      ])
    },
  )

  it('S-54 shows nothing of a token but what it says', async () => {
    const machine = { ...GOOD, env: { ...GOOD.env, CI_JWT: token({ aud: 'x', sub: 'a\u001b[31mred' }) } }
    const report = JSON.stringify(await examined(machine))
    const [, , signature = ''] = JWT.split('.')
    expect([report.includes(signature), report.includes(machine.env.CI_JWT), report.includes('\\u001b')]).toEqual([false, false, false])
  })
})

/** What somebody has who follows a fix. */
const SAMPLES: Readonly<Record<string, string>> = {
  ...IDS,
  ANTHROPIC_FEDERATION_RULE_ID: IDS.federation_rule_id,
  ANTHROPIC_ORGANIZATION_ID: IDS.organization_id,
  ANTHROPIC_IDENTITY_TOKEN_FILE: '$DIR/jwt',
}
