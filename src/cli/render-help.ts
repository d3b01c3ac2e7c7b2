import { type CommandDefinition, definitionOf, type OptionDefinition } from './command-definition.ts'
import { TOPICS } from './help-topics.ts'
import { COMMANDS, type Registered } from './registry.ts'
import { wrap } from './wrap.ts'

const WIDTH = 80
const OPTION_WIDTH = 28
const GLOBAL: readonly string[] = ['--json', '--config', '--profile', '--timeout', '--no-input', '--color', '--quiet', '--verbose']

/** Every page of the help by its name. Run when claw is built. */
export async function renderPages(): Promise<Record<string, string>> {
  const pages: Record<string, string> = { '': overview() }
  for (const command of COMMANDS) pages[command.path] = commandPage(command, definitionOf(await command.load()))
  for (const [name, text] of TOPICS) pages[name] = text
  return pages
}

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ path }) => path.length)) + 2
  return [
    'claw: credentials for LLM providers on machines with nobody at the keyboard',
    '',
    'usage: claw COMMAND [OPTIONS]',
    '',
    ...COMMANDS.map(({ path, summary }) => `  ${path.padEnd(width)}${summary}`),
    '',
    '  claw COMMAND --help explains one of them; claw -p TEXT is claw prompt TEXT.',
    `  claw help TOPIC: ${[...TOPICS.keys()].join(', ')}`,
    '',
  ].join('\n')
}

function commandPage(
  { path, aliases, summary }: Registered,
  { usage, description, details, examples, options }: CommandDefinition,
): string {
  const isGlobal = ({ names }: OptionDefinition) => names.some((name) => GLOBAL.includes(name))
  const own = options.filter((option) => !isGlobal(option))
  const lines = [...wrap(`claw ${path}: ${description || summary}`, WIDTH), '', `usage: ${usage}`]
  if (aliases) lines.push(`       ${aliases.map((alias) => `claw ${alias}`).join(', ')} is the same`)
  if (details) lines.push('', ...paragraphs(details))
  if (own.length > 0) lines.push('', 'options', ...own.flatMap(optionLines))
  lines.push('', 'options of every command', ...options.filter(isGlobal).flatMap(optionLines))
  if (examples.length > 0)
    lines.push(
      '',
      'examples',
      ...examples.flatMap(([text, line]) => [`  ${text.trim()}`, ...line.split('\n').map((part) => `    ${part}`)]),
    )
  return `${lines.join('\n')}\n`
}

function paragraphs(text: string): string[] {
  return text.split(/\n\s*\n/).flatMap((paragraph, n) => [...(n > 0 ? [''] : []), ...wrap(paragraph.replace(/\s+/g, ' ').trim(), WIDTH)])
}

function optionLines({ names, takesValue, description }: OptionDefinition): string[] {
  const head = `  ${names.join(', ')}${takesValue ? ' VALUE' : ''}`
  const indent = ' '.repeat(OPTION_WIDTH)
  const [first = '', ...rest] = wrap(description, WIDTH - OPTION_WIDTH)
  const isShort = head.length < OPTION_WIDTH - 1
  return [...(isShort ? [head.padEnd(OPTION_WIDTH) + first] : [head, indent + first]), ...rest.map((line) => indent + line)]
}
