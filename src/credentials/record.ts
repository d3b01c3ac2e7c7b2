import type { Secret } from '../core/secret.ts'
import type { Kind, Method } from '../core/vocabulary.ts'

/**
 * Where a credential lives: one profile of one provider may hold a key, a token and one grant per route side by side.
 * `route` is the id of the route it is good for, which for most providers is the provider itself.
 */
export interface Slot {
  readonly provider: string
  readonly route: string
  readonly profile: string
  readonly kind: Kind
}

/** Who a credential belongs to, as far as the provider says. */
export interface Account {
  readonly id: string | null
  readonly name: string | null
  readonly plan: string | null
  /** Served apart from others, for the government of the United States; absent = no. */
  readonly fedramp?: true
}

/** Written before a refresh request goes out; it holds no secret. */
export interface Intent {
  readonly holder: Holder
  readonly nonce: string
  readonly fence: number
  /** 1, or 2 for the one retry that law 5 allows. */
  readonly attempt: 1 | 2
  /** By the engine's clock, ms: when the request is over at the latest. */
  readonly deadlineAt: number
  /** By the engine's clock, ms: when the lease it was sent under ends. */
  readonly leaseEndsAt: number
  /** The holder wrote that no answer came. */
  readonly gaveUp: boolean
}

/** A process, so that it can be told dead or alive by another one of the same host. */
export interface Holder {
  readonly host: string
  readonly pid: number
  readonly pidStart: string
  readonly bootId: string
  readonly pidNamespace: string
}

/** The secrets of a record. In the file they stand under `secrets`, apart from everything else. */
export interface RecordSecrets {
  /** What is sent to the provider: the access token, bearer token or API key. */
  readonly access: Secret
  readonly refresh?: Secret
  readonly idToken?: Secret
  /** Derived credentials by name (Copilot's API token, a federated token). */
  readonly derived?: Readonly<Record<string, Secret>>
  /** Fields that a newer claw wrote, as JSON text: kept as they are. */
  readonly unknown?: Secret
}

/** An identity token that was posted to be exchanged: known by its hash alone. */
export interface PresentedToken {
  readonly sha256: string
  /** By the engine's clock, ms: when it ends by its own claim, from when it needs no remembering; null = it claims no end. */
  readonly endsAt: number | null
}

/** What a record of kind `identity` knows of its exchanges; nothing in it is secret. */
export interface ExchangeFacts {
  /** Newest last: none of them is posted again. */
  readonly presented: readonly PresentedToken[]
  /** Fields of the answer that must not change from one exchange to the next, by their wire names. */
  readonly principal: Readonly<Record<string, string>>
}

/** Clear facts about a derived credential; its secret, where it has one of its own, is `secrets.derived[name]`. */
export interface DerivedMetadata {
  /** By the engine's clock, ms; null = not known. */
  readonly expiresAt: number | null
  readonly lifetimeMs: number | null
  /** The generation of the credential that it was minted from. */
  readonly generation: number
  /** Where its provider said that it is used. */
  readonly baseUrl: string | null
}

/** What a server said about the next refresh; nothing in it is secret. */
export interface RenewalTerms {
  /** Fields of its answers that it wants back, by their wire names. */
  readonly echo: Readonly<Record<string, string>>
  /** By the engine's clock, ms: no refresh is welcome before, while the token serves. */
  readonly notBefore: number | null
}

/**
 * Why a grant that came in good order must not be used: it is another account's, or lacks the scope that its route lives
 * on. The refresh token that was sent for it is spent, so the answer is kept; only a sign-in makes use of the slot again.
 */
export interface Barring {
  readonly kind: 'account' | 'scope'
  readonly reason: string
}

/** The mark of a grant that serves no more. A `kind` bars its access token too, which else is used to its end. */
export interface Rejection {
  readonly at: number
  readonly reason: string
  readonly fingerprint: string
  readonly kind?: Barring['kind']
}

/** What a refresh must know of the client that signed in; nothing in it is secret. */
export interface GrantClient {
  readonly clientId: string | null
  readonly tokenEndpoint: string
  readonly revocationEndpoint: string | null
  readonly issuer: string | null
}

/** A stored credential: clear metadata apart from `secrets`, so that these can be encrypted and the rest compared. */
export interface CredentialRecord extends Slot {
  /** The grant id: what a lease is keyed by. Stays the same over refreshes and sign-ins of the same slot. */
  readonly id: string
  readonly method: Method
  /** Id of the catalogue's auth entry that it came by. */
  readonly auth: string
  readonly state: 'ok' | 'rejected' | 'logged_out'
  /** Counts committed credentials of this slot; neither an intent nor a mark changes it. */
  readonly generation: number
  /** SHA-256 (hex) of the refresh token in force, or of the credential itself where there is none. */
  readonly fingerprint: string
  /** The generation and attempt that this grant came from; 0 and 1 for a sign-in. */
  readonly from: number
  readonly fromAttempt: 1 | 2
  /** The highest fence that has written here. */
  readonly fence: number
  /** By the engine's clock, ms, reckoned from the sending of the request; null = not known. The server's value: no margin subtracted. */
  readonly expiresAt: number | null
  /** When the credential was received and how long it lives, ms: evidence against a clock that was set back. */
  readonly receivedAt: number
  readonly lifetimeMs: number | null
  readonly refreshable: boolean
  readonly account: Account | null
  readonly region: string | null
  readonly scopes: readonly string[] | null
  /** Origins (scheme://host:port) that may receive it. */
  readonly origins: readonly string[]
  readonly client: GrantClient | null
  readonly intent: Intent | null
  /** Who refreshed it last. */
  readonly lastRefresh: { readonly at: number; readonly host: string; readonly pid: number } | null
  readonly rejection: Rejection | null
  readonly renewal?: RenewalTerms
  readonly derived: Readonly<Record<string, DerivedMetadata>>
  /** Of kind `identity` only. */
  readonly exchange?: ExchangeFacts
  /** Absent in a record that was logged out. */
  readonly secrets: RecordSecrets | null
  /** Fields that a newer claw wrote: kept as they are. */
  readonly unknown: Readonly<Record<string, unknown>>
}

/** What a sign-in or a refresh brings. Durations, not instants: the engine's clock makes instants of them. */
export interface NewCredential {
  readonly method: Method
  readonly auth: string
  readonly secrets: RecordSecrets
  /** Null = the server did not say. */
  readonly lifetimeMs: number | null
  /** How long ago, by a monotonic clock, the request was sent that brought it, ms. */
  readonly sentAgoMs: number
  readonly account: Account | null
  readonly region: string | null
  readonly scopes: readonly string[] | null
  readonly origins: readonly string[]
  readonly client: GrantClient | null
  readonly renewal?: Pick<RenewalTerms, 'echo'> & {
    /** From now, ms. */
    readonly notBeforeInMs: number | null
  }
  readonly barred?: Barring
}

/** A sign-in that waits for somebody, as a domain record: another process may go on with it. */
export interface PendingFlow {
  readonly id: string
  readonly provider: string
  readonly route: string
  readonly profile: string
  readonly method: 'device' | 'pkce'
  readonly auth: string
  readonly userCode: string | null
  readonly verificationUri: string
  readonly verificationUriComplete: string | null
  /** By the engine's clock, ms. */
  readonly expiresAt: number
  /** Between polls, ms; grows with every `slow_down`. */
  readonly intervalMs: number
  /** By the engine's clock, ms: no poll before. */
  readonly nextPollAt: number
  readonly startedAt: number
  readonly slowedDown: boolean
  readonly region: string | null
  readonly client: GrantClient & { readonly redirectUri: string | null }
  /** What the exchange needs, by name: `deviceCode`, `verifier`. A state stands in `verificationUri`, which was shown. */
  readonly secrets: Readonly<Record<string, Secret>>
  /** How the next token request is made, where the catalogue entry leaves it to the flow. */
  readonly unknown: Readonly<Record<string, unknown>>
}

export function sameSlot(a: Slot, b: Slot): boolean {
  return a.provider === b.provider && a.route === b.route && a.profile === b.profile && a.kind === b.kind
}

/** Whether a credential may be another one of the same account: false only where both say whose they are, and differ. */
export function sameAccount(a: Account | null, b: Account | null): boolean {
  return a?.id == null || b?.id == null || a.id === b.id
}

/** The record of a place, whichever provider its route belonged to when it was written. */
export function recordAt(
  records: readonly CredentialRecord[],
  { route, profile, kind }: Pick<Slot, 'route' | 'profile' | 'kind'>,
): CredentialRecord | undefined {
  return records.find((record) => record.route === route && record.profile === profile && record.kind === kind)
}
