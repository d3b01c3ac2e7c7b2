import type { Reference } from '../../core/reference.ts'
import type { Environment } from '../../platform/environment.ts'
import type { AuthEntry, FederationEntry } from '../../providers/entry.ts'
import type { Federation } from './federation.ts'

interface Beside {
  readonly reference: Reference
  readonly values: Readonly<Record<string, string>>
  /** Null = found by discovery. */
  readonly tokenUrl: string | null
  readonly environment: Environment
}

/**
 * Whom the job's token is made out to: what the reference says, then the user's file, then the vendor's variable, then what
 * is usual at the vendor; an authorization server of one's own is its own audience (RFC 7523 section 3).
 *
 * @returns null where only the vendor's rule knows
 */
export function audienceOf(
  auth: AuthEntry,
  rules: FederationEntry,
  { reference, values, tokenUrl, environment }: Beside,
): { readonly audience: string | null; readonly isChosen: boolean } {
  const inReference = reference.scheme === 'oidc' ? reference.audience : undefined
  const isField = isAudienceField(rules)
  const inFile = isField ? undefined : auth.audience
  const variable = rules.envMap.audience
  const chosen = inReference ?? inFile ?? (variable === undefined ? undefined : environment.get(variable))
  if (chosen !== undefined) return { audience: chosen, isChosen: true }
  const usual = usualAudience({ rules, values })
  if (usual !== '') return { audience: usual, isChosen: false }
  return { audience: isField ? (auth.issuer ?? tokenUrl) : null, isChosen: false }
}

/** Where the request has a field of that name to be set, the setting means the field: whom the minted token is for. */
export function isAudienceField({ bodyFields, fieldTemplates }: FederationEntry): boolean {
  return bodyFields.includes('audience') && fieldTemplates?.audience === undefined
}

/** What is usual at the vendor; empty where nothing is. */
export function usualAudience({ rules, values }: Pick<Federation, 'rules' | 'values'>): string {
  return rules.defaultAudience.replace(/\{([a-z_]+)\}/g, (whole, name: string) => values[name] ?? whole)
}
