import type { ClawError } from '../core/errors.ts'
import { visible } from '../core/visible.ts'
import type { Paint } from './paint.ts'

/** An error for people: what, why, and what to type, each on its line and nothing that is not there. */
export function renderError(error: ClawError, paint: Paint): string {
  const lines = [`${paint('red', 'error')}[${error.code}]: ${visible(error.message)}`]
  if (error.why) lines.push(`  why: ${visible(error.why).replaceAll('\n', '\n       ')}`)
  if (error.fix) lines.push(`  fix: ${paint('bold', visible(error.fix).replaceAll('\n', '\n       '))}`)
  return `${lines.join('\n')}\n`
}

/** The same as the object that `--json` prints. */
export function errorObject(error: ClawError): Record<string, unknown> {
  return {
    type: 'error',
    code: error.code,
    exit: error.exit,
    message: error.message,
    ...(error.why === undefined ? {} : { why: error.why }),
    ...(error.fix === undefined ? {} : { fix: error.fix }),
    ...error.data,
  }
}
