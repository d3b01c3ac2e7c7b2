import { formatInstant } from '../../../core/duration.ts'
import { ClawError } from '../../../core/errors.ts'
import { masked } from '../../credential/candidates.ts'
import { readStore } from '../../credential/credential-question.ts'
import { keptToken } from '../../identity/identity-candidates.ts'
import type { Session } from '../../session.ts'
import type { CredentialUse } from '../ground.ts'

/** The uses with what was exchanged since they were looked at, as far as it was kept. */
export async function withKept(uses: readonly CredentialUse[], session: Session): Promise<CredentialUse[]> {
  const snapshot = await readStore(session)
  if (snapshot instanceof ClawError) return [...uses]
  return uses.map((use) => {
    const { chosen, candidates } = use
    const kept = chosen?.federation ? keptToken(chosen.federation, snapshot) : undefined
    if (!chosen || !kept) return use
    const now = {
      masked: masked({ secret: kept.secrets?.access ?? null, route: chosen.route, kind: chosen.kind }),
      expiresAt: kept.expiresAt === null ? null : formatInstant(kept.expiresAt),
    }
    return { ...use, candidates: candidates.map((row) => (row.source === chosen.source ? { ...row, ...now } : row)) }
  })
}
