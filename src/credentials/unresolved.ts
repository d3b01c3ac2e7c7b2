import { ClawError } from '../core/errors.ts'

/** A reference that leads to no secret. It is named, and what it leads to is not. */
export function unresolved(what: string, why?: string, fix?: string): ClawError {
  return new ClawError('CLAW_REFERENCE_UNRESOLVED', { what, why, fix })
}
