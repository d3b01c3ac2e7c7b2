import type { Clock } from '../platform/clock.ts'
import { type RunningServer, serveLoopback } from '../platform/http-server.ts'
import { type LineFile, openLineFile } from '../platform/journal-file.ts'
import type { Random } from '../platform/random.ts'
import type { ServedRequest } from '../platform/served-request.ts'
import { AuthorizationServer } from './sign-in/authorization-server.ts'
import { Exchanges } from './identity/exchanges.ts'
import { Issuer } from './identity/issuer.ts'
import { identityOf, type SandboxIdentity } from './identity/sandbox-identity.ts'
import { type Dialect, json, type Reply, type SandboxWorld } from './dialect.ts'
import { dialectsOf } from './dialects.ts'
import type { JournalEntry } from './journal.ts'
import type { Mirror } from './mirror.ts'
import { sandboxToml } from './sandbox-toml.ts'
import { scenarioOf } from './scenarios.ts'
import { Script } from './script.ts'

export interface SandboxOptions {
  readonly clock: Clock
  readonly random: Random
  /** What there is beside the provider of one's own. */
  readonly mirror: Mirror
  readonly port?: number | undefined
  readonly scenario?: string | undefined
  readonly journalFile?: string | undefined
  readonly accessLifetimeS?: number | undefined
  /** At which poll a code approves itself, where the scenario does not say. */
  readonly approvesAtPoll?: number | undefined
}

export interface Sandbox {
  readonly origin: string
  /** The configuration that points claw at it. */
  readonly toml: string
  /** The variables that point programs at it which know no such configuration. */
  readonly environment: Readonly<Record<string, string>>
  readonly journal: readonly JournalEntry[]
  readonly identity: SandboxIdentity
  approve(userCode: string): boolean
  deny(userCode: string): boolean
  /** Lets every access token run out now. */
  expireAccess(): void
  close(): Promise<void>
}

/** A rehearsal may bring a hundred processes, long conversations and silence that is part of the scenario. */
const LIMITS = { maxHeaderBytes: 16_384, maxBodyBytes: 32 * 1024 * 1024, requestMs: 30_000, idleMs: 0, maxConnections: 512 }

/**
 * Starts the sandbox on loopback.
 *
 * @throws {ClawError} `CLAW_USAGE` for a scenario that there is not, `CLAW_LOGIN_BUSY` for a port that is taken,
 * `CLAW_OUTPUT` for a journal that cannot be written.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { clock, random, mirror } = options
  const scenario = scenarioOf(options.scenario)
  const authorization = new AuthorizationServer({
    clock,
    random,
    accessLifetimeS: options.accessLifetimeS ?? scenario.accessLifetimeS ?? 900,
    codeLifetimeS: scenario.codeLifetimeS ?? 900,
    intervalS: 1,
    approvesAtPoll: scenario.approvesAtPoll === undefined ? (options.approvesAtPoll ?? 2) : scenario.approvesAtPoll,
    graceS: scenario.graceS ?? 0,
  })
  const journal: JournalEntry[] = []
  const file = options.journalFile === undefined ? undefined : openLineFile(options.journalFile)
  const dialects = dialectsOf(mirror)
  const exchanges = new Exchanges(scenario)
  const issuer: Issuer = new Issuer({ clock, random, scenario, origin: () => world.origin })
  const world = { authorization, issuer, exchanges, scenario, clock, script: new Script(scenario), origin: '' }
  const server = await serve(file, options.port, async (request) => {
    const { reply, dialect } = answerOf(request, world, dialects)
    const entry: JournalEntry = {
      at: new Date(clock.wall()).toISOString(),
      method: request.method,
      path: request.path,
      dialect,
      status: reply.status,
      ...reply.note,
    }
    // Before the answer leaves: who has it can count on the line.
    file?.append(JSON.stringify(entry))
    journal.push(entry)
    const date = new Date(clock.wall() + (scenario.clockSkewMs ?? 0)).toUTCString()
    return { ...reply, headers: { ...reply.headers, date } }
  })
  world.origin = server.origin
  const identity = identityOf(world)
  return {
    origin: server.origin,
    toml: sandboxToml(server.origin, mirror, identity),
    environment: mirror.environment(server.origin),
    journal,
    identity,
    approve: (userCode) => authorization.devices.decide(userCode, 'approved'),
    deny: (userCode) => authorization.devices.decide(userCode, 'denied'),
    expireAccess: () => authorization.tokens.expireAccess(),
    async close() {
      await server.close()
      file?.close()
    },
  }
}

async function serve(
  file: LineFile | undefined,
  port: number | undefined,
  handle: Parameters<typeof serveLoopback>[0],
): Promise<RunningServer> {
  try {
    return await serveLoopback(handle, { port, limits: LIMITS })
  } catch (thrown) {
    file?.close()
    throw thrown
  }
}

function answerOf(
  request: ServedRequest,
  world: SandboxWorld,
  dialects: readonly Dialect[],
): { readonly reply: Reply; readonly dialect: string } {
  for (const dialect of dialects) {
    const reply = dialect.answer(request, world)
    if (reply) return { reply, dialect: dialect.name }
  }
  return { reply: json(404, { error: { message: 'the sandbox does not know this address', type: 'not_found_error' } }), dialect: 'none' }
}
