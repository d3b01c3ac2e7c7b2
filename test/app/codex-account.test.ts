import { afterEach, describe, expect, it } from 'vitest'
import { credentialStatus } from '../../src/app/credential/credential-status.ts'
import { headersFor } from '../../src/app/credential/credential-headers.ts'
import { findCredential } from '../../src/app/credential/find-credential.ts'
import { probeCredential } from '../../src/app/access/probe.ts'
import { usableCredential } from '../../src/app/credential/usable-credential.ts'
import { credentialWorld, type TestWorld } from '../support/credential-world.ts'
import { failureOf } from '../support/failure.ts'
import { jwt } from '../support/jwt.ts'
import { type Answer, type LoopbackServer, loopbackServer } from '../support/loopback-server.ts'
import { onlineSession } from '../support/online-session.ts'

const open: AsyncDisposable[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each[Symbol.asyncDispose]()))
})

const BASE = 'https://chatgpt.com/backend-api/codex'
const claims = (changes: object = {}) => ({
  email: 'ann@x.example',
  'https://api.openai.com/auth': { chatgpt_account_id: 'acct-1', chatgpt_plan_type: 'team', ...changes },
})
const whoami = {
  email: 'ann@x.example',
  chatgpt_user_id: 'user-1',
  chatgpt_account_id: 'acct-2',
  chatgpt_plan_type: 'business',
  chatgpt_account_is_fedramp: true,
}
const json = (body: unknown, status = 200): Answer => ({
  status,
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
})

async function arrange(
  { answer = json(whoami), toml = '' }: { answer?: Answer; toml?: string } = {},
  variables: Readonly<Record<string, string>> = {},
) {
  const server: LoopbackServer = await loopbackServer(() => answer)
  const here: TestWorld = await credentialWorld(
    `[providers.openai-codex]
${toml}
[providers.openai-codex.auth.access-token]
whoami_url = "${server.origin}/whoami"
`,
    variables,
  )
  open.push(server, { [Symbol.asyncDispose]: () => here.remove() })
  const session = onlineSession(here)
  const chosen = () => findCredential(session, { named: session.catalogue.find('codex'), model: null })
  return { server, here, session, chosen, use: async () => (await usableCredential(session, await chosen())).credential }
}

describe('the account of a ChatGPT credential', () => {
  it('goes out with a grant, as its record has it', async () => {
    const { here, use, server } = await arrange()
    const account = { id: 'acct-9', name: 'ann@x.example', plan: 'team', fedramp: true } as const
    await here.signIn({ provider: 'openai', route: 'openai-codex', kind: 'oauth' }, { token: 'opaque-token', account })
    expect(headersFor(await use(), BASE)).toEqual({
      authorization: 'Bearer opaque-token',
      'chatgpt-account-id': 'acct-9',
      'x-openai-fedramp': 'true',
    })
    expect(server.requests).toEqual([])
  })

  it('stands in the status with its plan', async () => {
    const { here, session } = await arrange()
    const account = { id: 'acct-9', name: 'ann@x.example', plan: 'team' }
    await here.signIn({ provider: 'openai', route: 'openai-codex', kind: 'oauth' }, { token: 'opaque-token', account })
    const { credentials } = await credentialStatus(session, 'openai-codex')
    expect(credentials.map(({ route, account: who, plan }) => [route, who, plan])).toEqual([['openai-codex', 'ann@x.example', 'team']])
  })

  it('is read from the token itself where no record has it', async () => {
    const token = jwt(claims({ chatgpt_account_is_fedramp: true }))
    const { use, server } = await arrange({}, { CODEX_ACCESS_TOKEN: token })
    const used = await use()
    expect([used.account, headersFor(used, BASE)]).toEqual([
      'ann@x.example',
      { authorization: `Bearer ${token}`, 'chatgpt-account-id': 'acct-1', 'x-openai-fedramp': 'true' },
    ])
    expect(server.requests).toEqual([])
  })

  it.each([
    ['is not known', null],
    ['has no id', { id: null, name: 'ann@x.example', plan: null }],
  ])('is left out where it %s', async (_, account) => {
    const { here, use } = await arrange()
    await here.signIn({ provider: 'openai', route: 'openai-codex', kind: 'oauth' }, { token: 'opaque-token', account })
    expect(headersFor(await use(), BASE)).toEqual({ authorization: 'Bearer opaque-token' })
  })

  it.each(['a\r\nx-evil: 1', 'a b', 'ü', 'x'.repeat(129)])('S-48 lets no claim %j into a header', async (id) => {
    const { here, use } = await arrange()
    const token = jwt(claims({ chatgpt_account_id: id }))
    await here.signIn({ provider: 'openai', route: 'openai-codex', kind: 'oauth' }, { token })
    expect(Object.keys(headersFor(await use(), BASE))).toEqual(['authorization'])
  })

  it('is asked for where the token says nothing, once in a process', async () => {
    const { use, server } = await arrange({}, { CODEX_ACCESS_TOKEN: 'at-personal-1' })
    await Promise.all([use(), use()])
    expect(headersFor(await use(), BASE)).toEqual({
      authorization: 'Bearer at-personal-1',
      'chatgpt-account-id': 'acct-2',
      'x-openai-fedramp': 'true',
    })
    expect(server.requests.map(({ method, path, headers }) => [method, path, headers.authorization])).toEqual([
      ['GET', '/whoami', 'Bearer at-personal-1'],
    ])
  })

  it('is kept with a stored token, and proves it when it is asked for again', async () => {
    const { here, use, server, session } = await arrange()
    await here.signIn({ provider: 'openai', route: 'openai-codex', kind: 'token' }, { token: 'at-personal-1', auth: 'access-token' })
    await use()
    await here.clock.advance(365 * 86_400_000)
    const used = await use()
    expect([server.requests.length, used.record?.account]).toEqual([
      1,
      { id: 'acct-2', name: 'ann@x.example', plan: 'business', fedramp: true },
    ])
    expect(await probeCredential(session, used)).toEqual({
      status: 'pass',
      evidence: 'accepted',
      detail:
        'the provider takes it for ann@x.example (plan business); this proves the token, its account and the plan, not that the plan has the model',
      error: null,
    })
    expect(server.requests).toHaveLength(2)
  })

  it('is not asked for a token that is refused', async () => {
    const { use } = await arrange({ answer: json({ detail: 'no' }, 401) }, { CODEX_ACCESS_TOKEN: 'at-personal-1' })
    expect(await failureOf(use)).toMatchObject({
      code: 'CLAW_CREDENTIAL_REJECTED',
      fix: 'set CODEX_ACCESS_TOKEN to a key that `openai-codex` takes',
    })
  })

  it('is missing from the JWT of an agent identity, which is told so', async () => {
    const { chosen, session } = await arrange({}, { CODEX_ACCESS_TOKEN: jwt({ agent_runtime_id: 'a', account_id: 'acct-1' }) })
    expect(await failureOf(chosen)).toMatchObject({ code: 'CLAW_NO_CREDENTIAL' })
    const { surveyCredentials } = await import('../../src/app/credential/find-credential.ts')
    const { rows } = await surveyCredentials(session, { named: session.catalogue.find('codex'), model: null })
    expect(rows.filter(({ source }) => source.startsWith('env:'))).toMatchObject([
      { state: 'wrong_kind', reason: 'it is the JWT of an agent identity, which claw does not support' },
    ])
  })

  it.each([
    ['acct-1', undefined],
    ['ann@x.example', undefined],
    ['acct-9', 'CLAW_EXPECTATION_BROKEN'],
  ])('is compared with `expect` by id and by name: %s', async (account, code) => {
    const { chosen } = await arrange({ toml: `expect = { account = "${account}" }` }, { CODEX_ACCESS_TOKEN: jwt(claims()) })
    if (code) expect(await failureOf(chosen)).toMatchObject({ code })
    else expect((await chosen()).account).toBe('ann@x.example')
  })

  it('is compared when it was asked for, before the token is used', async () => {
    const { use } = await arrange({ toml: 'expect = { account = "acct-9" }' }, { CODEX_ACCESS_TOKEN: 'at-personal-1' })
    expect(await failureOf(use)).toMatchObject({ code: 'CLAW_EXPECTATION_BROKEN', why: 'expected `acct-9`; found `ann@x.example`' })
  })
})
