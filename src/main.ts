#!/usr/bin/env node
import type { Shell } from './cli/context.ts'

// Failure until proven otherwise: a command that awaits what nobody will ever send ends with this.
process.exitCode = 70

const argv = process.argv.slice(2)
const until = argv.indexOf('--')
const own = until < 0 ? argv : argv.slice(0, until)

if (own[0] === '--version') answer(`${__VERSION__}\n`)
else if (own.length === 0 || own.includes('--help') || own.includes('-h')) void help()
else void main()

/** Prints one text and nothing else; nothing is loaded for it. */
function answer(text: string): void {
  process.stdout.on('error', () => undefined)
  process.stdout.write(text, (error) => {
    const errno = error && 'code' in error ? String(error.code) : ''
    process.exitCode = errno === '' || errno === 'EPIPE' ? 0 : 74
    if (process.exitCode === 74) process.stderr.write(`error[CLAW_OUTPUT]: writing to stdout failed\n  why: ${errno}\n`)
  })
}

async function help(): Promise<void> {
  const { helpFor } = await import('./cli/help-page.ts')
  const page = await helpFor(own)
  if (page === undefined) await main()
  else answer(page)
}

async function main(): Promise<void> {
  const [{ openSystem }, { refuseDebugger }, { runCli, sayNoAnswer }] = await Promise.all([
    import('./platform/system.ts'),
    import('./platform/debugging.ts'),
    import('./cli/run-cli.ts'),
  ])
  const { clock, random, environment, machine, variables, out, err, input, ci, signals, alarm } = openSystem()
  const shell: Shell = {
    world: { clock, random, environment, machine, version: __VERSION__ },
    out,
    err,
    input,
    ci,
    signal: signals.signal,
    alarm,
    rest: until < 0 ? [] : argv.slice(until + 1),
    guard: () => refuseDebugger(environment, process.execArgv, ci.vendor !== null),
    openPage: async (url) => {
      const { openPage } = await import('./platform/open-page.ts')
      return openPage(url, { platform: machine.platform, environment, isTerminal: input.isTTY && err.isTTY })
    },
    runSandbox: async (options, signal) => {
      const [{ runSandbox }, { rehearsal }] = await Promise.all([
        import('./sandbox/run-sandbox.ts'),
        import('./app/rehearsal/rehearsal.ts'),
      ])
      return runSandbox(options, { clock, random, signal, mirror: rehearsal(), environment: variables })
    },
  }
  const noAnswer = () => void sayNoAnswer(own, shell)
  process.once('beforeExit', noAnswer)
  const code = await runCli(own, shell)
  process.removeListener('beforeExit', noAnswer)
  process.exitCode = code
  signals.raise()
}
