import { audience } from './audience-check.ts'
import type { Check, Finding } from '../check.ts'
import type { IdentityAspect } from '../check-ids.ts'
import type { Ground } from '../ground.ts'
import type { IdentityUse } from './identity-use.ts'
import { precedence } from './precedence-check.ts'
import { reuse } from './reuse-check.ts'
import { time } from './time-check.ts'
import { algorithm, claims, lifetime, type Presented, shape, subject, whyUnread } from './token-checks.ts'

/** One thing that can be wrong with an identity whose settings are in order. */
export interface Aspect {
  readonly id: IdentityAspect
  /** After the name of the credential. */
  readonly title: string
  readonly severity: Check<Ground>['severity']
  readonly needs: readonly IdentityAspect[]
  /** Of an identity whose source is elsewhere too. */
  readonly isAlwaysMade?: true
  run(identity: IdentityUse, ground: Ground): Promise<Finding>
}

/** In the order of the report. */
export const ASPECTS: readonly Aspect[] = [
  {
    id: 'identity-first',
    title: "'s identity is not passed over",
    severity: 'warn',
    needs: [],
    run: async (identity) => precedence(identity),
  },
  {
    id: 'identity-source',
    title: "'s identity token can be had",
    severity: 'error',
    needs: [],
    isAlwaysMade: true,
    run: async (identity) => (await identity.subject()).finding,
  },
  ofToken('identity-shape', "'s identity token is a JWT", 'error', shape),
  ofToken('identity-algorithm', "'s identity token is signed as it must be", 'error', ofReadable(algorithm)),
  ofToken('identity-claims', "'s identity token has every claim", 'error', ofReadable(claims)),
  ofToken('identity-time', "'s identity token is valid now", 'error', ofReadable(time)),
  ofToken('identity-lifetime', "'s identity token is not too long-lived", 'warn', ofReadable(lifetime)),
  ofToken('identity-audience', "'s identity token has the audience", 'error', ofReadable(audience)),
  ofToken('identity-subject', "'s identity token has a subject", 'info', ofReadable(subject)),
  ofToken('identity-reuse', "'s identity token is not used up", 'error', reuse),
]

type Judge = (presented: Presented, identity: IdentityUse, ground: Ground) => Finding | Promise<Finding>

/** What can be said of a token once it was read; where it was not, that is said once, by the check of its source. */
function ofToken(id: IdentityAspect, title: string, severity: Aspect['severity'], judge: Judge): Aspect {
  return {
    id,
    title,
    severity,
    needs: ['identity-source'],
    async run(identity, ground) {
      const { federation, row } = identity
      const reading = await identity.subject()
      if (reading.token === null || !federation) return skipped('there is no identity token that could be looked at')
      return judge({ federation, row, token: reading.token, readAt: reading.readAt }, identity, ground)
    },
  }
}

/** The same of one that is a JWT at all. */
function ofReadable(judge: Judge): Judge {
  return (presented, identity, ground) => {
    const why = whyUnread(presented.federation, presented.token)
    return why === undefined ? judge(presented, identity, ground) : skipped(why)
  }
}

function skipped(detail: string): Finding {
  return { status: 'skip', evidence: 'static', detail }
}
