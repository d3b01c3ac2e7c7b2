import { expect, it } from 'vitest'
import { errorOfBody } from '../../../src/protocols/prompt/error-body.ts'
import { parseReset, retryInstant, shouldRetry, type Headers } from '../../../src/protocols/prompt/retry-after.ts'
import { START_AT } from './recorded.ts'

const none = errorOfBody('', 429)
const at = (headers: Headers, body: unknown = {}, isSpent = false) => {
  const instant = retryInstant(headers, errorOfBody(JSON.stringify(body), 429), START_AT, isSpent)
  return instant === undefined ? undefined : (instant - START_AT) / 1000
}

it.each<[seconds: number | undefined, headers: Headers]>([
  [1.5, { 'retry-after-ms': '1500', 'retry-after': '9' }],
  [9, { 'retry-after': '9' }],
  [2.5, { 'retry-after': '2.5' }],
  [60, { 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' }],
  [undefined, { 'retry-after': 'Wed, 31 Dec 2025 23:59:00 GMT' }],
  [undefined, { 'retry-after-ms': '0', 'retry-after': '1' }],
  [undefined, { 'retry-after': 'soon' }],
  [undefined, { 'retry-after': '99999999999' }],
  [
    6.5,
    {
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '6.5s',
      'x-ratelimit-remaining-tokens': '4',
      'x-ratelimit-reset-tokens': '1h',
    },
  ],
  [
    360,
    {
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '1s',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '6m0s',
    },
  ],
  [120, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(START_AT + 120_000) }],
  [30, { 'anthropic-ratelimit-input-tokens-remaining': '0', 'anthropic-ratelimit-input-tokens-reset': '2026-01-01T00:00:30Z' }],
  [undefined, { 'anthropic-ratelimit-requests-remaining': '7', 'anthropic-ratelimit-requests-reset': '2026-01-01T00:00:30Z' }],
  [90, { 'anthropic-ratelimit-unified-status': 'rejected', 'anthropic-ratelimit-unified-reset': String(START_AT / 1000 + 90) }],
  [undefined, { 'anthropic-ratelimit-unified-status': 'rejected', 'anthropic-ratelimit-unified-reset': String(START_AT / 1000 - 90) }],
  [undefined, {}],
])('is %s s from the headers %j', (seconds, headers) => {
  expect(at(headers)).toBe(seconds)
})

it.each<[seconds: number | undefined, error: object]>([
  [600, { resets_in_seconds: 600 }],
  [600, { resets_in_seconds: '600' }],
  [900, { resets_at: START_AT / 1000 + 900 }],
  [900, { resets_at: '2026-01-01T00:15:00Z' }],
  [11.054, { message: 'Rate limit reached. Please try again in 11.054s.' }],
  [0.028, { message: 'Please try again in 28ms.' }],
  [35, { message: 'try again in 35 seconds' }],
  [120, { message: 'Try again in 2 minutes.' }],
  [362, { message: 'Please try again in 6m2s. Visit' }],
  [20, { message: 'Please retry after 20 seconds.' }],
  [36_000, { message: 'It will reset at 01-01 10:00:00 UTC.' }],
  [365 * 86_400 - 60, { message: 'It will reset at 12-31 23:59:00 UTC.' }],
  [undefined, { message: 'Your limit will reset at 2026-01-01 10:00:00' }],
  [7200, { message: 'Your limit will reset at 2026-01-01 10:00:00 GMT+08:00' }],
  [undefined, { message: 'try again later' }],
])('is %s s from the body %j', (seconds, error) => {
  expect(at({}, { error: { type: 'x', message: 'm', ...error } })).toBe(seconds)
})

it('believes the headers before the body', () => {
  expect(at({ 'retry-after': '5' }, { error: { message: 'm', resets_in_seconds: 600 } })).toBe(5)
})

it('does not take the limits of a minute for the reset of a quota', () => {
  const headers = { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '1s' }
  expect([at(headers, {}, false), at(headers, {}, true)]).toEqual([1, undefined])
})

it.each([
  ['12ms', 12],
  ['6.5s', 6_500],
  ['6m0s', 360_000],
  ['1h2m', 3_720_000],
  ['2d', 172_800_000],
  ['7', 7_000],
  ['', undefined],
  ['1x', undefined],
  ['s', undefined],
])('reads the length %s', (text, ms) => {
  expect(parseReset(text)).toBe(ms)
})

it('obeys the header that says whether to retry', () => {
  expect(
    [{ 'x-should-retry': 'true' }, { 'x-should-retry': 'false' }, { 'x-should-retry': 'maybe' }, {}].map((headers) =>
      shouldRetry(headers as Headers),
    ),
  ).toEqual([true, false, undefined, undefined])
})

it('takes bounded time for a message made to be slow', () => {
  const message = `try again in ${'1'.repeat(30_000)} ${'try again in 1 '.repeat(30_000)}`
  expect(retryInstant({}, { ...none, message }, START_AT, false)).toBe(undefined)
})
