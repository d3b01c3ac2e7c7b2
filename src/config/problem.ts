import { ClawError } from '../core/errors.ts'
import { visibleLine } from '../core/visible.ts'

/** One fault of the configuration. It names a place and a key, never a value. */
export interface Problem {
  /** The file; for a fault of the environment, `environment`. */
  readonly file: string
  readonly line: number | null
  readonly column: number | null
  /** The dotted key, or the name of a variable; empty for a file that is no TOML at all. */
  readonly key: string
  readonly message: string
  /** The known name that was most likely meant. */
  readonly nearest: string | null
  /** Forbidden: well written, but not for this file to say. */
  readonly kind: 'invalid' | 'forbidden'
  /** The command or setting that mends it, where it is not to correct the line. */
  readonly fix?: string
}

/** A place in one file, for a dotted path. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** The path of a key as people write it: parts that are no bare keys are quoted. */
export function dottedKey(path: readonly (string | number)[]): string {
  return path
    .map((part) => (/^[A-Za-z0-9_-]+$/.test(String(part)) ? String(part) : JSON.stringify(visibleLine(String(part), 80))))
    .join('.')
}

/** A hostile file can hold thousands of faults; nobody reads more than these. */
const MOST_TOLD = 200

/** All faults as one error: the first one in `what`, every one in `data.problems`. */
export function problemsError(problems: readonly Problem[]): ClawError {
  const first = problems.find(({ kind }) => kind === 'forbidden') ?? problems[0]
  if (!first) throw new ClawError('CLAW_INTERNAL', { what: 'a configuration without faults was reported as faulty' })
  const more = problems.length - 1
  return new ClawError(first.kind === 'forbidden' ? 'CLAW_CONFIG_FORBIDDEN' : 'CLAW_CONFIG_INVALID', {
    what: `${first.key ? `\`${first.key}\` ` : ''}${first.message}`,
    why: `${placeName(first)}${more > 0 ? `, and ${more} more ${more === 1 ? 'fault' : 'faults'} that \`claw config check\` lists` : ''}`,
    fix: fixFor(first),
    data: {
      problems: problems
        .slice(0, MOST_TOLD)
        .map(({ file, line, column, key, message, nearest }) => ({ file, line, column, key, message, nearest })),
    },
  })
}

function placeName({ file, line, column }: Problem): string {
  return line === null ? `in ${visibleLine(file)}` : `in ${visibleLine(file)}, line ${line}${column === null ? '' : `, column ${column}`}`
}

function fixFor({ nearest, kind, fix }: Problem): string {
  if (fix !== undefined) return fix
  if (nearest !== null) return `write \`${nearest}\``
  return kind === 'forbidden'
    ? 'move the key to the user file (`claw config path` names it)'
    : 'correct that line, then run `claw config check`'
}
