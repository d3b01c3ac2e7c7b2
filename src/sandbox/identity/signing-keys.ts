import { generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto'
import { keyKindOf, type KeyKind, signatureOf, type SubjectAlgorithm } from './algorithms.ts'

interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

const KIDS: ReadonlyMap<string, KeyKind> = new Map([
  ['sandbox-rsa', 'rsa'],
  ['sandbox-p256', 'prime256v1'],
  ['sandbox-p384', 'secp384r1'],
  ['sandbox-p521', 'secp521r1'],
])

/** The keys of an issuer. Each is made when it is used first: an RSA key takes a tenth of a second, which no start-up waits for. */
export class SigningKeys {
  readonly #pairs = new Map<KeyKind, KeyPair>()

  /** A signed token (RFC 7515 section 7.1). Members of the header that are `undefined` are left out. */
  sign(algorithm: SubjectAlgorithm, header: Readonly<Record<string, unknown>>, claims: Readonly<Record<string, unknown>>): string {
    const kind = keyKindOf(algorithm)
    const [kid] = [...KIDS].find(([, each]) => each === kind) ?? []
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const text = `${part({ typ: 'JWT', alg: algorithm, kid, ...header })}.${part(claims)}`
    return `${text}.${signatureOf(text, algorithm, this.#pair(kind))}`
  }

  /** The key of that name; `undefined` where there is none. */
  find(kid: string): KeyObject | undefined {
    const kind = KIDS.get(kid)
    return kind && this.#pair(kind).publicKey
  }

  /** All of them as they are published (RFC 7517). */
  get published(): JsonWebKey[] {
    return [...KIDS].map(([kid, kind]) => ({ ...this.#pair(kind).publicKey.export({ format: 'jwk' }), kid, use: 'sig' }))
  }

  #pair(kind: KeyKind): KeyPair {
    const known = this.#pairs.get(kind)
    if (known) return known
    const made = kind === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2_048 }) : generateKeyPairSync('ec', { namedCurve: kind })
    this.#pairs.set(kind, made)
    return made
  }
}
