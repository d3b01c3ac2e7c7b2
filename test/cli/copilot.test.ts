import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { testHome } from '../support/home.ts'
import { type Answer, loopbackServer, type SeenRequest } from '../support/loopback-server.ts'

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]()
})

const TOKEN = { env: { COPILOT_GITHUB_TOKEN: 'github_pat_CANARY-1' } }
const USER = '/api.github.com/copilot_internal/user'
const json = (body: unknown, status = 200): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})
const SAID = json({
  id: 'r',
  object: 'chat.completion',
  model: 'gemini-3.8-flash',
  choices: [{ index: 0, message: { role: 'assistant', content: 'seen' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
})
const model = (id: string, facts: object = {}) => ({
  id,
  name: id.toUpperCase(),
  model_picker_enabled: true,
  policy: { state: 'enabled' },
  capabilities: { supports: { tool_calls: true }, limits: { max_context_window_tokens: 9_000 } },
  ...facts,
})
const LIST = [
  model('gemini-3.8-flash'),
  model('new-one', { policy: undefined }),
  model('switched-off', { policy: { state: 'disabled' } }),
  model('not-shown', { model_picker_enabled: false }),
  model('without-tools', { capabilities: { supports: { tool_calls: false } } }),
]

/** A home where GitHub and the API of a business account are a server of this test. */
async function world({ users = [], toml = '', list = LIST }: { users?: Answer[]; toml?: string; list?: readonly object[] } = {}) {
  const answer = ({ path, method }: SeenRequest): Answer => {
    if (path === USER)
      return users.shift() ?? json({ login: 'octo', copilot_plan: 'business', endpoints: { api: `${server.origin}/business` } })
    if (path === '/business/models') return json({ data: list })
    return method === 'POST' && path === '/business/chat/completions' ? SAID : json({ message: 'nobody lives here' }, 404)
  }
  const server = await loopbackServer(answer)
  const home = await testHome(`[providers.github-copilot]
base_urls = { openai-chat = "${server.origin}/individual", anthropic-messages = "${server.origin}/individual", openai-responses = "${server.origin}/individual" }
probe = "GET ${server.origin}${USER}"
${toml}
[providers.github-copilot.auth.token]
discovery_url = "${server.origin}/api.{domain}/copilot_internal/user"
`)
  open.push(server, home)
  return { server, home, asked: () => server.requests.map(({ method, path }) => `${method} ${path}`) }
}

describe('claw model of Copilot', () => {
  it('--live asks at the address of the account, in its own version, and shows what can be used', async () => {
    const { home, server, asked } = await world()
    const { models, warnings } = await home.json(['model', '--live', '--usable'], TOKEN)
    const rows = (models as Record<string, unknown>[]).filter(({ route }) => route === 'github-copilot')
    expect({ rows: rows.map(({ id, name, contextTokens, listed }) => [id, name, contextTokens, listed]), warnings }).toEqual({
      rows: [
        ['gemini-3.8-flash', 'GEMINI-3.8-FLASH', 9_000, true],
        ['new-one', 'NEW-ONE', 9_000, false],
      ],
      warnings: [],
    })
    expect(asked()).toEqual([`GET ${USER}`, 'GET /business/models'])
    expect(server.requests[1]?.headers).toMatchObject({
      authorization: 'Bearer github_pat_CANARY-1',
      'x-github-api-version': '2026-06-01',
      'copilot-integration-id': 'copilot-developer-cli',
    })
  })

  it('--live shows what is switched on where the picker shows nothing', async () => {
    const list = [
      model('a', { model_picker_enabled: false }),
      model('b', { model_picker_enabled: false, policy: { state: 'unconfigured' } }),
    ]
    const { home } = await world({ list })
    const { models } = await home.json(['model', '--live', '--usable'], TOKEN)
    expect((models as { route: string; id: string }[]).filter(({ route }) => route === 'github-copilot').map(({ id }) => id)).toEqual(['a'])
  })

  it('--diff asks there too', async () => {
    const { home, asked } = await world({ toml: 'models = ["gemini-3.8-flash", "gone"]' })
    const { added, removed, route } = await home.json(['model', '--live', '--diff', 'copilot'], TOKEN)
    expect({ added, removed, route, asked: asked() }).toEqual({
      added: ['new-one'],
      removed: ['gone'],
      route: 'github-copilot',
      asked: [`GET ${USER}`, 'GET /business/models'],
    })
  })

  it('is asked there what it has when a prompt names none and none is known', async () => {
    const { home, asked } = await world({ toml: 'models = []' })
    const { code, models, fix } = await home.json(['prompt', '-m', 'copilot', 'hi'], TOKEN)
    expect({ code, models, fix, asked: asked() }).toEqual({
      code: 'CLAW_MODEL_UNKNOWN',
      models: ['gemini-3.8-flash', 'new-one'],
      fix: 'claw prompt -m github-copilot/gemini-3.8-flash TEXT',
      asked: [`GET ${USER}`, 'GET /business/models'],
    })
  })
})

describe('claw prompt of Copilot', () => {
  const PIXEL = 'data:image/png;base64,iVBORw0KGgo='
  const hi = { role: 'user', content: 'hi' }
  it.each([
    ['a person who asks', [hi], 'user', undefined],
    [
      'a tool that answers',
      [
        hi,
        { role: 'assistant', content: '', toolCalls: [{ id: 'c', name: 'f', arguments: {} }] },
        { role: 'tool', toolCallId: 'c', content: '1' },
      ],
      'agent',
      undefined,
    ],
    ['a person with a picture', [{ role: 'user', content: [{ type: 'image', url: PIXEL }] }], 'user', 'true'],
  ])('says that it comes from %s', async (_, messages, initiator, vision) => {
    const { home, server } = await world()
    const file = join(home.dir, 'messages.json')
    await writeFile(file, JSON.stringify(messages))
    const ended = await home.claw(['prompt', '-m', 'copilot/gemini-3.8-flash', '--messages', file, '--json'], TOKEN)
    expect({ exitCode: ended.exitCode, stderr: ended.exitCode === 0 ? '' : ended.stderr + ended.stdout }).toEqual({
      exitCode: 0,
      stderr: '',
    })
    const last = server.requests.at(-1)
    const names = ['authorization', 'x-initiator', 'openai-intent', 'copilot-vision-request']
    expect([last?.path, ...names.map((name) => last?.headers[name])]).toEqual([
      '/business/chat/completions',
      'Bearer github_pat_CANARY-1',
      initiator,
      'conversation-edits',
      vision,
    ])
  })
})

describe('claw token of Copilot', () => {
  it('--bundle names the address of the account, and the host of that alone', async () => {
    const { home, server } = await world()
    const ended = await home.claw(['token', 'copilot', '--bundle', '-'], TOKEN)
    expect(JSON.parse(ended.stdout)).toEqual({
      schema: 'claw.bundle/1',
      provider: 'github-copilot',
      route: 'github-copilot',
      kind: 'token',
      token: 'github_pat_CANARY-1',
      tokenType: 'Bearer',
      expiresAt: null,
      account: 'octo',
      baseUrl: `${server.origin}/business`,
      hosts: [new URL(server.origin).host],
    })
  })
})

describe('claw doctor of Copilot', () => {
  it.each<[string, Answer | undefined, string, string, object | null]>([
    [
      'a token that GitHub takes',
      undefined,
      'pass',
      'the provider takes it for octo (plan business); this proves the GitHub token and the seat, not the policy of a model',
      null,
    ],
    [
      'a token that is dead',
      json({ message: 'Bad credentials' }, 401),
      'fail',
      '`github-copilot` rejects the credential: HTTP 401, application/json from `HOST`; the credential came from `env:COPILOT_GITHUB_TOKEN`',
      { env: 'COPILOT_GITHUB_TOKEN' },
    ],
    [
      'an account without a seat, which no new token helps',
      json({ message: 'Not Found' }, 404),
      'fail',
      'the account has no `GitHub Copilot`, or is served elsewhere: HTTP 404, application/json from `HOST`; the credential came from `env:COPILOT_GITHUB_TOKEN`; get a seat for the account, or name its domain in COPILOT_GITHUB_DOMAIN',
      null,
    ],
    [
      'something else that is not allowed',
      json({ message: 'SSO' }, 403),
      'fail',
      '`HOST` does not allow what was asked: HTTP 403, application/json from `HOST`; the credential came from `env:COPILOT_GITHUB_TOKEN`',
      { env: 'COPILOT_GITHUB_TOKEN' },
    ],
  ])('asks once and knows %s', async (_, user, ...expected) => {
    const { home, server, asked } = await world(user ? { users: [user] } : {})
    const { checks } = (await home.json(['doctor', '--provider', 'copilot'], TOKEN)) as { checks: Record<string, unknown>[] }
    const { status, detail, fix } = checks.find(({ id }) => id === 'provider.github-copilot.accepts') ?? {}
    expect([status, String(detail).replaceAll(new URL(server.origin).host, 'HOST'), fix]).toEqual(expected)
    expect(asked()).toEqual([`GET ${USER}`])
  })

  it('tells of an account that has lost its seat since its address was stored', async () => {
    const users: Answer[] = []
    const { home } = await world({ users })
    const signedIn = await home.claw(['auth', '--token', 'copilot', '--stdin', '--check'], { stdin: 'github_pat_CANARY-1' })
    expect(signedIn.exitCode).toBe(0)
    users.push(json({ message: 'Not Found' }, 404))
    const { checks } = (await home.json(['doctor', '--provider', 'copilot'])) as { checks: Record<string, unknown>[] }
    const { status, detail, fix } = checks.find(({ id }) => id === 'provider.github-copilot.accepts') ?? {}
    expect([status, fix]).toEqual(['fail', null])
    expect(detail).toMatch(
      /^the account has no `GitHub Copilot`.*; get a seat for the account, or name its domain in COPILOT_GITHUB_DOMAIN$/,
    )
  })
})
