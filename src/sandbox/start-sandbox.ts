import { ClawError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import type { Clock } from '../platform/clock.ts'
import { type ServedRequest, serveLoopback } from '../platform/http-server.ts'
import { appendLine } from '../platform/journal-file.ts'
import type { Random } from '../platform/random.ts'
import { messagesDialect } from './anthropic-messages.ts'
import { AuthorizationServer } from './authorization-server.ts'
import { devicePage } from './device-page.ts'
import { type Dialect, json, type Reply, type SandboxWorld } from './dialect.ts'
import type { JournalEntry } from './journal.ts'
import { kimiAccount, kimiMessages, kimiSignIn } from './kimi.ts'
import { chatDialect } from './openai-chat.ts'
import { rfc8628 } from './rfc8628.ts'
import { SCENARIOS, type Scenario } from './scenarios.ts'
import { sandboxToml } from './sandbox-toml.ts'

export interface SandboxOptions {
  readonly clock: Clock
  readonly random: Random
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
  readonly journal: readonly JournalEntry[]
  approve(userCode: string): boolean
  deny(userCode: string): boolean
  /** Lets every access token run out now. */
  expireAccess(): void
  close(): Promise<void>
}

const KEY = ['sk-sandbox']
/** Each dialect has its own part of the address space; the first that knows a request answers it. */
const DIALECTS: readonly Dialect[] = [
  devicePage,
  rfc8628,
  kimiSignIn,
  kimiMessages,
  kimiAccount,
  messagesDialect({
    name: 'anthropic-messages',
    base: '/anthropic',
    keyPrefixes: ['sk-ant-sandbox', 'sk-ant-api03-sandbox'],
    models: ['claude-sonnet-5-5'],
    answersAs: null,
    isSpaced: true,
  }),
  chatDialect({ name: 'moonshot', base: '/moonshot/v1', keyPrefixes: KEY, models: ['kimi-k3'] }),
  chatDialect({
    name: 'openrouter',
    base: '/openrouter/api/v1',
    keyPrefixes: ['sk-or-v1-sandbox', ...KEY],
    models: ['moonshotai/kimi-k3'],
  }),
  chatDialect({ name: 'ollama', base: '/ollama/v1', keyPrefixes: null, models: ['llama3'] }),
  {
    name: 'ollama',
    answer: async (request) => (request.path === '/ollama/api/version' ? json(200, { version: '0.0.0-sandbox' }) : undefined),
  },
  chatDialect({ name: 'openai-chat', base: '/v1', keyPrefixes: KEY, models: ['gpt-5.4-mini', 'm'] }),
]

/**
 * Starts the sandbox on loopback.
 *
 * @throws {ClawError} `CLAW_USAGE` for a scenario that there is not, `CLAW_LOGIN_BUSY` for a port that is taken.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { clock, random } = options
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
  const stop = new AbortController()
  let world: SandboxWorld | undefined
  const server = await serveLoopback(async (request) => {
    if (!world) return { status: 503 }
    const { reply, dialect } = await answerOf(request, world)
    const entry: JournalEntry = {
      at: new Date(clock.wall()).toISOString(),
      method: request.method,
      path: request.path,
      dialect,
      status: reply.status,
      ...reply.note,
    }
    journal.push(entry)
    if (options.journalFile !== undefined) appendLine(options.journalFile, JSON.stringify(entry))
    const skewed = scenario.clockSkewMs === undefined ? {} : { date: new Date(clock.wall() + scenario.clockSkewMs).toUTCString() }
    return { ...reply, headers: { ...reply.headers, ...skewed } }
  }, options.port)
  world = { origin: server.origin, authorization, scenario, clock, signal: stop.signal, slowDownsLeft: scenario.slowDowns ?? 0 }
  return {
    origin: server.origin,
    toml: sandboxToml(server.origin),
    journal,
    approve: (userCode) => authorization.decide(userCode, 'approved'),
    deny: (userCode) => authorization.decide(userCode, 'denied'),
    expireAccess: () => authorization.expireAccess(),
    async close() {
      stop.abort(new ClawError('CLAW_CANCELLED', { what: 'the sandbox was stopped' }))
      await server.close()
    },
  }
}

async function answerOf(request: ServedRequest, world: SandboxWorld): Promise<{ readonly reply: Reply; readonly dialect: string }> {
  for (const dialect of DIALECTS) {
    const reply = await dialect.answer(request, world)
    if (reply) return { reply, dialect: dialect.name }
  }
  return { reply: json(404, { error: { message: 'the sandbox does not know this address', type: 'not_found_error' } }), dialect: 'none' }
}

function scenarioOf(name: string | undefined): Scenario {
  if (name === undefined) return { says: 'everything works' }
  const found = Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined
  if (found) return found
  const near = nearest(name, Object.keys(SCENARIOS))
  throw new ClawError('CLAW_USAGE', {
    what: 'there is no such scenario',
    why: near.length > 0 ? `the nearest are ${near.join(', ')}` : undefined,
    fix: `one of ${Object.entries(SCENARIOS)
      .map(([id, { says }]) => `\n${id}: ${says}`)
      .join('')}`,
  })
}
