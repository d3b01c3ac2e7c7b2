import { describe, expect, it } from 'vitest'
import { complaintOf, jobAt } from './job.ts'

const START = Date.UTC(2026, 0, 1)

/** What GitHub's endpoint does, and what comes of it. */
const ROWS = [
  {
    scenario: 'job-html',
    exit: 76,
    error: {
      code: 'CLAW_PROTOCOL',
      message: 'GitHub Actions answered without an identity token',
      why: 'HTTP 200, text/html',
      fix: 'check what ACTIONS_ID_TOKEN_REQUEST_URL leads to',
      sent: true,
    },
  },
  {
    scenario: 'job-forbidden',
    exit: 66,
    error: {
      code: 'CLAW_REFERENCE_UNRESOLVED',
      message: 'GitHub Actions refused to give an identity token',
      why: 'HTTP 403',
      fix: expect.stringMatching(/^add `permissions: { contents: read, id-token: write }` to the job/),
      sent: true,
      status: 403,
    },
  },
  {
    scenario: 'job-silent',
    exit: 81,
    error: {
      code: 'CLAW_TIMEOUT',
      message: 'GitHub Actions gave no identity token within 10 s',
      why: 'limit identity.source',
      fix: 'check what ACTIONS_ID_TOKEN_REQUEST_URL leads to, and the network of this machine',
      limit: { limit: 'identity.source', seconds: 10, source: 'built-in' },
    },
  },
]

describe('the address that a job asks for its token', () => {
  it.each(ROWS)('is asked once where it does what $scenario says, and no vendor is', async ({ scenario, exit, error }) => {
    for (const line of [['token'], ['auth', '--identity']])
      expect(await complaintOf({ scenario, source: 'fresh' }, ...line, 'anthropic')).toEqual({ exit, error, asked: [] })
    await using job = await jobAt({ scenario, source: 'fresh' })
    await job.claw('token', 'anthropic')
    expect(job.world.sandbox.journal.map(({ dialect }) => dialect)).toEqual(['github-oidc'])
    expect((await job.world.stored()).records).toEqual([])
  })

  it('may be slow', async () => {
    await using job = await jobAt({ scenario: 'job-slow', source: 'fresh' })
    const { exitCode, stderr } = await job.claw('token', 'anthropic')
    expect({ exitCode, stderr, tookMs: job.world.clock.now() - START }).toEqual({ exitCode: 0, stderr: '', tookMs: 2_000 })
    expect(job.asked()).toEqual(['POST 200 granted'])
  })

  it('is no reason to lose the token that is kept', async () => {
    await using job = await jobAt({ source: 'fresh' })
    const kept = await job.claw('token', 'anthropic')
    // The job has no such variables any more, as in a step that was not given them.
    const later = await job.world.claw(['token', 'anthropic'])
    expect([later.exitCode, later.stdout]).toEqual([0, kept.stdout])
    const forced = await job.world.claw(['auth', '--identity', 'anthropic', '--force', '--json'])
    expect([forced.exitCode, forced.result.code]).toEqual([66, 'CLAW_REFERENCE_UNRESOLVED'])
    expect((await job.world.claw(['token', 'anthropic'])).stdout).toBe(kept.stdout)
  })

  it('that gives the same token each time gets it exchanged once', async () => {
    await using job = await jobAt({ scenario: 'job-same-token', source: 'fresh' })
    expect((await job.claw('token', 'anthropic')).exitCode).toBe(0)
    const { exitCode, result } = await job.claw('auth', '--identity', 'anthropic', '--force', '--json')
    expect({ exitCode, code: result.code, fix: result.fix }).toEqual({
      exitCode: 77,
      code: 'CLAW_IDENTITY_SPENT',
      fix: 'mint a new identity token (`github` gives the same one until it is replaced), then run the command again',
    })
    expect((await job.claw('token', 'anthropic')).exitCode).toBe(0)
    expect(job.asked()).toEqual(['POST 200 granted'])
  })
})
