import { formatInstant } from '../../../core/duration.ts'
import { slotName } from '../../../core/vocabulary.ts'
import type { Check, Finding, Fix } from '../check.ts'
import type { IdentityAspect } from '../check-ids.ts'
import type { BesideCredential, IdentityChecks } from '../credential-checks.ts'
import type { CredentialUse, Ground } from '../ground.ts'
import { identityAcceptance } from './identity-acceptance.ts'
import { ASPECTS } from './identity-aspects.ts'
import { type IdentityUse, identityUses } from './identity-use.ts'
import { isToldByPresence, settings } from './settings-check.ts'
import { hasVariables, variables } from './variables-check.ts'

const QUICK_MS = 2_000
/** Asking for a token may take 10 s, with all attempts, and asking a server what time it is 15 s. */
const ASKING_MS = 30_000

/** The checks of every identity of a route in use, by the name of the credential that they stand beside. A machine without one has none. */
export function identityChecks(ground: Ground): IdentityChecks {
  const identities = identityUses(ground)
  const uses = distinct(ground.uses)
  return new Map(
    uses.map((use) => {
      const name = slotName(use)
      const beside = identities.filter((identity) => slotName(identity.use) === name)
      const checks = [...variableChecks(use, ground), ...beside.flatMap((identity) => checksOf(identity, ground))]
      const taken = beside.find(({ federation }) => federation !== null && federation.recordId === use.chosen?.federation?.recordId)
      return [name, { checks, remedy: () => remedyOf(beside, ground), ...(taken && acceptanceOf(taken)) }]
    }),
  )
}

/** Settings come first: without them nothing is looked for. The detail is given where it is the whole reason. */
async function remedyOf(identities: readonly IdentityUse[], ground: Ground): Promise<{ detail?: string; fix?: Fix }> {
  for (const identity of identities) {
    const { detail, fix } = settings(identity, ground)
    if (isToldByPresence(identity, ground)) return { detail, ...(fix && { fix }) }
    if (fix) return { fix }
    const { finding } = await identity.subject()
    if (finding.fix) return { fix: finding.fix }
  }
  return {}
}

/** Where one of these fails, nothing would be posted, and why has been said. */
const EXCHANGED: readonly IdentityAspect[] = [
  'identity-source',
  'identity-shape',
  'identity-algorithm',
  'identity-claims',
  'identity-time',
  'identity-reuse',
]

function acceptanceOf(identity: IdentityUse): Pick<BesideCredential, 'accepts'> {
  const { chosen } = identity.use
  if (!chosen?.federation) return {}
  const { federation, secret } = chosen
  const needs = EXCHANGED.map((aspect) => `credential.${nameOf(identity)}.${aspect}`)
  return {
    accepts: {
      // An exchange needs a token that can be sent; a kept token does not.
      needs: secret === null ? needs : [],
      run: (ground) => identityAcceptance({ ...chosen, federation }, identity, ground),
    },
  }
}

function nameOf({ route, profile }: IdentityUse): string {
  return slotName({ route: route.id, profile })
}

function checksOf(identity: IdentityUse, ground: Ground): Check<Ground>[] {
  const name = nameOf(identity)
  const idOf = (aspect: IdentityAspect) => `credential.${name}.${aspect}`
  const isUsable = identity.federation !== null
  const made = ASPECTS.filter(({ isAlwaysMade }) => isUsable && (!identity.isAway || isAlwaysMade))
  return [
    {
      id: idOf('identity-settings'),
      title: `${name}'s identity is complete`,
      severity: 'error',
      // What has been said of the credential is not said of its settings once more.
      needs: isToldByPresence(identity, ground) ? [`credential.${slotName(identity.use)}.present`] : [],
      limitMs: QUICK_MS,
      run: async (at) => settings(identity, at),
    },
    ...made.map(
      ({ id, title, severity, needs, run }): Check<Ground> => ({
        id: idOf(id),
        title: `${name}${title}`,
        severity,
        needs: needs.map(idOf),
        limitMs: ASKING_MS,
        docs: `claw auth --identity ${identity.route.id}`,
        run: async (at) => softened(identity, await run(identity, at)),
      }),
    ),
  ]
}

/** What is wrong with an identity keeps nobody from working who takes something else, or what it was exchanged for before. */
function softened({ isUsed, kept }: IdentityUse, finding: Finding): Finding {
  if (finding.status !== 'fail' || (isUsed && !kept)) return finding
  const until = kept?.expiresAt == null ? '' : ` until ${formatInstant(kept.expiresAt)}`
  return { ...finding, status: 'warn', ...(isUsed && { detail: `${finding.detail}; what it was exchanged for before serves${until}` }) }
}

function variableChecks(use: CredentialUse, ground: Ground): Check<Ground>[] {
  const route = use.chosen?.route ?? use.named?.routes[0]
  if (!route || !hasVariables(route, ground)) return []
  const name = slotName(use)
  return [
    {
      id: `credential.${name}.identity-variables`,
      title: `${name} reads the identity variables that are set`,
      severity: 'warn',
      needs: [],
      limitMs: QUICK_MS,
      run: async (at) => variables(route, use, at),
    },
  ]
}

/** Each credential once, however many tiers use it. */
function distinct(uses: readonly CredentialUse[]): CredentialUse[] {
  return uses.filter((use, n) => uses.findIndex((other) => slotName(other) === slotName(use)) === n)
}
