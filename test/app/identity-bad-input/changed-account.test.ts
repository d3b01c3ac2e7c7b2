import { describe, expect, it } from 'vitest'
import { jobAt } from './job.ts'

const CODEX = { provider: 'openai-codex', scenario: 'exchange-other-account' } as const
const changed = (again: string) => ({
  type: 'error',
  code: 'CLAW_PRINCIPAL_CHANGED',
  exit: { code: 76, name: 'PROTOCOL' },
  message: 'the exchange of `openai-codex` brought the token of somebody else',
  why: '`chatgpt_account_id`, `chatgpt_account_user_id`, `user_id` of the answer changed since the last exchange',
  fix: `if that is right: claw auth logout openai-codex, then ${again}`,
  changed: ['chatgpt_account_id', 'chatgpt_account_user_id', 'user_id'],
})
const SIGN_IN = 'claw auth --identity openai-codex'

describe('an exchange that brings the token of another account than the last one', () => {
  it('is refused, and the token before serves until it ends', async () => {
    await using job = await jobAt({ ...CODEX, source: 'fresh' })
    const first = await job.claw('token', 'openai-codex')
    // It is asked for a token that lives longer than the kept one will.
    const longer = await job.claw('token', 'openai-codex', '--min-ttl', '300s', '--json')
    expect({ exitCode: longer.exitCode, result: longer.result }).toEqual({
      exitCode: 0,
      result: expect.objectContaining({ account: 'sandbox-account' }),
    })
    await job.world.clock.advance(1_000)
    const wanted = await job.claw('token', 'openai-codex', '--min-ttl', '300s', '--json')
    expect({ exitCode: wanted.exitCode, result: wanted.result }).toEqual({ exitCode: 76, result: changed(SIGN_IN) })
    expect((await job.claw('token', 'openai-codex')).stdout).toBe(first.stdout)

    await job.world.clock.advance(269_000)
    const inMargin = await job.claw('token', 'openai-codex')
    expect({ ...inMargin, events: [], result: {} }).toEqual({
      exitCode: 0,
      stdout: first.stdout,
      stderr: `warning: the identity could not be exchanged anew, and its token still serves: ${changed('').message}\n`,
      events: [],
      result: {},
    })
    await job.world.clock.advance(30_000)
    const over = await job.claw('token', 'openai-codex', '--json')
    expect({ exitCode: over.exitCode, result: over.result }).toEqual({ exitCode: 76, result: changed(SIGN_IN) })
  })

  it.each(['fresh', 'fixed'] as const)('is accepted after a sign-out (a %s source)', async (source) => {
    await using job = await jobAt({ ...CODEX, source })
    await job.claw('token', 'openai-codex')
    job.replace(job.mint())
    const forced = await job.claw('auth', '--identity', 'openai-codex', '--force', '--json')
    const { claims, ...error } = forced.result
    expect({ exitCode: forced.exitCode, error }).toEqual({
      exitCode: 76,
      error: changed(source === 'fresh' ? SIGN_IN : `with another identity token ${SIGN_IN}`),
    })
    expect((await job.world.stored()).records.map(({ state, account }) => [state, account?.id])).toEqual([['ok', 'sandbox-account']])

    expect((await job.claw('auth', 'logout', 'openai-codex')).exitCode).toBe(0)
    job.replace(job.mint())
    const signedIn = await job.claw('auth', '--identity', 'openai-codex', '--check', '--json')
    expect([signedIn.exitCode, signedIn.result.account]).toEqual([0, 'another-account'])
    const handedOut = await job.claw('token', 'openai-codex', '--json')
    expect([handedOut.exitCode, handedOut.result.account]).toEqual([0, 'another-account'])
    // What was exchanged last counts from now on.
    await job.world.clock.advance(300_000)
    job.replace(job.mint())
    expect((await job.claw('token', 'openai-codex')).exitCode).toBe(0)
  })
})
