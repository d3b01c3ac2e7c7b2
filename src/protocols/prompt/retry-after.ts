import type { ProviderError } from './error-body.ts'
import { numberAt, textAt } from './wire-json.ts'

export type Headers = Readonly<Record<string, string>>

/** Characters of a message that are searched. */
const LONGEST_MESSAGE = 8 * 1024
/** Later instants are not believed. */
const LONGEST_MS = 400 * 86_400_000
const SECOND_MS = 1_000
const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', SECOND_MS],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/**
 * When a refused request may be sent again, as far as the server says so: `retry-after-ms`, `retry-after`, the reset of an
 * exhausted limit, then the body. The first that speaks decides; one that says "now" leaves the wait to us.
 *
 * @param isSpent the refusal is about a quota, not about a rate: limits of the minute say nothing then
 * @returns an instant after `now`, ms
 */
export function retryInstant(headers: Headers, error: ProviderError, now: number, isSpent: boolean): number | undefined {
  const sources = [
    () => retryAfterMs(headers['retry-after-ms'], now),
    () => retryAfter(headers['retry-after'], now),
    () => (isSpent ? undefined : exhaustedReset(headers, now)),
    () => unifiedReset(headers, now),
    () => bodyReset(error.source, now),
    () => messageReset(error.message.slice(0, LONGEST_MESSAGE), now),
  ]
  for (const source of sources) {
    const instant = source()
    if (instant !== undefined) return instant > now && instant - now <= LONGEST_MS ? instant : undefined
  }
  return undefined
}

/** The reset of a plan's window, where a subscription token was refused for it (headers of Anthropic, observed 2026). */
export function unifiedReset(headers: Headers, now: number): number | undefined {
  if (headers['anthropic-ratelimit-unified-status'] !== 'rejected') return undefined
  const instant = epochInstant(Number(headers['anthropic-ratelimit-unified-reset']))
  return instant !== undefined && instant > now ? instant : undefined
}

/** A length of time as limit headers write it, ms: `12ms`, `6.5s`, `6m0s`, `1h2m`, or a bare number of seconds. */
export function parseReset(text: string): number | undefined {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * SECOND_MS
  return /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text) ? lengthOf(text) : undefined
}

/** The sum of numbers with units. Of a unit in words the first letter counts. */
function lengthOf(text: string): number {
  return [...text.toLowerCase().matchAll(/(\d+(?:\.\d+)?) ?(ms|milli|[smhd])/g)].reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (UNITS_MS.get(unit === 'milli' ? 'ms' : unit) ?? 0),
    0,
  )
}

function retryAfterMs(value: string | undefined, now: number): number | undefined {
  return value !== undefined && /^\d+(?:\.\d+)?$/.test(value) ? now + Number(value) : undefined
}

function retryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\d+(?:\.\d+)?$/.test(value)) return now + Number(value) * SECOND_MS
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : date
}

/** The latest reset among the limits of which nothing remains. */
function exhaustedReset(headers: Headers, now: number): number | undefined {
  const instants = Object.entries(headers).flatMap(([name, remaining]) => {
    if (!/^0+$/.test(remaining)) return []
    const anthropic = /^(anthropic-ratelimit-[a-z-]+)-remaining$/.exec(name)
    const chat = /^x-ratelimit-remaining(-[a-z-]+)?$/.exec(name)
    const reset = headers[anthropic ? `${anthropic[1]}-reset` : chat ? `x-ratelimit-reset${chat[1] ?? ''}` : '']
    const instant = reset === undefined ? undefined : resetInstant(reset, now)
    return instant === undefined ? [] : [instant]
  })
  return instants.length > 0 ? Math.max(...instants) : undefined
}

/** A reset header: a length of time, an instant in seconds or milliseconds since the epoch, or a date. */
function resetInstant(text: string, now: number): number | undefined {
  const epoch = /^\d{9,}$/.test(text) ? epochInstant(Number(text)) : undefined
  if (epoch !== undefined) return epoch
  const length = parseReset(text)
  if (length !== undefined) return now + length
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : date
}

function bodyReset(source: unknown, now: number): number | undefined {
  const seconds = numberAt(source, 'resets_in_seconds')
  if (seconds !== undefined) return now + seconds * SECOND_MS
  const instant = numberAt(source, 'resets_at')
  if (instant !== undefined) return epochInstant(instant)
  const date = textAt(source, 'resets_at')
  return date === undefined || Number.isNaN(Date.parse(date)) ? undefined : Date.parse(date)
}

/** "try again in 11.054s", "… in 6m0s", "… in 35 seconds", and "reset at" a date whose zone is said. */
function messageReset(message: string, now: number): number | undefined {
  const again = /(?:try again|retry) (?:in|after) ((?:\d+(?:\.\d+)? ?(?:milliseconds?|seconds?|minutes?|hours?|ms|s|m|h|d) ?)+)/i.exec(
    message,
  )?.[1]
  if (again !== undefined) return now + lengthOf(again)
  const date = /reset (?:at|on) (\d{4}-)?(\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2}) ?(UTC|GMT|Z)?([+-]\d{2}:\d{2})?/i.exec(message)
  if (!date || (date[4] === undefined && date[5] === undefined)) return undefined
  const [, year, day, time, , offset = 'Z'] = date
  const thisYear = new Date(now).getUTCFullYear()
  const years = year === undefined ? [thisYear, thisYear + 1] : [Number(year.slice(0, 4))]
  return years.map((candidate) => Date.parse(`${candidate}-${day}T${time}${offset}`)).find((instant) => instant > now)
}

/** Seconds or milliseconds since the epoch, whichever the size says. */
function epochInstant(value: number): number | undefined {
  if (!Number.isFinite(value) || value < 1e8) return undefined
  return value > 1e11 ? value : value * SECOND_MS
}

/** Whether the server itself says that another try has a point, or has none. */
export function shouldRetry(headers: Headers): boolean | undefined {
  const said = headers['x-should-retry']
  return said === 'true' ? true : said === 'false' ? false : undefined
}
