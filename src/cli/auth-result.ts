import { formatInstant } from '../core/duration.ts'

interface Stored {
  readonly provider: string
  readonly route: string
  readonly profile: string
  readonly method: string
  readonly kind: string
  readonly account: { readonly id: string | null; readonly name: string | null; readonly plan?: string | null } | null
  readonly expiresAt: number | null
}

/** What a sign-in ended in, apart from the record. */
interface SignInFacts {
  /** Null where it is not stored. */
  readonly store: string | null
  readonly changed: boolean
  /** Null where the provider was not asked. */
  readonly check: { readonly status: string; readonly evidence: string; readonly detail: string } | null
}

/** `claw.auth/1`: a credential that is stored. */
export function authResult(record: Stored, { store, changed, check }: SignInFacts): Readonly<Record<string, unknown>> {
  const { provider, route, profile, method, kind, account, expiresAt } = record
  return {
    type: 'result',
    schema: 'claw.auth/1',
    provider,
    route,
    profile,
    method,
    kind,
    account: account?.name ?? account?.id ?? null,
    plan: account?.plan ?? null,
    expiresAt: expiresAt === null ? null : formatInstant(expiresAt),
    store,
    changed,
    check: check && { status: check.status, evidence: check.evidence, detail: check.detail },
  }
}
