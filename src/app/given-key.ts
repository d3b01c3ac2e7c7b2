import type { SecretKind } from '../core/redaction.ts'
import type { Secret } from '../core/secret.ts'
import { resolveReference } from '../credentials/references.ts'
import { secretFrom } from '../credentials/secret-text.ts'
import { referenceWorld } from './client-secret.ts'
import type { Session } from './session.ts'

/** A key as it was handed over. @throws {ClawError} `CLAW_KEY_INVALID` saying what is wrong with it, never the key. */
export function keyFrom(content: string | Uint8Array, source: string, kind: SecretKind): Secret {
  return secretFrom(content, source, kind)
}

export function keyFromVariable(session: Session, name: string, kind: SecretKind): Promise<Secret> {
  return resolveReference({ scheme: 'env', name }, referenceWorld(session), kind)
}

export function keyFromFile(session: Session, path: string, kind: SecretKind): Promise<Secret> {
  const absolute = path.startsWith('/') ? path : `${session.ports.machine.cwd}/${path}`
  return resolveReference({ scheme: 'file', path: absolute }, referenceWorld(session), kind)
}
