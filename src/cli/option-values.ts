import { parseDuration } from '../core/duration.ts'
import { ClawError } from '../core/errors.ts'
import type { Kind } from '../core/vocabulary.ts'

/** The value of an option that takes a duration, ms. @throws {ClawError} `CLAW_USAGE` */
export function durationOf(text: string | undefined, flag: string): number | undefined {
  const ms = text === undefined ? undefined : parseDuration(text)
  if (text !== undefined && ms === undefined)
    throw new ClawError('CLAW_USAGE', { what: `\`${flag}\` is no duration`, fix: 'write it as 30s, 10m, 2h, 7d or a number of seconds' })
  return ms
}

/** The value of an option that takes a kind of credential. @throws {ClawError} `CLAW_USAGE` */
export function kindOf(text: string | undefined, flag = '--require'): Kind | undefined {
  const kinds: readonly Kind[] = ['api_key', 'token', 'oauth', 'identity', 'none']
  const kind = kinds.find((each) => each === text)
  if (text !== undefined && kind === undefined)
    throw new ClawError('CLAW_USAGE', { what: `\`${flag}\` takes a kind of credential`, fix: `one of ${kinds.join(', ')}` })
  return kind
}
