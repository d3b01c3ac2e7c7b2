import { expect } from 'vitest'
import type { FakeClock } from '../../support/fake-clock.ts'
import type { arrange } from '../sandbox-client.ts'
import { askExchange, claimsOf, VENDORS } from './vendor-exchanges.ts'

type Client = Awaited<ReturnType<typeof arrange>>

function on({ ask, clock, sandbox }: Client) {
  const job = sandbox.identity.githubEnvironment()
  return {
    clock,
    sandbox,
    exchange: (token = sandbox.identity.mint()) => ask(...askExchange('anthropic', token)),
    askJob: () =>
      ask(job.ACTIONS_ID_TOKEN_REQUEST_URL.slice(sandbox.origin.length), {
        headers: { authorization: `Bearer ${job.ACTIONS_ID_TOKEN_REQUEST_TOKEN}` },
      }),
  }
}

/** The server has taken the request, and waits. */
async function armed(clock: FakeClock): Promise<void> {
  while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve))
}

/** What each scenario of a workload identity does that the usual sandbox does not. */
export const IDENTITY_PROOFS: Readonly<Record<string, (client: Client) => Promise<void>>> = {
  async 'job-html'(client) {
    const { askJob } = on(client)
    expect(await askJob()).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } })
  },

  async 'job-forbidden'(client) {
    const { askJob } = on(client)
    expect(await askJob()).toMatchObject({ status: 403 })
  },

  async 'job-slow'(client) {
    const { clock, askJob } = on(client)
    const asked = askJob()
    await armed(clock)
    await clock.advance(2_000)
    expect(await asked).toMatchObject({ status: 200, isWhole: true })
  },

  async 'job-silent'(client) {
    const { clock, sandbox, askJob } = on(client)
    const asked = askJob().catch(({ code }) => code)
    await armed(clock)
    await clock.advance(600_000)
    await sandbox.close()
    expect(await asked).toBe('ECONNRESET')
  },

  async 'job-same-token'(client) {
    const { askJob } = on(client)
    expect((await askJob()).body).toBe((await askJob()).body)
  },

  async 'job-old-subject'(client) {
    const { sandbox, exchange } = on(client)
    expect(claimsOf(sandbox.identity.mint()).sub).toBe('repo:claw-sandbox/app:ref:refs/heads/main')
    expect((await exchange()).status).toBe(401)
    expect(sandbox.journal.at(-1)).toMatchObject({ note: 'sub is not that of the rule' })
  },

  async 'exchange-rate-limit'(client) {
    const { exchange, sandbox } = on(client)
    const token = sandbox.identity.mint()
    expect(await exchange(token)).toMatchObject({ status: 429, headers: { 'retry-after': '2' } })
    expect(await exchange(token)).toMatchObject({ status: 429 })
  },

  async 'exchange-busy'(client) {
    const { exchange } = on(client)
    expect(await exchange()).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
  },

  async 'exchange-error'(client) {
    const { exchange, sandbox } = on(client)
    const token = sandbox.identity.mint()
    expect(await exchange(token)).toMatchObject({ status: 500 })
    expect(await exchange(token)).toMatchObject({ status: 401 })
    expect(sandbox.journal.map(({ note }) => note)).toEqual(['answer lost', 'jti was used before'])
  },

  async 'exchange-lost'(client) {
    const { exchange, sandbox } = on(client)
    const token = sandbox.identity.mint()
    await expect(exchange(token)).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(await exchange(token)).toMatchObject({ status: 401 })
    expect(await exchange()).toMatchObject({ status: 200 })
    expect(sandbox.journal.map(({ note }) => note)).toEqual(['answer lost', 'jti was used before', 'granted'])
  },

  async 'exchange-slow'(client) {
    const { clock, exchange } = on(client)
    const asked = exchange()
    await armed(clock)
    await clock.advance(2_000)
    expect(await asked).toMatchObject({ status: 200, isWhole: true })
  },

  async 'exchange-silent'(client) {
    const { clock, sandbox, exchange } = on(client)
    const asked = exchange().catch(({ code }) => code)
    await armed(clock)
    await clock.advance(600_000)
    await sandbox.close()
    expect(await asked).toBe('ECONNRESET')
  },

  async 'exchange-no-expiry'(client) {
    const { exchange } = on(client)
    expect(Object.keys(JSON.parse((await exchange()).body))).toEqual(['access_token', 'token_type', 'scope'])
  },

  async 'exchange-past-expiry'(client) {
    const { exchange } = on(client)
    expect(JSON.parse((await exchange()).body)).toMatchObject({ expires_in: -60 })
  },

  async 'exchange-other-account'({ tell, sandbox }) {
    const exchange = async () => (await tell(...askExchange('openai-codex', sandbox.identity.mint()))).json
    const own = { chatgpt_account_id: 'sandbox-account', chatgpt_account_user_id: 'sandbox-account-user', user_id: 'sandbox-user' }
    expect(await exchange()).toMatchObject(own)
    const other = await exchange()
    expect(other).toMatchObject({
      chatgpt_account_id: 'another-account',
      chatgpt_account_user_id: 'another-account-user',
      user_id: 'another-user',
    })
    expect(claimsOf(String(other.access_token))['https://api.openai.com/auth']).toMatchObject({ chatgpt_account_id: 'another-account' })
  },

  async 'jti-once'({ ask, sandbox }) {
    for (const vendor of VENDORS) {
      const token = sandbox.identity.mint()
      const statuses = [(await ask(...askExchange(vendor, token))).status, (await ask(...askExchange(vendor, token))).status]
      expect({ vendor, statuses }).toEqual({ vendor, statuses: [200, expect.toSatisfy((status) => status === 400 || status === 401)] })
      expect(sandbox.journal.at(-1)).toMatchObject({ note: 'jti was used before' })
    }
  },
}
