import { ClawError } from '../core/errors.ts'
import type { Environment } from './environment.ts'

/** Node takes an underscore for a dash in the name of an option. */
const DEBUGGING = /--(?:inspect|report[-_]|heapsnapshot|heap[-_]prof|tls[-_]keylog|cpu[-_]prof)[\w-]*/
/** Parts of Node and undici that print headers and addresses when they are asked to. */
const TELLING = /http|undici|fetch|net|tls|\*/i

/**
 * Whoever debugs a process reads its memory, a report of Node holds its environment, and a trace of its HTTP the
 * credentials: no secret is handled then.
 *
 * @throws {ClawError} `CLAW_INSECURE` unless `CLAW_ALLOW_DEBUGGER=1`.
 */
export function refuseDebugger(environment: Environment, execArgv: readonly string[], isCi: boolean): void {
  if (environment.get('CLAW_ALLOW_DEBUGGER') === '1') return
  const options = [...execArgv, (environment.get('NODE_OPTIONS') ?? '').replace(/["\\]/g, '')].join(' ')
  const option = DEBUGGING.exec(options)?.[0]
  const isTraced = isCi && TELLING.test(environment.get('NODE_DEBUG') ?? '')
  if (option === undefined && !isTraced) return
  throw new ClawError('CLAW_INSECURE', {
    what: 'claw handles no secrets while Node is set to be debugged',
    why: option === undefined ? '`NODE_DEBUG` would print them to the log' : `\`${option}\``,
    fix: `remove ${option === undefined ? 'NODE_DEBUG' : 'the option'}, or set CLAW_ALLOW_DEBUGGER=1`,
  })
}
