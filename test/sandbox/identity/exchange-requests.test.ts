import { describe, expect, it } from 'vitest'
import { SANDBOX_IDS } from '../../../src/sandbox/identity/known-ids.ts'
import { arrange } from '../sandbox-client.ts'
import { askExchange, type Changes, type Vendor } from './vendor-exchanges.ts'

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const ACCESS = 'urn:ietf:params:oauth:token-type:access_token'
const SAML = 'urn:ietf:params:oauth:token-type:saml2'

type Wrong = readonly [name: string, changes: Changes, status: number, json: unknown, reason: string]

const openai = (message: string): unknown => ({ error: { code: 'invalid_request', message } })
const unmapped = { error: 'invalid_grant', error_description: 'No enabled mapping matches the request.' }
const codex = (error_description: string): unknown => ({ error: 'invalid_request', error_description })
const unaccepted = { error: 'invalid_grant', error_description: 'The assertion was not accepted.' }
const openrouter = (error_description: string, error = 'invalid_request'): unknown => ({ error, error_description })
const oauth = (error_description: string, error = 'invalid_request'): unknown => ({ error, error_description })
const azure = (number: number, error = 'invalid_request'): unknown =>
  expect.objectContaining({ error, error_description: expect.stringContaining(`AADSTS${number}: `), error_codes: [number] })

const OPENAI: readonly Wrong[] = [
  ['a form', { body: 'form' }, 400, openai('the body is no JSON'), 'the body is no JSON'],
  ['no token', { fields: { subject_token: null } }, 400, openai('subject_token is required'), 'subject_token is required'],
  [
    'no provider',
    { fields: { identity_provider_id: null } },
    400,
    openai('identity_provider_id is required'),
    'identity_provider_id is required',
  ],
  [
    'another type',
    { fields: { subject_token_type: SAML } },
    400,
    openai('subject_token_type is not supported'),
    'subject_token_type is not supported',
  ],
  ['the id of Codex', { fields: { identity_provider_id: 'idpm_sandbox' } }, 400, unmapped, 'identity_provider_id is not known'],
  ['the account of Anthropic', { fields: { service_account_id: 'svac_sandbox' } }, 400, unmapped, 'service_account_id is not known'],
]

const CODEX: readonly Wrong[] = [
  ['JSON', { body: 'json' }, 400, codex('the body is no form'), 'the body is no form'],
  ['no assertion', { fields: { assertion: null } }, 400, codex('assertion is required'), 'assertion is required'],
  ['no rule', { fields: { federation_rule_id: null } }, 400, codex('federation_rule_id is required'), 'federation_rule_id is required'],
  ['the rule of Anthropic', { fields: { federation_rule_id: 'fdrl_sandbox' } }, 400, unaccepted, 'federation_rule_id is not known'],
  ...['x', '{}', JSON.stringify({ instance_id: 'i'.repeat(1_010) })].map(
    (workload_identity_context): Wrong => [
      `the context ${workload_identity_context.slice(0, 9)}`,
      { fields: { workload_identity_context } },
      400,
      unaccepted,
      'workload_identity_context is malformed',
    ],
  ),
]

const OPENROUTER: readonly Wrong[] = [
  ['JSON', { body: 'json' }, 400, openrouter('the body is no form'), 'the body is no form'],
  [
    'an Authorization header',
    { headers: { authorization: 'Bearer sk-or-v1-sandbox' } },
    400,
    openrouter('an Authorization header is not taken'),
    'an Authorization header is not taken',
  ],
  [
    'another grant',
    { fields: { grant_type: JWT_BEARER } },
    400,
    openrouter('grant_type is not supported', 'unsupported_grant_type'),
    'grant_type is not supported',
  ],
  [
    'no policy',
    { fields: { federation_policy_id: null } },
    400,
    openrouter('federation_policy_id is required'),
    'federation_policy_id is required',
  ],
  [
    'another policy',
    { fields: { federation_policy_id: SANDBOX_IDS.anthropic.organization_id } },
    400,
    openrouter('The subject token could not be exchanged', 'invalid_grant'),
    'federation_policy_id is not known',
  ],
  [
    'another type',
    { fields: { subject_token_type: SAML } },
    400,
    openrouter('subject_token_type is not supported'),
    'subject_token_type is not supported',
  ],
  [
    'another type wanted',
    { fields: { requested_token_type: SAML } },
    400,
    openrouter('requested_token_type is not supported'),
    'requested_token_type is not supported',
  ],
  ['another scope', { fields: { scope: 'admin' } }, 400, openrouter('scope is not supported', 'invalid_scope'), 'scope is not supported'],
  ['32 KB', { fields: { more: 'x'.repeat(32_768) } }, 413, openrouter('Request body too large'), 'the body is too long'],
]

const OWN: readonly Wrong[] = [
  ['JSON', { body: 'json' }, 400, oauth('the body is no form'), 'the body is no form'],
  ['another client', { fields: { client_id: 'other' } }, 401, oauth('unknown client', 'invalid_client'), 'client_id is not known'],
]

const WRONG: readonly (readonly [Vendor, readonly Wrong[]])[] = [
  ['openai', OPENAI],
  ['openai-codex', CODEX],
  ['openrouter', OPENROUTER],
  [
    'own server, RFC 8693',
    [
      ...OWN,
      [
        'another type',
        { fields: { subject_token_type: SAML } },
        400,
        oauth('subject_token_type is not supported'),
        'subject_token_type is not supported',
      ],
      [
        'another type wanted',
        { fields: { requested_token_type: SAML } },
        400,
        oauth('requested_token_type is not supported'),
        'requested_token_type is not supported',
      ],
    ],
  ],
  [
    'own server, RFC 7523',
    [...OWN, ['no assertion', { fields: { assertion: null } }, 400, oauth('assertion is required'), 'assertion is required']],
  ],
  [
    'own server, client assertion',
    [
      ...OWN,
      [
        'another type',
        { fields: { client_assertion_type: SAML } },
        400,
        oauth('client_assertion_type is not supported'),
        'client_assertion_type is not supported',
      ],
    ],
  ],
  [
    'google-vertex',
    [
      [
        'an Authorization header',
        { headers: { authorization: 'Bearer x' } },
        400,
        oauth('an Authorization header is not taken'),
        'an Authorization header is not taken',
      ],
      ['JSON with the names of a form', { body: 'json' }, 400, oauth('grant_type is not supported'), 'grant_type is not supported'],
      ['another grant', { fields: { grant_type: JWT_BEARER } }, 400, oauth('grant_type is not supported'), 'grant_type is not supported'],
      ['no scope', { fields: { scope: null } }, 400, oauth('scope is required'), 'scope is required'],
      [
        'another type wanted',
        { fields: { requested_token_type: SAML } },
        400,
        oauth('requested_token_type is not supported'),
        'requested_token_type is not supported',
      ],
      [
        'another pool',
        { fields: { audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/p' } },
        400,
        oauth('The target service is invalid.', 'invalid_target'),
        'audience is not known',
      ],
    ],
  ],
  [
    'azure-openai',
    [
      ['JSON', { body: 'json' }, 400, azure(900_144), 'the body is no form'],
      [
        'another grant',
        { fields: { grant_type: JWT_BEARER } },
        400,
        azure(70_003, 'unsupported_grant_type'),
        'grant_type is not supported',
      ],
      ['no client', { fields: { client_id: null } }, 400, azure(900_144), 'client_id is required'],
      [
        'another client',
        { fields: { client_id: SANDBOX_IDS['azure-openai'].tenant_id } },
        400,
        azure(700_016, 'unauthorized_client'),
        'client_id is not known',
      ],
      ['another type', { fields: { client_assertion_type: JWT_BEARER } }, 400, azure(50_027), 'client_assertion_type is not supported'],
      ['another scope', { fields: { scope: 'openid' } }, 400, azure(70_011, 'invalid_scope'), 'scope is not supported'],
    ],
  ],
]

const cases = WRONG.flatMap(([vendor, wrongs]) =>
  wrongs.map(([name, changes, status, json, reason]) => ({ vendor, name, changes, status, json, reason })),
)

describe('the exchange of each vendor', () => {
  it.each(cases)('of $vendor refuses $name', async ({ vendor, changes, status, json, reason }) => {
    const { sandbox, tell } = await arrange()
    expect(await tell(...askExchange(vendor, sandbox.identity.mint({ alg: 'ES256' }), changes))).toEqual({ status, json })
    expect(sandbox.journal).toEqual([expect.objectContaining({ status, note: reason })])
    expect(sandbox.journal[0]).toHaveProperty('grantType')
  })

  it.each<Vendor>(['openai', 'openai-codex', 'openrouter', 'own server, RFC 8693'])(
    'of %s refuses a form in which a field comes twice',
    async (vendor) => {
      const { sandbox, tell } = await arrange()
      const [path, { form, json }] = askExchange(vendor, sandbox.identity.mint({ alg: 'ES256' }))
      const body = `${new URLSearchParams(form ?? Object(json))}&grant_type=x&grant_type=${encodeURIComponent(Object(form ?? json).grant_type)}`
      const { status } = await tell(path, { body, headers: { 'content-type': 'application/x-www-form-urlencoded' } })
      expect(status).toBe(400)
    },
  )

  it('of Azure knows one tenant', async () => {
    const { sandbox, tell } = await arrange()
    const [path, asked] = askExchange('azure-openai', sandbox.identity.mint({ alg: 'ES256' }))
    expect(await tell(path.replace(SANDBOX_IDS['azure-openai'].tenant_id, 'sandbox'), asked)).toEqual({ status: 400, json: azure(90_002) })
    expect(sandbox.journal[0]).toMatchObject({ note: 'tenant_id is not known' })
  })

  it('leaves codes and refresh tokens at the same address alone', async () => {
    const { tell, refresh } = await arrange()
    const form = { grant_type: 'refresh_token', refresh_token: 'x', client_id: 'app' }
    expect((await tell('/auth.openai.com/oauth/token', { form })).json).toMatchObject({ error: { code: 'refresh_token_invalidated' } })
    expect((await tell('/auth.openai.com/oauth/token', { form: { ...form, grant_type: 'x' } })).json).toMatchObject({
      error: { code: 'unsupported_grant_type' },
    })
    expect((await refresh('x')).json).toEqual({ error: 'invalid_grant' })
    expect((await tell('/issuer/token', { form: { grant_type: 'x', client_id: 'claw' } })).json.error).toBe('unsupported_grant_type')
  })

  it('takes the other things that its documents name', async () => {
    const { sandbox, tell } = await arrange()
    const mint = () => sandbox.identity.mint({ alg: 'ES256' })
    const asked: readonly (readonly [Vendor, Changes])[] = [
      [
        'openai',
        {
          fields: {
            service_account_id: 'svc_acct_sandbox',
            subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
            client_id: 'c',
          },
        },
      ],
      ['openai-codex', { fields: { workload_identity_context: '{"instance_id":"i"}' } }],
      ['openrouter', { fields: { scope: 'inference', requested_token_type: ACCESS } }],
      ['own server, RFC 8693', { fields: { client_id: null, audience: 'https://a.example', resource: 'https://a.example', scope: 'x' } }],
    ]
    for (const [vendor, changes] of asked)
      expect({ vendor, ...(await tell(...askExchange(vendor, mint(), changes))) }).toMatchObject({ vendor, status: 200 })
  })
})
