import { constants, createHmac, type KeyObject, sign, verify } from 'node:crypto'

/** The key that an algorithm of RFC 7518 section 3 works with; a curve has the name that Node gives it. */
export type KeyKind = 'rsa' | 'prime256v1' | 'secp384r1' | 'secp521r1'

interface Signing {
  readonly kind: KeyKind
  readonly hash: 'sha256' | 'sha384' | 'sha512'
  readonly isPss?: boolean
}

const SIGNING: Readonly<Record<string, Signing>> = {
  RS256: { kind: 'rsa', hash: 'sha256' },
  RS384: { kind: 'rsa', hash: 'sha384' },
  RS512: { kind: 'rsa', hash: 'sha512' },
  PS256: { kind: 'rsa', hash: 'sha256', isPss: true },
  PS384: { kind: 'rsa', hash: 'sha384', isPss: true },
  PS512: { kind: 'rsa', hash: 'sha512', isPss: true },
  ES256: { kind: 'prime256v1', hash: 'sha256' },
  ES384: { kind: 'secp384r1', hash: 'sha384' },
  ES512: { kind: 'secp521r1', hash: 'sha512' },
}

export const ALGORITHMS: readonly string[] = Object.keys(SIGNING)

/** What a token may be told to be signed with; the last two are no signatures that anybody may take. */
export type SubjectAlgorithm = `${'RS' | 'PS' | 'ES'}${'256' | '384' | '512'}` | 'HS256' | 'none'

function signingOf(algorithm: string): Signing | undefined {
  return Object.hasOwn(SIGNING, algorithm) ? SIGNING[algorithm] : undefined
}

/** The key that an algorithm needs; for one that needs none, what a confused server would take for it. */
export function keyKindOf(algorithm: SubjectAlgorithm): KeyKind {
  return signingOf(algorithm)?.kind ?? 'prime256v1'
}

/** The signature as it stands in a token; of `HS256` the one that takes the public key for a secret (RFC 8725 section 2.1). */
export function signatureOf(
  text: string,
  algorithm: SubjectAlgorithm,
  keys: { readonly privateKey: KeyObject; readonly publicKey: KeyObject },
): string {
  const signing = signingOf(algorithm)
  if (signing) return sign(signing.hash, Buffer.from(text), { key: keys.privateKey, ...paddingOf(signing) }).toString('base64url')
  if (algorithm === 'none') return ''
  return createHmac('sha256', keys.publicKey.export({ type: 'spki', format: 'pem' }))
    .update(text)
    .digest('base64url')
}

/** Whether a signature is that of the key, and the key one for the algorithm. */
export function isSigned(text: string, signature: string, algorithm: string, publicKey: KeyObject): boolean {
  const signing = signingOf(algorithm)
  const kind = publicKey.asymmetricKeyType === 'ec' ? publicKey.asymmetricKeyDetails?.namedCurve : publicKey.asymmetricKeyType
  if (!signing || kind !== signing.kind) return false
  return verify(signing.hash, Buffer.from(text), { key: publicKey, ...paddingOf(signing) }, Buffer.from(signature, 'base64url'))
}

function paddingOf({ kind, isPss }: Signing) {
  if (kind !== 'rsa') return { dsaEncoding: 'ieee-p1363' } as const
  return isPss
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : { padding: constants.RSA_PKCS1_PADDING }
}
