/** How long a request that is on the wire may go on after the caller was cancelled, ms (fits the 7.5 s of a CI runner). */
export const CANCEL_GRACE_MS = 6_000
