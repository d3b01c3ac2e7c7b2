import { describe, expect, it } from 'vitest'
import type { SubjectOptions } from '../../../src/sandbox/identity/issuer.ts'
import { complaintOf, jobAt } from './job.ts'

type Mint = (options?: SubjectOptions) => string

const NOW_S = Date.UTC(2026, 0, 1) / 1_000
const NO_JWT = 'the identity token is no JWT (three parts in base64url, the first two JSON objects)'
const ALGORITHMS = 'have it signed with one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512'
const NEW_TOKEN = 'get a new identity token where this one came from'
const WAIT = 'set the clock of this machine, or wait'
const lasting = (fromS: number, untilS: number) => ({ claims: { iat: NOW_S + fromS, nbf: NOW_S + fromS, exp: NOW_S + untilS } })

interface Row {
  readonly name: string
  token(mint: Mint): string
  readonly aspect: string
  readonly why: string
  readonly fix: string
  /** The clock of the vendor was asked, because the one here may be the wrong one. */
  readonly isClockAsked?: boolean
}

const ROWS: readonly Row[] = [
  { name: 'no JWT', token: () => 'a-word-that-is-no-token', aspect: 'shape', why: NO_JWT, fix: 'check where it comes from' },
  { name: 'three dots', token: () => '...', aspect: 'shape', why: NO_JWT, fix: 'check where it comes from' },
  {
    name: '20 KB',
    token: (mint) => mint().padEnd(20_480, 'A'),
    aspect: 'size',
    why: 'the identity token has 20480 bytes, and at most 16384 are taken',
    fix: 'leave claims out of it',
  },
  {
    name: 'signed by nobody',
    token: (mint) => mint({ alg: 'none' }),
    aspect: 'algorithm',
    why: 'the identity token is not signed (`alg: none`)',
    fix: ALGORITHMS,
  },
  {
    name: 'signed with a secret',
    token: (mint) => mint({ alg: 'HS256' }),
    aspect: 'algorithm',
    why: 'the identity token is signed with a shared secret (`HS256`)',
    fix: ALGORITHMS,
  },
  {
    name: 'of no key',
    token: (mint) => mint({ header: { kid: undefined } }),
    aspect: 'header',
    why: 'the header of the identity token has no `kid`',
    fix: 'use an issuer that names the key of each token',
  },
  {
    name: 'over for an hour',
    token: (mint) => mint(lasting(-7_200, -3_600)),
    aspect: 'time',
    why: 'the identity token expired at 2025-12-31T23:00:00Z',
    fix: NEW_TOKEN,
  },
  {
    name: 'over for five minutes, by the clock of the vendor too',
    token: (mint) => mint(lasting(-600, -300)),
    aspect: 'time',
    why: 'the identity token expired at 2025-12-31T23:55:00Z',
    fix: NEW_TOKEN,
    isClockAsked: true,
  },
  {
    name: 'good in an hour',
    token: (mint) => mint(lasting(3_600, 7_200)),
    aspect: 'time',
    why: 'the identity token is not valid before 2026-01-01T01:00:00Z',
    fix: WAIT,
  },
  {
    name: 'good in five minutes, by the clock of the vendor too',
    token: (mint) => mint(lasting(300, 600)),
    aspect: 'time',
    why: 'the identity token is not valid before 2026-01-01T00:05:00Z',
    fix: WAIT,
    isClockAsked: true,
  },
]

const UNFIT = {
  code: 'CLAW_IDENTITY_UNFIT',
  message: 'the identity token from `env:JOB_TOKEN` would be refused by `anthropic`, so it was not sent',
}

describe('a token that no vendor takes', () => {
  it.each(ROWS)('$name is not sent, and stays in the job', async ({ token, why, fix, aspect, isClockAsked }) => {
    expect(await complaintOf({ token }, 'token', 'anthropic')).toEqual({
      exit: 77,
      error: { ...UNFIT, why, fix, aspect },
      asked: isClockAsked ? ['GET 404'] : [],
    })
  })

  it.each(ROWS)('$name costs nobody the token that is kept', async ({ token, why, fix, aspect }) => {
    await using job = await jobAt({})
    const kept = (await job.claw('token', 'anthropic')).stdout
    expect(job.asked()).toEqual(['POST 200 granted'])
    const bad = token(job.mint)
    job.replace(bad)
    const { exitCode, result } = await job.claw('auth', '--identity', 'anthropic', '--force', '--json')
    const { claims, ...error } = result
    expect({ exitCode, error }).toEqual({
      exitCode: 77,
      error: { type: 'error', exit: { code: 77, name: 'AUTH' }, ...UNFIT, why, fix, aspect },
    })
    expect(claims).toEqual(
      aspect === 'shape' || aspect === 'size' ? {} : JSON.parse(Buffer.from(bad.split('.')[1] ?? '', 'base64url').toString()),
    )
    expect((await job.claw('token', 'anthropic')).stdout).toBe(kept)
    expect(job.asked().filter((each) => each !== 'GET 404')).toEqual([])
  })

  it('has no table of claims where it has none', async () => {
    await using job = await jobAt({ token: () => '...' })
    const { stdout, stderr } = await job.claw('auth', '--identity', 'anthropic')
    expect({ stdout, stderr }).toEqual({
      stdout: '',
      stderr: `error[${UNFIT.code}]: ${UNFIT.message}\n  why: ${NO_JWT}\n  fix: check where it comes from\n`,
    })
  })
})

describe('a token of another issuer', () => {
  it('is refused by the vendor alone, which has the reason', async () => {
    expect(await complaintOf({ token: (mint) => mint({ claims: { iss: 'https://issuer.example' } }) }, 'token', 'anthropic')).toEqual({
      exit: 77,
      error: {
        code: 'CLAW_CREDENTIAL_REJECTED',
        message: '`ORIGIN` refused the identity token',
        why: 'HTTP 401, `authentication_error`; Authentication failed; request req_sandbox',
        fix: expect.stringMatching(/^Claude Console > Settings > Workload identity > history names the reason/),
        status: 401,
        error: 'authentication_error',
        requestId: 'req_sandbox',
      },
      asked: ['POST 401 iss is not that of the rule'],
    })
  })
})
