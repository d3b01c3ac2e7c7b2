import type { Clock } from '../platform/clock.ts'
import { isIdentityVariable } from '../platform/identity-variables.ts'
import type { Random } from '../platform/random.ts'
import { runChild } from '../platform/run-child.ts'
import { makeScratch } from '../platform/scratch.ts'
import type { Mirror } from './mirror.ts'
import { type Sandbox, startSandbox } from './start-sandbox.ts'

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
  readonly mirror: Mirror
  readonly signal: AbortSignal
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Variables that lead claw, or a vendor's program, somewhere else than to the sandbox; those of the catalogue come beside them. */
const LEADING_ELSEWHERE =
  /^(?:CLAW_(?!(?:CI|DEBUG|ALLOW_DEBUGGER|NO_INPUT)$)\w+|(?:ANTHROPIC|CLAUDE|CODEX|KIMI|MOONSHOT|OLLAMA|OPENAI|OPENROUTER)_\w+|\w+_(?:API_KEY|AUTH_TOKEN|ACCESS_TOKEN|OAUTH_TOKEN|BASE_URL)(?:_FILE)?|(?:https?|all)_proxy)$/i

/** As long as every vendor takes a token of a job, s. */
const FIXED_TOKEN_S = 3_600

/**
 * Serves until the signal, or runs a command in a home of its own that leads claw here, and hands on its exit code: 127
 * where there is no such program, 126 where it cannot be executed.
 *
 * @throws {ClawError} as {@link startSandbox}; the reason of the signal where it came before the command.
 */
export async function runSandbox(options: RunOptions, world: RunWorld): Promise<number> {
  const sandbox = await startSandbox({ ...options, clock: world.clock, random: world.random, mirror: world.mirror })
  try {
    return options.command.length > 0 ? await runCommand(options, world, sandbox) : await serve(options, world, sandbox)
  } finally {
    await sandbox.close()
  }
}

async function serve(options: RunOptions, { signal }: RunWorld, { toml, origin }: Sandbox): Promise<number> {
  await options.print(toml)
  await options.say(`the sandbox serves on ${origin} until it is stopped; put the lines above into a file and set CLAW_CONFIG to it`)
  if (options.journalFile !== undefined) await options.say(`every request goes to ${options.journalFile}`)
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  return 0
}

async function runCommand(options: RunOptions, world: RunWorld, { toml, identity }: Sandbox): Promise<number> {
  const scratch = await makeScratch()
  try {
    const kept = Object.entries(world.environment).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined &&
        !LEADING_ELSEWHERE.test(entry[0]) &&
        !isIdentityVariable(entry[0]) &&
        !world.mirror.variables.includes(entry[0]),
    )
    const config = await scratch.write('config.toml', toml)
    const token = identity.mint({ alg: 'ES256', lifetimeS: FIXED_TOKEN_S })
    const job = {
      ...identity.githubEnvironment(),
      CLAW_SANDBOX_ID_TOKEN: token,
      CLAW_SANDBOX_ID_TOKEN_FILE: await scratch.write('id-token', token),
    }
    const { code, errno } = await runChild(
      options.command,
      { ...Object.fromEntries(kept), ...job, CLAW_CONFIG: config, CLAW_HOME: scratch.dir },
      world.signal,
    )
    if (errno !== null) await options.say(`cannot run \`${options.command[0] ?? ''}\`: ${errno}`)
    return code
  } finally {
    await scratch.remove()
  }
}
