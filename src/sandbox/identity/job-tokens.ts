import type { ServedRequest } from '../../platform/served-request.ts'
import { credentialOf } from '../credential.ts'
import { type Dialect, json, page, type Reply, type SandboxWorld } from '../dialect.ts'
import { shortHash } from '../journal.ts'
import { ALGORITHMS } from './algorithms.ts'
import { lateBody } from './late-body.ts'
import { JOB_ISSUER_PATH } from './issuer.ts'
import { OWNER_URL } from './known-ids.ts'

const REQUEST_PATH = '/pipelines.actions.githubusercontent.com/sandbox/_apis/distributedtask/hubs/Actions/plans/1/jobs/1/idtoken'
const KEYS_PATH = `${JOB_ISSUER_PATH}/.well-known/jwks`

/** The variables that a job with `permissions: id-token: write` has. */
export function jobEnvironment({ origin, issuer }: Pick<SandboxWorld, 'origin' | 'issuer'>) {
  return {
    ACTIONS_ID_TOKEN_REQUEST_URL: `${origin}${REQUEST_PATH}?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: issuer.requestToken,
  }
}

/** GitHub Actions to a job: tokens on request, and what a vendor finds when it looks for the keys that they are signed with. */
export const jobTokens: Dialect = {
  name: 'github-oidc',
  answer(request, world) {
    switch (request.path) {
      case `${JOB_ISSUER_PATH}/.well-known/openid-configuration`:
        return request.method === 'GET' ? json(200, discovery(world)) : undefined
      case KEYS_PATH:
        return request.method === 'GET' ? json(200, { keys: world.issuer.keys.published }) : undefined
      case REQUEST_PATH:
        return request.method === 'GET' ? give(request, world) : json(405, { message: 'Method Not Allowed' })
      default:
        return undefined
    }
  },
}

function discovery({ issuer, origin }: SandboxWorld): Record<string, unknown> {
  return {
    issuer: issuer.url,
    jwks_uri: `${origin}${KEYS_PATH}`,
    subject_types_supported: ['public', 'pairwise'],
    response_types_supported: ['id_token'],
    claims_supported: ['sub', 'aud', 'exp', 'iat', 'iss', 'jti', 'nbf', 'ref', 'repository', 'repository_owner', 'run_id'],
    id_token_signing_alg_values_supported: ALGORITHMS,
    scopes_supported: ['openid'],
  }
}

function give(request: ServedRequest, world: SandboxWorld): Reply {
  const { issuer, scenario } = world
  if (scenario.job === 'html') return { ...page(200, 'Sign in', '<h1>Sign in to the network</h1>'), note: { note: 'page' } }
  if (scenario.job === 'forbidden') return json(403, { message: 'Resource not accessible by integration' }, { note: 'forbidden' })
  const sent = credentialOf(request)
  if (typeof sent !== 'object' || sent.scheme?.toLowerCase() !== 'bearer' || sent.value !== issuer.requestToken)
    return json(401, { message: 'Unauthorized' }, { note: 'unauthorized' })
  const value = issuer.give(request.query.get('audience') || OWNER_URL)
  const reply = json(200, { count: value.length, value }, { note: 'given', token: shortHash(value) })
  return scenario.job === 'slow' || scenario.job === 'silent' ? lateBody(reply, scenario.job, request, world) : reply
}
