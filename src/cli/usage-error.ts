import type { CommandClass } from 'clipanion'
import { ClawError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { definitionOf } from './command-definition.ts'
import type { CliContext } from './context.ts'
import { isKeyGiven, keyAsArgument } from './key-as-argument.ts'
import { COMMANDS, NOT_BUILT } from './registry.ts'

/** Names of options that are shown back: a value that was mistyped into that place is none. */
const SHOWN = /^--?[a-z][a-z-]{0,30}$/i

export function unknownCommand(argv: readonly string[]): ClawError {
  const words = argv.filter((word) => !word.startsWith('-'))
  if (words.length === 0) return new ClawError('CLAW_USAGE', { what: 'no command was given', fix: 'claw --help' })
  const path = words.slice(0, 2).join(' ')
  if (NOT_BUILT.includes(path))
    return new ClawError('CLAW_USAGE', {
      what: `\`claw ${path}\` is not there yet`,
      why: 'this version does not have it',
      fix: 'claw --help',
    })
  const known = COMMANDS.flatMap(({ path, aliases = [] }) => [path, ...aliases])
  const below = known.filter((path) => path.startsWith(`${words[0]} `))
  if (words.length === 1 && below.length > 0) {
    return new ClawError('CLAW_USAGE', {
      what: `\`claw ${words[0]}\` by itself does nothing`,
      why: `it has ${below.map((path) => `\`${path}\``).join(', ')}`,
      fix: `claw ${below[0]} --help`,
    })
  }
  const near = [...new Set([...nearest(words.slice(0, 2).join(' '), known), ...nearest(words[0] ?? '', known)])].slice(0, 3)
  return new ClawError('CLAW_USAGE', {
    what: 'there is no such command',
    why: theNearest(near.map((path) => `claw ${path}`)),
    fix: 'claw --help',
  })
}

/** The parser's own message would repeat values (S-51): only names of options that exist are shown, and the name that was typed. */
export async function usageError(thrown: unknown, command: CommandClass<CliContext>, args: readonly string[]): Promise<ClawError> {
  if (!(thrown instanceof Error && 'clipanion' in thrown)) throw thrown
  const path = (command.paths?.[0] ?? []).join(' ')
  if (isKeyGiven(path, args)) return keyAsArgument(args)
  const { usage, options } = definitionOf(command)
  const names = options.flatMap((option) => option.names)
  const fix = `claw ${path} --help`
  const unknown = unknownOption(args, names)
  if (unknown === undefined)
    return new ClawError('CLAW_USAGE', { what: `these arguments do not fit \`claw ${path}\``, why: `usage: ${usage}`, fix })
  return new ClawError('CLAW_USAGE', {
    what: `\`claw ${path}\` has no option \`${SHOWN.test(unknown) ? unknown : '--…'}\``,
    why: theNearest(nearest(unknown, names)),
    fix,
  })
}

function unknownOption(args: readonly string[], names: readonly string[]): string | undefined {
  const known = new Set(names.flatMap((name) => [name, name.replace(/^--(?:no-)?/, '--'), name.replace(/^--(?:no-)?/, '--no-')]))
  return args
    .map((word) => word.split('=', 1)[0] ?? '')
    .find((word) => /^--?[A-Za-z]/.test(word) && !known.has(word) && !isGroup(word, known))
}

/** `-qv` is `-q -v`. */
function isGroup(word: string, known: ReadonlySet<string>): boolean {
  return /^-[A-Za-z]{2,}$/.test(word) && [...word.slice(1)].every((letter) => known.has(`-${letter}`))
}

function theNearest(names: readonly string[]): string | undefined {
  return names.length > 0 ? `the nearest ${names.length === 1 ? 'is' : 'are'} ${names.map((name) => `\`${name}\``).join(', ')}` : undefined
}
