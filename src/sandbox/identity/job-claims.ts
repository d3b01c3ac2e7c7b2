import { REPOSITORY } from './known-ids.ts'

const REF = 'refs/heads/main'
const LIFETIME_S = 300

/** What a job of GitHub Actions says of itself (docs.github.com, OpenID Connect reference, Aug 2026). */
export function jobClaims(facts: {
  readonly issuer: string
  readonly audience: string | readonly string[]
  readonly jti: string
  /** s since 1970. */
  readonly now: number
  readonly lifetimeS?: number | undefined
  /** Without the numbers of owner and repository, as repositories of before 15 Jul 2026 have it. */
  readonly isOldForm: boolean
}): Record<string, unknown> {
  const { issuer, audience, jti, now, lifetimeS = LIFETIME_S, isOldForm } = facts
  const { owner, ownerId, name, id } = REPOSITORY
  const repository = `${owner}/${name}`
  return {
    jti,
    sub: `repo:${isOldForm ? repository : `${owner}@${ownerId}/${name}@${id}`}:ref:${REF}`,
    aud: audience,
    iss: issuer,
    nbf: now,
    iat: now,
    exp: now + lifetimeS,
    ref: REF,
    ref_type: 'branch',
    sha: '5a5db0005a5db0005a5db0005a5db0005a5db000',
    repository,
    repository_id: id,
    repository_owner: owner,
    repository_owner_id: ownerId,
    repository_visibility: 'private',
    actor: 'octocat',
    actor_id: '1',
    event_name: 'push',
    workflow: 'sandbox',
    workflow_ref: `${repository}/.github/workflows/sandbox.yml@${REF}`,
    job_workflow_ref: `${repository}/.github/workflows/sandbox.yml@${REF}`,
    run_id: '1',
    run_number: '1',
    run_attempt: '1',
    runner_environment: 'github-hosted',
  }
}
