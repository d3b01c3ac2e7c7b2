import { Cli, type CommandClass } from 'clipanion'
import { ClawError, toClawError } from '../core/errors.ts'
import { isSecretShaped } from '../core/redaction.ts'
import type { CliContext, Shell } from './context.ts'
import { keyAsArgument } from './key-as-argument.ts'
import { colourOf } from './paint.ts'
import { findCommand, withShorthand } from './registry.ts'
import { reportError } from './report-error.ts'
import { unknownCommand, usageError } from './usage-error.ts'

/**
 * Runs one command line. Only the command that it means is loaded.
 *
 * @param argv without the program, and without what followed `--`
 * @returns the exit code
 */
export async function runCli(argv: readonly string[], shell: Shell): Promise<number> {
  try {
    return await dispatch(withShorthand(argv), shell)
  } catch (thrown) {
    return report(toClawError(thrown), argv, shell)
  }
}

/** For a process that ends while its command still waits. */
export async function sayNoAnswer(argv: readonly string[], shell: Shell): Promise<void> {
  const fix = 'report this with the command that you ran'
  await report(new ClawError('CLAW_NO_ANSWER', { what: 'the command ended without an answer', fix }), argv, shell)
}

async function dispatch(argv: readonly string[], shell: Shell): Promise<number> {
  if (argv.some((word) => isSecretShaped(word) || isSecretShaped(word.slice(word.indexOf('=') + 1)))) {
    throw keyAsArgument(argv)
  }
  const found = findCommand(argv)
  if (!found) throw unknownCommand(argv)
  if (!found.command.isHarmless) shell.guard()
  return runCommand(await found.command.load(), found.args, shell)
}

async function runCommand(command: CommandClass<CliContext>, args: string[], shell: Shell): Promise<number> {
  const cli = new Cli<CliContext>({ binaryName: 'claw', enableColors: false })
  cli.register(command)
  let parsed: ReturnType<typeof cli.process>
  try {
    parsed = cli.process(args, { shell })
  } catch (thrown) {
    throw await usageError(thrown, command, args)
  }
  return (await parsed.validateAndExecute()) ?? 0
}

function report(error: ClawError, argv: readonly string[], shell: Shell): Promise<number> {
  return reportError(error, shell, { json: argv.includes('--json'), paint: colourOf(undefined, shell.world.environment, shell.err.isTTY) })
}
