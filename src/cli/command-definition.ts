import { Cli, type CommandClass } from 'clipanion'
import type { CliContext } from './context.ts'

export interface OptionDefinition {
  /** As people type it: `--no-wait` where that is the one that changes something. */
  readonly names: readonly string[]
  readonly takesValue: boolean
  readonly description: string
}

/** What a command says about itself, without its colours. */
export interface CommandDefinition {
  readonly description: string
  readonly usage: string
  readonly details: string
  readonly examples: readonly (readonly [string, string])[]
  readonly options: readonly OptionDefinition[]
}

/** Reads the definition of a command class as the parser understood it. */
export function definitionOf(command: CommandClass<CliContext>): CommandDefinition {
  const cli = new Cli<CliContext>({ binaryName: 'claw', enableColors: false })
  cli.register(command)
  const [definition] = cli.definitions({ colored: false })
  const { usage = '', description = '', details = '', examples = [], options = [] } = definition ?? {}
  return {
    usage: withoutOptions(usage),
    description: description.trim(),
    details: details.trim(),
    examples,
    options: options.map(optionOf),
  }
}

/** The parser lists every option in the line of the usage; they have a paragraph of their own. */
function withoutOptions(usage: string): string {
  return `${usage.replace(/\[-[^\]]*\] ?/g, '').trim()} [OPTIONS]`
}

function optionOf({ definition, description = '' }: { readonly definition: string; readonly description?: string }): OptionDefinition {
  const [names = '', ...values] = definition.split(' ')
  const [, negated, rest] = /^(--no-[a-z-]+): (.*)/.exec(description) ?? []
  return { names: negated ? [negated] : names.split(','), takesValue: values.length > 0, description: rest ?? description }
}
