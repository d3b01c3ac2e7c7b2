import type { Fix } from '../../src/app/doctor/check.ts'

/** What a fix of the doctor may change of a machine. */
export interface Applied {
  readonly toml?: string
  readonly env?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
}

/**
 * A machine after somebody did what a fix says: a variable unset or set, lines written into a table of the configuration. A
 * line of a CI system changes nothing here.
 *
 * @param samples what stands for three dots, and what a variable is set to
 */
export function applied(
  { command, env, config }: Fix,
  { toml = '', env: before = {}, files = {} }: Applied,
  samples: Readonly<Record<string, string>>,
): Applied {
  const unset = /^unset (.+)$/.exec(command ?? '')?.[1]?.split(' ') ?? []
  const [, lines, table] = /^(.+) in (\[[^\]]+\])$/.exec(config ?? '') ?? []
  const kept = Object.fromEntries(Object.entries(before).filter(([name]) => !unset.includes(name)))
  if (lines === undefined || table === undefined)
    return { toml, files, env: config === undefined && env !== undefined ? { ...kept, [env]: samples[env] ?? '' } : kept }
  const written = [...lines.matchAll(/`([^`]+)`/g)].map(([, line = '']) => filled(line, samples))
  return { env: kept, files, toml: withLines(toml, table, written) }
}

/** A key that is there already is replaced. */
function withLines(toml: string, table: string, lines: readonly string[]): string {
  const keys = lines.map((line) => line.split(' ', 1)[0])
  const [before = '', after] = toml.split(`${table}\n`)
  const rest = (after ?? '').split('\n').filter((line) => !keys.includes(line.split(' ', 1)[0]))
  return `${before}${table}\n${[...lines, ...rest].join('\n')}\n`
}

function filled(line: string, samples: Readonly<Record<string, string>>): string {
  const key = line.split(' ', 1)[0] ?? ''
  return line.includes('…') ? `${key} = "${samples[key]}"` : line
}
