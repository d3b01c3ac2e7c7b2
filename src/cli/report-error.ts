import { redact } from '../core/redaction.ts'
import type { ClawError } from '../core/errors.ts'
import type { Shell } from './context.ts'
import { forPeople } from './for-people.ts'
import { jsonLine } from './json-line.ts'
import type { Paint } from './paint.ts'
import { errorObject, renderError } from './render-error.ts'

/**
 * Says what went wrong, once: on stdout with `--json`, else on stderr; with `CLAW_DEBUG=1` also where in the program.
 *
 * @returns the exit code
 */
export async function reportError(
  error: ClawError,
  shell: Shell,
  wanted: { readonly json: boolean; readonly paint: Paint },
): Promise<number> {
  const { out, err, world, ci } = shell
  try {
    // What could not be written to stdout is not told there; a named file is another matter.
    if (wanted.json && (error.code !== 'CLAW_OUTPUT' || error.data?.path !== undefined)) await out.write(jsonLine(errorObject(error)))
    else await err.write(forPeople(renderError(error, wanted.paint), err, ci.vendor))
    if (world.environment.get('CLAW_DEBUG') === '1') await err.write(forPeople(stackOf(error), err, ci.vendor))
  } catch {
    // Nobody reads any more: the exit code is all that is left.
  }
  return error.exit.code
}

/** The places in the program; of a cause its name too, but never its message, which libraries fill with values. */
function stackOf(error: ClawError): string {
  const { cause } = error
  const frames = (stack: string) => stack.split('\n').filter((line) => /^\s+at /.test(line))
  const below = cause instanceof Error ? [`caused by ${cause.name}`, ...frames(cause.stack ?? '')] : []
  return `${redact([...frames(error.stack ?? ''), ...below].join('\n'))}\n`
}
