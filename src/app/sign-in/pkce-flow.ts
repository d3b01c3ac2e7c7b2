import type { Secret } from '../../core/secret.ts'
import type { PendingFlow, Slot } from '../../credentials/record.ts'
import type { NewFlow } from '../../credentials/store.ts'
import type { AuthorizationNotice } from '../../machines/pkce-words.ts'
import type { ExpectedResponse } from '../../protocols/oauth/authorization-response.ts'
import type { PasteRules } from '../../protocols/oauth/pasted-response.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import type { OAuthClient } from './oauth-client.ts'

/** How long an address may be used, s (S-36). */
const LOGIN_S = 600

/** A sign-in that somebody has begun, or may begin, in a browser. */
export interface PkceFlow {
  readonly id: string
  readonly notice: AuthorizationNotice
  readonly verifier: Secret
  readonly namesItself: boolean
  readonly client: OAuthClient
}

/** How long the address of a sign-in is good for, ms. A page that shows a code shows one with a life of its own. */
export function loginLifetimeMs({ loginTimeoutS, codeTtlS }: AuthEntry, isPasted: boolean): number {
  return ((isPasted ? codeTtlS : undefined) ?? loginTimeoutS ?? LOGIN_S) * 1_000
}

/**
 * The record by which another process can finish it: the verifier is its only secret. State and nonce stand in the address,
 * which was shown.
 */
export function pendingPkceFlow(flow: PkceFlow, slot: Slot, auth: AuthEntry, region: string | null, now: number): NewFlow {
  const { notice, client } = flow
  return {
    id: flow.id,
    provider: slot.provider,
    route: slot.route,
    profile: slot.profile,
    method: 'pkce',
    auth: auth.id,
    userCode: null,
    verificationUri: notice.url,
    verificationUriComplete: null,
    expiresInMs: notice.expiresAt - now,
    intervalMs: 0,
    nextPollInMs: 0,
    startedAgoMs: 0,
    slowedDown: false,
    region,
    client: { ...client.pinned, redirectUri: notice.redirectUri },
    secrets: { verifier: flow.verifier },
    unknown: flow.namesItself ? { namesItself: true } : {},
  }
}

/** A stored sign-in, with its end by the clock of this process. */
export function noticeOf(flow: PendingFlow, engineNow: number, now: number): AuthorizationNotice {
  return { url: flow.verificationUri, redirectUri: flow.client.redirectUri, expiresAt: now + (flow.expiresAt - engineNow) }
}

/** What a response must agree with: everything that the flow pinned when it began (S-42). */
export function expectedResponse({ notice, client, namesItself }: PkceFlow, auth: AuthEntry): ExpectedResponse {
  return {
    state: auth.noState ? null : new URL(notice.url).searchParams.get('state'),
    issuer: client.pinned.issuer,
    namesItself,
    bringsClientId: auth.clientIdFromCallback ?? false,
  }
}

export function pasteRules({ notice }: PkceFlow, auth: AuthEntry): PasteRules {
  const hasNoState = auth.noState ?? false
  return {
    redirectUri: notice.redirectUri,
    showsBareCode: hasNoState && notice.redirectUri === null,
    pathIsSecret: hasNoState,
    needs: auth.clientIdFromCallback ? 'client_id' : null,
  }
}

export function nonceOf({ notice }: PkceFlow): string | null {
  return new URL(notice.url).searchParams.get('nonce')
}
