export type SecretKind =
  | 'api-key'
  | 'token'
  | 'access-token'
  | 'refresh-token'
  | 'id-token'
  | 'device-code'
  | 'verifier'
  | 'state'
  | 'authorization-code'
  | 'client-secret'
  | 'subject-token'
  | 'proxy-password'
  | 'store-key'

/** Shorter values would strike ordinary words from the output; they are refused as secrets where they are read. */
export const SHORTEST_SECRET = 8

const live = new Map<string, SecretKind>()

/** Registers a secret, so that {@link redact} strikes it and its usual encodings from every later output. */
export function rememberSecret(value: string, kind: SecretKind): void {
  if (value.length < SHORTEST_SECRET || live.has(value)) return
  live.set(value, kind)
  for (const form of encodings(value)) if (!live.has(form)) live.set(form, kind)
}

/** Text with every live secret, and whatever has the shape of a well-known one, replaced by `[redacted:KIND]`. */
export function redact(text: string): string {
  let clean = text
  for (const [value, kind] of byLengthDescending()) {
    if (clean.includes(value)) clean = clean.replaceAll(value, `[redacted:${kind}]`)
  }
  return clean.replace(WELL_KNOWN, '[redacted:token]')
}

/** Prefixes that vendors print on their keys: a second net only, for values that were never registered. */
const WELL_KNOWN =
  /\b(?:sk-[A-Za-z0-9_-]{16,}|gh[opsu]_[A-Za-z0-9]{16,}|ghr_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|xai-[A-Za-z0-9]{16,}|AIza[A-Za-z0-9_-]{20,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)/g

const WHOLE = new RegExp(`^(?:${WELL_KNOWN.source})$`)

/** Whether a text as a whole has the shape of a well-known secret. */
export function isSecretShaped(text: string): boolean {
  return WHOLE.test(text)
}

let sorted: [string, SecretKind][] = []

function byLengthDescending(): [string, SecretKind][] {
  if (sorted.length !== live.size) sorted = [...live].sort(([a], [b]) => b.length - a.length)
  return sorted
}

function encodings(value: string): string[] {
  const forms = [encodeURIComponent(value), JSON.stringify(value).slice(1, -1), Buffer.from(value).toString('hex')]
  for (const offset of [0, 1, 2]) forms.push(base64Core(value, offset))
  return forms.filter((form) => form !== value && form.length >= SHORTEST_SECRET)
}

/** The part of a base64 text that does not depend on what surrounds the value, for a value that starts at `offset` modulo 3. */
function base64Core(value: string, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)])
    .toString('base64')
    .replace(/=+$/, '')
  const first = offset === 0 ? 0 : offset + 1
  const last = (offset + Buffer.byteLength(value)) % 3 === 0 ? encoded.length : encoded.length - 1
  return encoded.slice(first, last)
}
