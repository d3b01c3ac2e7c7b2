const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const LONGEST_MS = 400 * 86_400_000

/** Milliseconds of `500ms`, `30s`, `10m`, `2h`, `7d` or a bare number of seconds; `undefined` for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)?$/.exec(text)
  if (!match) return undefined
  const ms = Math.round(Number(match[1]) * (UNIT_MS[match[2] ?? 's'] ?? 0))
  return ms <= LONGEST_MS ? ms : undefined
}

/** A duration for people: the two largest units, `1h 5m`, `45s`, `200ms`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))}ms`
  let left = Math.round(ms / 1_000)
  const parts: string[] = []
  for (const [unit, seconds] of [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(left / seconds)
    left -= count * seconds
    if (count > 0) parts.push(`${count}${unit}`)
  }
  return parts.slice(0, 2).join(' ')
}

/** RFC 3339 in UTC. */
export function formatInstant(instant: number): string {
  return new Date(instant).toISOString()
}
