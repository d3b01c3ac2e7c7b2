import { ClawError } from '../../core/errors.ts'
import type { SecretKind } from '../../core/redaction.ts'
import type { Secret } from '../../core/secret.ts'
import { resolveReference } from '../../credentials/references.ts'
import { secretFrom } from '../../credentials/secret-text.ts'
import { referenceWorld } from './client-secret.ts'
import type { Session } from '../session.ts'

/** A key as it was handed over. @throws {ClawError} `CLAW_KEY_INVALID` saying what is wrong with it, never the key. */
export function keyFrom(content: string | Uint8Array, source: string, kind: SecretKind): Secret {
  const text = Buffer.from(content)
    .toString('latin1')
    .replace(/\r?\n$/, '')
  const lines = text.split('\n').length
  const fault = text.trim() === '' ? 'it is empty' : lines > 1 ? `it holds ${lines} lines, and a key is one` : undefined
  if (fault === undefined) return secretFrom(content, source, kind)
  throw new ClawError('CLAW_KEY_INVALID', { what: `what came from ${source} is no key`, why: fault })
}

/** A value that cannot be had, or cannot be one, with what to type for it here. */
export async function orSay<Value>(value: Value | Promise<Value>, fix: string): Promise<Value> {
  try {
    return await value
  } catch (thrown) {
    if (!(thrown instanceof ClawError) || !['CLAW_KEY_INVALID', 'CLAW_REFERENCE_UNRESOLVED'].includes(thrown.code)) throw thrown
    throw thrown.reworded({ fix })
  }
}

export function keyFromVariable(session: Session, name: string, kind: SecretKind): Promise<Secret> {
  return resolveReference({ scheme: 'env', name }, referenceWorld(session), kind)
}

export function keyFromFile(session: Session, path: string, kind: SecretKind): Promise<Secret> {
  const absolute = path.startsWith('/') ? path : `${session.ports.machine.cwd}/${path}`
  return resolveReference({ scheme: 'file', path: absolute }, referenceWorld(session), kind)
}
