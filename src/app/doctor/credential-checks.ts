import { slotName } from '../../core/vocabulary.ts'
import { commandForKind } from '../sign-in/sign-in-command.ts'
import { acceptance } from './acceptance-check.ts'
import type { Check, Finding, Fix } from './check.ts'
import { inDoubt } from './doubt.ts'
import { freshness } from './freshness-check.ts'
import type { CredentialUse, Ground } from './ground.ts'
import { nothingInUse } from './nothing-in-use.ts'
import { presence } from './presence-check.ts'

const QUICK_MS = 2_000
/** A request has 10 s, and may wait for a refresh by another process before. */
const ACCEPTANCE_MS = 70_000

/** What is looked at of identities, by the name of the credential that it stands beside. */
export type IdentityChecks = ReadonlyMap<string, BesideCredential>

export interface BesideCredential {
  readonly checks: readonly Check<Ground>[]
  /** What brings an identity that is missing or not complete; and what is wrong with it, where nothing else is. */
  remedy(): Promise<{ readonly detail?: string; readonly fix?: Fix }>
  /** Of a credential that is an identity, in the place of what is done for every other one. */
  readonly accepts?: Pick<Check<Ground>, 'needs' | 'run'>
}

/** Each credential once, however many tiers use it. */
export function credentialChecks(ground: Ground, identities: IdentityChecks): Check<Ground>[] {
  if (ground.uses.length === 0) return [nothingInUse]
  const distinct = ground.uses.filter((use, n) => ground.uses.findIndex((other) => slotName(other) === slotName(use)) === n)
  return distinct.flatMap((use) => checksOf(use, ground, identities.get(slotName(use))))
}

function checksOf(use: CredentialUse, ground: Ground, identity: BesideCredential | undefined): Check<Ground>[] {
  const { chosen } = use
  const name = slotName(use)
  const present = `credential.${name}.present`
  const isNone = chosen?.kind === 'none'
  const checks: Check<Ground>[] = []
  if (!isNone)
    checks.push({
      id: present,
      title: `${name} has a credential`,
      severity: 'error',
      needs: [],
      limitMs: QUICK_MS,
      docs: `claw auth ${use.provider}`,
      run: () => presence(use, ground, identity),
    })
  checks.push(...(identity?.checks ?? []))
  if (!chosen) return checks
  const fresh = `credential.${name}.fresh`
  if (!isNone && chosen.expiresAt !== null) {
    checks.push({
      id: fresh,
      title: `${name}'s credential is not about to end`,
      severity: 'error',
      needs: [present],
      limitMs: QUICK_MS,
      run: async () => freshness(use, ground),
    })
  }
  if (use.isInDoubt) {
    checks.push({
      id: `credential.${name}.doubt`,
      title: `${name}'s last refresh was answered`,
      severity: 'warn',
      needs: [present],
      limitMs: QUICK_MS,
      run: async () => inDoubt(use, ground),
    })
  }
  if (ground.options.require !== undefined) {
    checks.push({
      id: `credential.${name}.kind`,
      title: `${name} uses the kind that is required`,
      severity: 'error',
      needs: [present],
      limitMs: QUICK_MS,
      run: async () => requiredKind(use, ground),
    })
  }
  const { needs, run } = identity?.accepts ?? { needs: [], run: (at: Ground) => acceptance(use, at) }
  checks.push({
    id: `provider.${name}.accepts`,
    title: isNone ? `${name} answers` : `${name} takes the credential`,
    severity: 'error',
    needs: isNone ? [] : [present, ...(chosen.expiresAt === null ? [] : [fresh]), ...needs],
    limitMs: ACCEPTANCE_MS,
    run,
  })
  return checks
}

function requiredKind({ chosen, candidates }: CredentialUse, { options }: Ground): Finding {
  if (chosen?.kind === options.require) return { status: 'pass', evidence: 'resolved', detail: `${chosen?.kind}` }
  const other = candidates.find(({ kind, state }) => kind === options.require && state === 'shadowed')
  const variable = chosen?.source.startsWith('env:') ? chosen.source.slice(4) : undefined
  const command = chosen && options.require !== undefined ? commandForKind(chosen, options.require) : undefined
  return {
    status: 'fail',
    evidence: 'resolved',
    detail: `${chosen?.kind} from ${chosen?.source} would be used, ${options.require} is required`,
    ...(other && variable ? { fix: { command: `unset ${variable}` } } : command === undefined ? {} : { fix: { command } }),
  }
}
