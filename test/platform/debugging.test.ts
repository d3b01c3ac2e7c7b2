import { expect, it } from 'vitest'
import { ClawError } from '../../src/core/errors.ts'
import { refuseDebugger } from '../../src/platform/debugging.ts'
import { environmentOf } from '../../src/platform/environment.ts'

function refused(env: Readonly<Record<string, string>>, execArgv: readonly string[], isCi: boolean): string | undefined {
  try {
    refuseDebugger(environmentOf(env), execArgv, isCi)
    return undefined
  } catch (thrown) {
    return thrown instanceof ClawError && thrown.code === 'CLAW_INSECURE' ? thrown.why : 'another error'
  }
}

it.each([
  [{}, [], true, undefined],
  [{}, ['--inspect-brk=9229'], false, '`--inspect-brk`'],
  [{ NODE_OPTIONS: '--max-old-space-size=100 --report-on-signal' }, [], false, '`--report-on-signal`'],
  [{ NODE_OPTIONS: '"--tls-key\\log=/tmp/x"' }, [], false, '`--tls-keylog`'],
  [{ NODE_OPTIONS: '--heapsnapshot_signal=SIGUSR2' }, [], false, '`--heapsnapshot_signal`'],
  [{ NODE_OPTIONS: '--enable-source-maps' }, ['--no-warnings'], false, undefined],
  [{ NODE_DEBUG: 'http' }, [], true, '`NODE_DEBUG` would print them to the log'],
  [{ NODE_DEBUG: 'http' }, [], false, undefined],
  [{ NODE_DEBUG: 'fs' }, [], true, undefined],
  [{ CLAW_ALLOW_DEBUGGER: '1', NODE_DEBUG: 'http' }, ['--inspect'], true, undefined],
])('S-58 S-55 with %j and %j, CI %j: %j', (env, execArgv, isCi, why) => {
  expect(refused(env as Readonly<Record<string, string>>, execArgv, isCi)).toBe(why)
})
