import { redact } from '../core/redaction.ts'
import { visible } from '../core/visible.ts'
import { CiEscape } from './ci-escape.ts'
import type { TextOutput } from './context.ts'
import { withPaint } from './paint.ts'

/** Text as a terminal or a log may have it: no secret, nothing but our own colours to drive a terminal, no command of a CI log. */
export function forPeople(text: string, stream: TextOutput, vendor: string | null): string {
  const clean = redact(withPaint(text, visible))
  if (vendor === null || stream.isRegularFile) return clean
  const log = new CiEscape(vendor)
  return log.push(clean) + log.end()
}
