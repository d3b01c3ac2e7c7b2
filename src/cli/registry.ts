import type { CommandClass } from 'clipanion'
import type { CliContext } from './context.ts'

/** A command before it is loaded: the words that mean it, and one line for the overview. */
export interface Registered {
  readonly path: string
  /** Other words for the same. */
  readonly aliases?: readonly string[]
  readonly summary: string
  /** Handles no secret. */
  readonly isHarmless?: boolean
  load(): Promise<CommandClass<CliContext>>
}

/** Every command, in the order in which the help lists them. Adding one is adding a line. */
export const COMMANDS: readonly Registered[] = [
  {
    path: 'auth list',
    summary: 'list providers, their methods and variables',
    load: async () => (await import('./auth-list.command.ts')).AuthListCommand,
  },
  {
    path: 'auth',
    aliases: ['login'],
    summary: 'sign in to a provider, or store a key',
    load: async () => (await import('./auth.command.ts')).AuthCommand,
  },
  {
    path: 'auth wait',
    summary: 'go on with a pending device sign-in',
    load: async () => (await import('./auth-wait.command.ts')).AuthWaitCommand,
  },
  {
    path: 'auth complete',
    summary: 'finish a sign-in with what a browser ended at',
    load: async () => (await import('./auth-complete.command.ts')).AuthCompleteCommand,
  },
  {
    path: 'auth status',
    summary: 'show stored and configured credentials',
    load: async () => (await import('./auth-status.command.ts')).AuthStatusCommand,
  },
  { path: 'auth refresh', summary: 'refresh grants now', load: async () => (await import('./auth-refresh.command.ts')).AuthRefreshCommand },
  {
    path: 'auth logout',
    aliases: ['logout'],
    summary: 'remove credentials',
    load: async () => (await import('./auth-logout.command.ts')).AuthLogoutCommand,
  },
  { path: 'token', summary: 'print a valid access token or key', load: async () => (await import('./token.command.ts')).TokenCommand },
  { path: 'prompt', summary: 'ask a model once', load: async () => (await import('./prompt.command.ts')).PromptCommand },
  {
    path: 'model',
    aliases: ['models'],
    summary: 'list models, or set the default one',
    load: async () => (await import('./model.command.ts')).ModelCommand,
  },
  {
    path: 'doctor',
    summary: 'say whether this machine will authenticate',
    load: async () => (await import('./doctor.command.ts')).DoctorCommand,
  },
  {
    path: 'config init',
    summary: 'write a configuration file with comments',
    load: async () => (await import('./config-init.command.ts')).ConfigInitCommand,
  },
  {
    path: 'config check',
    summary: 'validate the configuration',
    load: async () => (await import('./config-check.command.ts')).ConfigCheckCommand,
  },
  {
    path: 'config show',
    summary: 'show what is in force, and where each value came from',
    load: async () => (await import('./config-show.command.ts')).ConfigShowCommand,
  },
  {
    path: 'config path',
    summary: 'show where the configuration is',
    load: async () => (await import('./config-path.command.ts')).ConfigPathCommand,
  },
  {
    path: 'config schema',
    summary: 'print the JSON Schema of the configuration',
    load: async () => (await import('./config-schema.command.ts')).ConfigSchemaCommand,
  },
  {
    path: 'config add-provider',
    summary: 'append a provider of your own',
    load: async () => (await import('./config-add-provider.command.ts')).ConfigAddProviderCommand,
  },
  {
    path: 'trust',
    summary: "trust a project's claw.toml by its content",
    load: async () => (await import('./trust.command.ts')).TrustCommand,
  },
  {
    path: 'sandbox',
    summary: 'a provider on this machine, for rehearsals and tests',
    load: async () => (await import('./sandbox.command.ts')).SandboxCommand,
  },
  {
    path: 'help',
    isHarmless: true,
    summary: 'explain a command or a topic',
    load: async () => (await import('./help.command.ts')).HelpCommand,
  },
  {
    path: 'completion',
    isHarmless: true,
    summary: 'print the completion script of a shell',
    load: async () => (await import('./completion.command.ts')).CompletionCommand,
  },
]

/** Commands that are promised and not there yet: their words are no arguments of a shorter command. */
export const NOT_BUILT: readonly string[] = ['auth import']

/** Options of every command that take a value: their values are no words of a command. */
const WITH_VALUE: readonly string[] = ['--config', '--profile', '--timeout', '--color']

export interface FoundCommand {
  readonly command: Registered
  /** The arguments with the command's own words first, as the parser wants them. */
  readonly args: string[]
}

/** `claw -p TEXT` is `claw prompt TEXT`. */
export function withShorthand(argv: readonly string[]): readonly string[] {
  const at = wordPlaces(argv, (word) => word === '-p')[0]
  return at !== undefined && argv[at] === '-p' ? ['prompt', ...argv.slice(0, at), ...argv.slice(at + 1)] : argv
}

/** The command that the first words of a command line mean: the longest path that fits. */
export function findCommand(argv: readonly string[]): FoundCommand | undefined {
  const places = wordPlaces(argv)
  const words = places.map((place) => argv[place] ?? '')
  for (const length of [2, 1]) {
    const path = words.slice(0, length).join(' ')
    if (words.length < length || path === '') continue
    const command = COMMANDS.find((each) => each.path === path || each.aliases?.includes(path))
    if (command) {
      const args = argv.filter((_, place) => !places.slice(0, length).includes(place))
      return { command, args: [...command.path.split(' '), ...args] }
    }
    if (NOT_BUILT.includes(path)) return undefined
  }
  return undefined
}

/** Where the first two words stand; options may come before the first one only. */
function wordPlaces(argv: readonly string[], isWord = (word: string) => !word.startsWith('-')): number[] {
  const places: number[] = []
  for (let i = 0; i < argv.length && places.length < 2; i++) {
    const word = argv[i] ?? ''
    if (isWord(word) || !word.startsWith('-')) places.push(i)
    else if (WITH_VALUE.includes(word)) i++
    else if (places.length > 0) break
  }
  return places
}
