import { ClawError } from '../core/errors.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import { runChild } from '../platform/run-child.ts'
import { makeScratch } from '../platform/scratch.ts'
import { startSandbox } from './start-sandbox.ts'

export interface RunOptions {
  readonly scenario?: string | undefined
  readonly journalFile?: string | undefined
  readonly port?: number | undefined
  /** Empty: serve until the end. */
  readonly command: readonly string[]
  print(text: string): Promise<void>
  say(text: string): Promise<void>
}

export interface RunWorld {
  readonly clock: Clock
  readonly random: Random
  readonly signal: AbortSignal
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Variables that would lead claw somewhere else than to the sandbox. */
const LEADING_ELSEWHERE =
  /^(?:CLAW_.*|.*_(?:API_KEY|AUTH_TOKEN|OAUTH_TOKEN|BASE_URL)(?:_FILE)?|https?_proxy|HTTPS?_PROXY|all_proxy|ALL_PROXY)$/

/**
 * Serves until the signal, or runs a command in a home of its own that leads claw here, and hands on its exit code.
 *
 * @throws {ClawError} as {@link startSandbox}; `CLAW_USAGE` for a command that cannot be run, with its code as `data.code`.
 */
export async function runSandbox(options: RunOptions, world: RunWorld): Promise<number> {
  const sandbox = await startSandbox({ ...options, clock: world.clock, random: world.random })
  try {
    return options.command.length > 0 ? await runCommand(options, world, sandbox.toml) : await serve(options, world, sandbox)
  } finally {
    await sandbox.close()
  }
}

async function serve(
  options: RunOptions,
  { signal }: RunWorld,
  { toml, origin }: { readonly toml: string; readonly origin: string },
): Promise<number> {
  await options.print(toml)
  await options.say(`the sandbox serves on ${origin} until it is stopped; put the lines above into a file and set CLAW_CONFIG to it`)
  if (options.journalFile !== undefined) await options.say(`every request goes to ${options.journalFile}`)
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  return 0
}

async function runCommand(options: RunOptions, world: RunWorld, toml: string): Promise<number> {
  const scratch = await makeScratch()
  try {
    const kept = Object.entries(world.environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !LEADING_ELSEWHERE.test(entry[0]),
    )
    const config = await scratch.write('config.toml', toml)
    const { code, errno } = await runChild(
      options.command,
      { ...Object.fromEntries(kept), CLAW_CONFIG: config, CLAW_HOME: scratch.dir },
      world.signal,
    )
    if (errno !== null)
      await options.say(new ClawError('CLAW_USAGE', { what: `cannot run \`${options.command[0] ?? ''}\`: ${errno}` }).message)
    return code
  } finally {
    await scratch.remove()
  }
}
