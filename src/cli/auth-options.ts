import { ClawError } from '../core/errors.ts'

/** The flags of `claw auth` that name a method. */
export const METHOD_FLAGS = ['--device', '--browser', '--paste', '--api-key', '--token', '--identity'] as const
export type MethodFlag = (typeof METHOD_FLAGS)[number]

/** Where no method is named: what is handed over is a key or token; else claw chooses, at most a device code. */
type Way = MethodFlag | 'value' | 'choice'

/** Which options do something by which way; those that stand nowhere belong to every way. */
export const BELONGS: Readonly<Record<string, readonly Way[]>> = {
  '--qr': ['--device', 'choice'],
  '--no-wait': ['--device', 'choice'],
  '--paste-stdin': ['--browser'],
  '--open': ['--browser'],
  '--force': ['--device', '--browser', '--paste', '--identity', 'choice'],
  '--stdin': ['--api-key', '--token', 'value'],
  '--from-env': ['--api-key', '--token', 'value'],
  '--from-file': ['--api-key', '--token', 'value'],
  '--expires-in': ['--token', 'value'],
}

const SOURCES: readonly string[] = ['--stdin', '--from-env', '--from-file']

/** What an example names where nobody has named a provider: one that has the method and asks for no switch. */
const EXAMPLE: Readonly<Record<MethodFlag, string>> = {
  '--device': 'moonshot',
  '--browser': 'openrouter',
  '--paste': 'openrouter',
  '--api-key': 'openai',
  '--token': 'openai-codex',
  '--identity': 'anthropic',
}

/** @returns the only method that was named. @throws {ClawError} `CLAW_USAGE` for options that do not fit together */
export function methodOf(given: readonly string[], provider: string): MethodFlag | undefined {
  const methods = METHOD_FLAGS.filter((flag) => given.includes(flag))
  const [method, other] = methods
  if (method && other) throw misuse(`${quoted(methods)} exclude each other`, `claw auth ${method} ${provider}`)
  const sources = SOURCES.filter((flag) => given.includes(flag))
  const way = method ?? (sources.length > 0 ? 'value' : 'choice')
  const stranger = given.find((option) => BELONGS[option]?.includes(way) === false)
  if (stranger !== undefined) throw misplaced(stranger, way, provider)
  if (sources.length > 1) {
    throw misuse('`--stdin`, `--from-env` and `--from-file` exclude each other', commandOf(method, provider, '--stdin'))
  }
  return method
}

/** What is missing where options are given without a provider. */
export function providerMissing(given: readonly string[]): ClawError {
  const method = METHOD_FLAGS.find((flag) => given.includes(flag))
  const isKey = method === undefined || method === '--api-key' || method === '--token'
  const flag = method ?? '--api-key'
  return new ClawError('CLAW_USAGE', {
    what: 'name a provider',
    why: `${quoted(given)} ${given.length === 1 ? 'says' : 'say'} how to sign in, and not where; \`claw auth list\` shows every provider`,
    fix: commandOf(flag, EXAMPLE[flag], isKey ? '--stdin' : ''),
  })
}

function misplaced(option: string, way: Way, provider: string): ClawError {
  if (option === '--no-wait' && (way === '--browser' || way === '--paste')) {
    const why = way === '--browser' ? 'the browser comes back to this process' : '`--paste` never waits'
    return misuse(`\`${way}\` and \`--no-wait\` exclude each other`, `claw auth --paste ${provider}`, why)
  }
  const homes = (BELONGS[option] ?? []).filter((each) => each.startsWith('--'))
  return misuse(
    `\`${option}\` belongs to ${homes.map((each) => `\`${each}\``).join(' or ')}`,
    `leave \`${option}\` out, or choose ${homes.map((each) => `\`claw auth ${each} ${provider}\``).join(' or ')}`,
  )
}

function misuse(what: string, fix: string, why?: string): ClawError {
  return new ClawError('CLAW_USAGE', { what, why, fix })
}

function commandOf(flag: string | undefined, provider: string, end: string): string {
  return ['claw auth', flag, provider, end].filter(Boolean).join(' ')
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(' and ')
}
