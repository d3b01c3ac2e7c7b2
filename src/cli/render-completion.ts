import { catalogueNames } from '../app/catalogue/catalogue.ts'
import { definitionOf } from './command-definition.ts'
import { TOPICS } from './help-topics.ts'
import { COMMANDS } from './registry.ts'

/** What may follow the words of a command. Every word is of letters, digits and dashes: no shell has to quote it. */
interface Completed {
  readonly path: string
  readonly words: readonly string[]
  readonly options: readonly string[]
  readonly withValue: readonly string[]
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type ShellName = (typeof SHELLS)[number]

/** The completion script of each shell. Run when claw is built. */
export async function renderCompletions(): Promise<Record<ShellName, string>> {
  const commands = await completedCommands()
  return { bash: bash(commands), zsh: zsh(commands), fish: fish(commands) }
}

async function completedCommands(): Promise<readonly Completed[]> {
  const paths = COMMANDS.flatMap(({ path, aliases = [] }) => [path, ...aliases])
  const first = [...new Set(paths.map((path) => path.split(' ', 1)[0] ?? ''))]
  const commands = new Map<string, Completed>()
  for (const word of ['', ...first]) commands.set(word, { path: word, words: nextWords(word, paths), options: ['--help'], withValue: [] })
  for (const command of COMMANDS) {
    const { usage, options } = definitionOf(await command.load())
    const own = argumentsOf(command.path, usage, first)
    const names = options.flatMap((option) => option.names)
    const withValue = options.filter(({ takesValue }) => takesValue).flatMap((option) => option.names)
    for (const path of [command.path, ...(command.aliases ?? [])]) {
      commands.set(path, { path, words: [...nextWords(path, paths), ...own], options: [...names, '--help'], withValue })
    }
  }
  return [...commands.values()]
}

function nextWords(path: string, paths: readonly string[]): string[] {
  const start = path === '' ? '' : `${path} `
  return [...new Set(paths.filter((each) => each.startsWith(start)).map((each) => each.slice(start.length).split(' ', 1)[0] ?? ''))]
}

function argumentsOf(path: string, usage: string, first: readonly string[]): readonly string[] {
  if (path === 'help') return [...TOPICS.keys(), ...first.filter((word) => word !== 'help')]
  if (path === 'completion') return SHELLS
  return /\bprovider\b/.test(usage) ? catalogueNames().ids : []
}

/** What bash and zsh share: the words so far choose a row. */
function rows(commands: readonly Completed[]): string {
  return [...commands]
    .reverse()
    .map(({ path, words, options, withValue }) => {
      const pattern = path === '' ? "' '" : path.includes(' ') ? `'${path}'` : `'${path} '*`
      return `    ${pattern}) words='${words.join(' ')}' options='${options.join(' ')}' values=' ${withValue.join(' ')} ' ;;`
    })
    .join('\n')
}

function bash(commands: readonly Completed[]): string {
  return `# bash completion for claw: source <(claw completion bash)
_claw() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} typed=() i
  local words= options= values=
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ \${COMP_WORDS[i]} == -* ]] || typed+=("\${COMP_WORDS[i]}")
  done
  case "\${typed[0]-} \${typed[1]-}" in
${rows(commands)}
  esac
  COMPREPLY=()
  [[ $values == *" $previous "* ]] && return
  if [[ $current == -* ]]; then words=$options; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _claw claw
`
}

function zsh(commands: readonly Completed[]): string {
  return `#compdef claw
# zsh completion for claw: claw completion zsh > "\${fpath[1]}/_claw"
_claw() {
  local current=\${words[CURRENT]} previous=\${words[CURRENT-1]}
  local -a typed
  typed=(\${\${words[2,CURRENT-1]}:#-*})
  local words= options= values=
  case "\${typed[1]-} \${typed[2]-}" in
${rows(commands)}
  esac
  if [[ $values == *" $previous "* ]]; then _files; return; fi
  if [[ $current == -* ]]; then compadd -- \${=options}; return; fi
  compadd -- \${=words} || _files
}
compdef _claw claw
`
}

function fish(commands: readonly Completed[]): string {
  const known = commands.filter(({ path }) => path !== '')
  const lines = commands.flatMap(({ path, words, options, withValue }) => {
    const start = `complete -c claw -n '__claw_at "${path}"'`
    const flags = options.map((name) => {
      const option = name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`
      return `${start} ${option}${withValue.includes(name) ? ' -r' : ''}`
    })
    return words.length > 0 ? [`${start} -f -a '${words.join(' ')}'`, ...flags] : flags
  })
  return `# fish completion for claw: claw completion fish > ~/.config/fish/completions/claw.fish
set -g __claw_commands ${known.map(({ path }) => `'${path}'`).join(' ')}
function __claw_at
  set -l typed (commandline -opc)
  set -e typed[1]
  set -l words (string match -v -- '-*' $typed)
  set -l path
  for length in 1 2
    set -q words[$length]; or break
    contains -- "$words[1..$length]" $__claw_commands; and set path "$words[1..$length]"
  end
  test "$path" = "$argv[1]"
end
${lines.join('\n')}
`
}
