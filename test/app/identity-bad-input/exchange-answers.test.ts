import { describe, expect, it } from 'vitest'
import type { ExchangeFault } from '../../../src/sandbox/scenarios.ts'
import { type Complaint, complaintOf, jobAt } from './job.ts'

const MINT = 'mint a new identity token (`env:JOB_TOKEN` gives the same one until it is replaced), then run the command again'
const LATER = 'run the command again later'
const PROXY = 'check whether a proxy or firewall answers in its place'
const REQUEST = 'try again later; request req_sandbox'
const ANSWERED = { requestId: 'req_sandbox' }
const BROKEN = { code: 'CLAW_PROTOCOL', sent: true }

/** By fault, scenario and source: what a command says, and what the vendor was asked. */
const ROWS: readonly [name: string, scenario: string, source: 'fixed' | 'fresh', complaint: Complaint][] = [
  [
    'too many requests',
    'exchange-rate-limit',
    'fixed',
    {
      exit: 75,
      error: {
        code: 'CLAW_RATE_LIMIT',
        message: '`ORIGIN` limits how often it may be asked',
        why: `HTTP 429, \`rate_limit_error\`; ${REQUEST}`,
        fix: 'run the command again in 2 s; the identity token was not used',
        status: 429,
        error: 'rate_limit_error',
        ...ANSWERED,
        retryAfterMs: 2_000,
      },
      asked: Array(4).fill('POST 429 rate limited'),
    },
  ],
  [
    'an overloaded server',
    'exchange-busy',
    'fixed',
    {
      exit: 69,
      error: {
        code: 'CLAW_OVERLOADED',
        message: '`ORIGIN` did not process the exchange',
        why: `HTTP 503, \`overloaded_error\`; ${REQUEST}`,
        fix: 'run the command again in 1 s; the identity token was not used',
        status: 503,
        error: 'overloaded_error',
        ...ANSWERED,
        retryAfterMs: 1_000,
      },
      asked: Array(4).fill('POST 503 busy'),
    },
  ],
  ...(['fixed', 'fresh'] as const).map((source): (typeof ROWS)[number] => [
    'a server that fails',
    'exchange-error',
    source,
    {
      exit: 69,
      error: {
        code: 'CLAW_SERVER',
        message: '`ORIGIN` failed',
        why: `HTTP 500, \`api_error\`; ${REQUEST}`,
        fix: source === 'fixed' ? MINT : LATER,
        status: 500,
        error: 'api_error',
        ...ANSWERED,
        sent: true,
      },
      asked: Array(source === 'fixed' ? 1 : 2).fill('POST 500 answer lost'),
    },
  ]),
  [
    'the end of the connection',
    'exchange-lost',
    'fixed',
    {
      exit: 77,
      error: {
        code: 'CLAW_IDENTITY_SPENT',
        message: 'the answer to the exchange of `anthropic` was lost, and its identity token with it',
        why: 'the connection to `ORIGIN` broke before the answer was complete; a token is posted once',
        fix: MINT,
        sent: true,
        errno: expect.any(String),
      },
      asked: ['POST 200 answer lost'],
    },
  ],
  [
    'silence',
    'exchange-silent',
    'fixed',
    {
      exit: 77,
      error: {
        code: 'CLAW_IDENTITY_SPENT',
        message: 'the answer to the exchange of `anthropic` was lost, and its identity token with it',
        why: '`HOST` did not answer the exchange within 15 s; a token is posted once',
        fix: MINT,
        sent: true,
        limit: { limit: 'exchange.request', seconds: 15, source: 'config' },
      },
      asked: ['POST 200 granted'],
    },
  ],
  [
    'silence',
    'exchange-silent',
    'fresh',
    {
      exit: 81,
      error: {
        code: 'CLAW_TIMEOUT',
        message: '`HOST` did not answer the exchange within 15 s',
        why: 'limit exchange.request, `[store] request_timeout`',
        fix: LATER,
        sent: true,
        limit: { limit: 'exchange.request', seconds: 15, source: 'config' },
      },
      asked: ['POST 200 granted', 'POST 200 granted'],
    },
  ],
  ...(['fixed', 'fresh'] as const).flatMap((source): (typeof ROWS)[number][] => [
    [
      'no end',
      'exchange-no-expiry',
      source,
      {
        exit: 76,
        error: { ...BROKEN, message: '`expires_in` is missing from the answer of `ORIGIN`', fix: source === 'fixed' ? MINT : LATER },
        asked: ['POST 200 granted'],
      },
    ],
    [
      'an end in the past',
      'exchange-past-expiry',
      source,
      {
        exit: 76,
        error: { ...BROKEN, message: 'the exchange brought a token that has expired already', fix: source === 'fixed' ? MINT : LATER },
        asked: ['POST 200 granted'],
      },
    ],
    [
      'a page',
      'token-html',
      source,
      {
        exit: 76,
        error: {
          ...BROKEN,
          message: '`ORIGIN` answered with a page',
          why: 'HTTP 200, text/html',
          fix: source === 'fixed' ? `${PROXY}; then ${MINT}` : PROXY,
        },
        asked: ['POST 200'],
      },
    ],
  ]),
]

/** Faults by which nothing comes of an exchange. */
const FAULTS: readonly ExchangeFault[] = ['rate_limit', 'busy', 'html', 'lost', 'error', 'silent', 'no_expiry', 'past_expiry']

describe('an exchange that is answered with', () => {
  it.each(ROWS)('%s (%s, a %s source) is one clear error', async (_, scenario, source, complaint) => {
    expect(await complaintOf({ scenario, source }, 'token', 'anthropic')).toEqual(complaint)
  })

  it.each(FAULTS)('%s leaves the kept token as good as it was', async (fault) => {
    await using job = await jobAt({ source: 'fresh' })
    const kept = await job.claw('token', 'anthropic')
    job.asked()
    job.world.sandbox.identity.failNext(...Array<ExchangeFault>(4).fill(fault))
    const failed = await job.claw('auth', '--identity', 'anthropic', '--force', '--json')
    expect(failed).toMatchObject({ exitCode: expect.toSatisfy((code) => [69, 75, 76, 81].includes(code)), result: { type: 'error' } })
    job.asked()
    const after = await job.claw('token', 'anthropic')
    expect([after.exitCode, after.stdout, after.stderr, job.asked()]).toEqual([0, kept.stdout, '', []])
  })

  it('429 or 503 once leaves a fixed token as good as it was, which is posted again when the server wishes', async () => {
    await using job = await jobAt({ faults: ['rate_limit', 'busy'] })
    const { exitCode, stderr } = await job.claw('token', 'anthropic')
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    const [first, second, third] = job.world.asked()
    expect([first, second, third].map((each) => each?.note)).toEqual(['rate limited', 'busy', 'granted'])
    expect(new Set([first, second, third].map((each) => each?.token)).size).toBe(1)
    const seconds = [first, second, third].map((each) => Date.parse(each?.at ?? '') / 1_000)
    // Retry-After, and up to a quarter more.
    expect([(seconds[1] ?? 0) - (seconds[0] ?? 0), (seconds[2] ?? 0) - (seconds[1] ?? 0)]).toEqual([
      expect.toSatisfy((s) => s >= 2 && s <= 2.5),
      expect.toSatisfy((s) => s >= 1 && s <= 1.25),
    ])
  })

  it('one claim table is shown however many tokens it takes', async () => {
    await using job = await jobAt({ source: 'fresh', faults: ['lost'] })
    const { exitCode, stderr } = await job.claw('auth', '--identity', 'anthropic', '--no-check')
    expect({ exitCode, tables: stderr.match(/as it is presented/g) }).toEqual({ exitCode: 0, tables: ['as it is presented'] })
    expect(job.asked()).toEqual(['POST 200 answer lost', 'POST 200 granted'])
  })
})

describe('an exchange that does not say when its token ends', () => {
  it.each(['openai-codex', 'openrouter', 'google-vertex', 'azure-openai'])('is broken at %s', async (provider) => {
    expect(await complaintOf({ provider, scenario: 'exchange-no-expiry' }, 'token', provider)).toMatchObject({
      exit: 76,
      error: { code: 'CLAW_PROTOCOL', fix: MINT },
    })
  })

  it('is believed at the Platform of OpenAI for as long as what it was exchanged for is good', async () => {
    await using job = await jobAt({ provider: 'openai', scenario: 'exchange-no-expiry' })
    expect((await job.claw('auth', '--identity', 'openai', '--json')).result.expiresAt).toBe('2026-01-01T00:05:00.000Z')
  })

  it("is used until it is refused where it came from a server of one's own", async () => {
    await using job = await jobAt({ provider: 'acme', scenario: 'exchange-no-expiry' })
    expect((await job.claw('auth', '--identity', 'acme', '--json')).result.expiresAt).toBe(null)
    await job.world.clock.advance(86_400_000)
    expect((await job.claw('token', 'acme')).exitCode).toBe(0)
    expect(job.asked().filter((each) => each.startsWith('POST'))).toEqual(['POST 200 granted'])
  })
})
