import type { Config, Origin } from './config.ts'

/** A key in force, as `claw config show` prints it. */
export interface EffectiveValue {
  readonly key: string
  readonly value: unknown
  readonly source: string
}

/** What is in force and where each value came from, sorted by key. Secrets are masked, references shown by name. */
export function effectiveValues({ values, origins }: Pick<Config, 'values' | 'origins'>): EffectiveValue[] {
  return [...values].map(([key, value]) => ({ key, value, source: sourceName(origins.get(key)) })).sort((a, b) => (a.key < b.key ? -1 : 1))
}

function sourceName(origin: Origin | undefined): string {
  if (!origin || origin.from === 'built-in') return 'built-in'
  return origin.line === undefined ? origin.name : `${origin.name}:${origin.line}`
}
