import { ClawError } from '../core/errors.ts'

/** What an earlier step of the refresh machine has put there. @throws {ClawError} `CLAW_INTERNAL` where it is missing. */
export function held<Part>(part: Part | undefined, name: string): Part {
  if (part === undefined) throw new ClawError('CLAW_INTERNAL', { what: `a refresh went on without its ${name}` })
  return part
}
