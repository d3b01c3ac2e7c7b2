import type { Reference } from '../core/reference.ts'
import type { AccountFields, RefusalRule } from '../protocols/oauth/account-answer.ts'
import type { FederationEntry } from './federation-entry.ts'

/** The kinds of auth entries, as the vendors' methods differ. */
export type AuthKind =
  | 'api_key'
  | 'bearer'
  | 'oauth_device'
  | 'openai_device'
  | 'minimax_device'
  | 'oauth_pkce'
  | 'pkce_key_mint'
  | 'copilot_direct'
  | 'copilot_exchange'
  | 'workload_identity'
  | 'none'

export interface AuthEntry {
  readonly id: string
  readonly kind: AuthKind
  /** Usable with nobody at the keyboard (device methods need one approval elsewhere). */
  readonly headless: boolean
  /** False: not offered unless the user's file or `CLAW_ENABLE` switches it on. */
  readonly enabled: boolean
  /** Why it is off, where `terms` does not say it all. */
  readonly offReason?: string
  readonly terms?: 'ok' | 'personal' | 'restricted' | 'forbidden' | 'retired'
  readonly status: 'verified' | 'inferred'
  readonly quirks?: readonly string[]

  /** How the credential is sent. */
  readonly header?: string
  readonly scheme?: string
  readonly headerAlternatives?: readonly string[]
  readonly extraHeaders?: Readonly<Record<string, string>>
  /** By the beginning of the value: headers that a credential of that shape needs beside its own. */
  readonly extraHeadersByPrefix?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly optionalHeadersEnv?: Readonly<Record<string, string>>
  /** Sent in place of claw's own name, where the vendor takes no other. */
  readonly userAgent?: string

  /** Keys and tokens given by hand. */
  readonly env?: readonly string[]
  /** Variables of the region `china`. */
  readonly envChina?: readonly string[]
  readonly prefixes?: readonly string[]
  readonly rejectPrefixes?: readonly string[]
  /** What a value with a rejected prefix is, where no entry of the catalogue has it: `an admin key, which answers no prompts`. */
  readonly rejectNotes?: Readonly<Record<string, string>>
  /** By the beginning of a value that is still taken: what is to be said about it. */
  readonly warnPrefixes?: Readonly<Record<string, string>>
  /** Answers whose token it is, for those that begin with one of `prefixes` and say nothing themselves: a GET with it as bearer. */
  readonly whoamiUrl?: string
  readonly modelsEndpointWorks?: boolean
  /** The cheap request that proves a credential of this entry, where it is another than the one of the route. */
  readonly probe?: string

  /** Device and PKCE grants. Endpoints are absolute, or paths below `oauthHost`, or found by `issuer`. */
  readonly issuer?: string
  readonly oauthHost?: string
  readonly deviceUrl?: string
  readonly authorizeUrl?: string
  readonly tokenUrl?: string
  readonly revocationUrl?: string
  readonly revokeBody?: 'form' | 'json'
  readonly discoveryUrl?: string
  readonly clientId?: string
  /** Only for a provider of one's own; the catalogue holds none. */
  readonly clientSecret?: Reference
  readonly scopes?: readonly string[]
  readonly audience?: string
  readonly resource?: string
  readonly redirectUri?: string
  readonly extraParams?: Readonly<Record<string, string>>
  readonly deviceBody?: 'form' | 'json'
  readonly tokenBody?: 'form' | 'json'
  readonly refreshBody?: 'form' | 'json'
  readonly sendDeviceHeaders?: boolean
  readonly defaultIntervalS?: number
  readonly expiresS?: number
  readonly verificationUriMayBeEmpty?: boolean
  readonly waitBeforeFirstPoll?: boolean
  /** OAuth errors that end a device flow, beyond those of RFC 8628. */
  readonly fatalPollErrors?: readonly string[]
  /** RFC 8628 hardened: added to each wait, where a poll that comes early is punished. */
  readonly safetyMarginS?: number
  readonly deviceParams?: Readonly<Record<string, string>>
  /** Sent to the device and token endpoints; values may hold `{uuid}`, a new one for each request. */
  readonly deviceHeaders?: Readonly<Record<string, string>>
  readonly requestHeaders?: Readonly<Record<string, string>>
  readonly verificationHttpsOnly?: boolean
  readonly notEnabledStatus?: number
  /** What to switch on where that status comes. */
  readonly notEnabledHint?: string
  readonly requestTimeoutS?: number

  /** `openai_device`: a user code endpoint, a poll that answers with a code, and the exchange of that code. */
  readonly usercodeUrl?: string
  readonly pollUrl?: string
  readonly verificationUri?: string
  readonly userCodeFields?: readonly string[]
  readonly deviceIdField?: string
  readonly pendingStatuses?: readonly number[]
  readonly pendingCodes?: readonly string[]
  readonly slowDownCodes?: readonly string[]

  /** `minimax_device`: PKCE inside a device grant, in milliseconds, with a `status` in answers of 200. */
  readonly verifyStateInResponse?: boolean
  readonly pollGrantType?: string
  readonly intervalUnit?: 's' | 'ms'
  readonly defaultIntervalMs?: number
  readonly minIntervalMs?: number
  readonly codeExpiryField?: string
  readonly codeExpiryUnit?: 's' | 'epoch-ms'
  /** Below 1e9 seconds from now, below 1e12 an instant in seconds, else one in milliseconds. */
  readonly tokenExpiryField?: string
  readonly statusField?: string
  readonly successValue?: string
  readonly errorValue?: string
  readonly errorMessagePath?: string
  readonly errorCodePath?: string
  /** Where an answer names the host of the API; believed only within `trustedHosts`. */
  readonly resourceUrlField?: string

  /** Refresh. */
  readonly bufferS?: number
  readonly accessTtlS?: number
  /** OAuth errors of the token endpoint that mean the grant is dead. */
  readonly deadRefreshCodes?: readonly string[]
  readonly retryInDoubt?: boolean
  readonly opaqueToken?: boolean
  /** Where the end of an access token is read before `expires_in` is believed. */
  readonly expirySource?: 'jwt-exp'
  /** Neither the token nor the answer tells an end: refresh when the last one is older. */
  readonly fallbackRefreshAgeS?: number
  /** What an absent `expires_in` means. */
  readonly defaultAccessTtlS?: number
  /** Field of an answer before whose instant no refresh is welcome. */
  readonly earliestRefreshField?: string
  /** The auth entry by which a grant is used, where it is no credential of the API itself. */
  readonly usedBy?: string
  /** Fields of a token answer that go back with each refresh. */
  readonly echoOnRefresh?: readonly string[]
  /** The fields of a refresh request, where the server wants no others. */
  readonly refreshFields?: readonly string[]

  /** Authorization code with PKCE (paste and loopback). */
  /** In order. `{port}`: the vendor takes any; else only those that it has registered. */
  readonly redirectUris?: readonly string[]
  readonly preferredPort?: number
  readonly pasteRedirectUri?: string
  /** What the page at `pasteRedirectUri` shows for copying. */
  readonly pasteFormat?: string
  /** The redirect carries the client id that was issued for this installation. */
  readonly clientIdFromCallback?: boolean
  readonly requiredGrantedScope?: string
  readonly nonce?: boolean
  /** Sent with each token request. */
  readonly tokenParams?: Readonly<Record<string, string>>
  readonly requiresIdTokenOnExchange?: boolean
  readonly tokenUrlFallbacks?: readonly string[]
  readonly authorizeParams?: Readonly<Record<string, string>>
  readonly pkceMethod?: 'S256'
  readonly stateInBody?: boolean
  readonly callbackParam?: string
  readonly noState?: boolean
  readonly noClientId?: boolean
  readonly resultField?: string
  readonly loginTimeoutS?: number
  readonly pasteOmits?: string
  readonly codeTtlS?: number

  /** What answers about the account of a credential have where, dots lead inside. */
  readonly accountFields?: Omit<AccountFields, 'baseUrl'>
  /** What refusals of such a question, or of an exchange, mean. */
  readonly refusals?: readonly RefusalRule[]
  /** What a value is that has none of `prefixes` and whose claims name no account: it is refused in these words. */
  readonly otherwise?: string

  /** `copilot_direct`: the token of GitHub itself is sent; the base URL is asked for. `{domain}` is GitHub's or a tenant's. */
  /** Where an answer names the address of the API, dots lead inside; believed only within the hosts of the route. */
  readonly baseUrlField?: string
  /** How long its answer is believed. */
  readonly discoveryTtlS?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly serverToken?: ServerToken
  /** `copilot_exchange`: a derived credential, minted from the one of another entry, or from a value that has one of `prefixes`. */
  readonly needs?: string
  readonly exchangeUrl?: string
  readonly tokenField?: string
  readonly expiresField?: string
  readonly refreshInField?: string
  readonly baseUrlFromToken?: { readonly key: string; readonly replacePrefix: string; readonly with: string }

  /** Workload identity (exchange of a CI job's own token). */
  readonly federation?: FederationEntry
  /** From the user's file: where the job's token comes from, the vendor's ids by their wire names, and the grant. */
  readonly subjectToken?: Reference
  readonly ids?: Readonly<Record<string, string>>
  readonly grant?: 'token-exchange' | 'jwt-bearer' | 'client-assertion'
}

/** Tokens of a server (`ghs_`), which no account stands behind: they skip the question for the base URL. */
export interface ServerToken {
  readonly prefix: string
  readonly baseUrl: string
  /** With `{domain}`, for a tenant. */
  readonly tenantBaseUrl: string
  readonly headers: Readonly<Record<string, string>>
}
