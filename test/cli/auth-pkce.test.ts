import { describe, expect, it } from 'vitest'
import { ask } from '../support/loopback-client.ts'
import { type RehearsalMachine, rehearsed } from '../support/rehearsed.ts'

const START = Date.UTC(2026, 0, 1)
const TEN_MINUTES = new Date(START + 600_000).toISOString()

/** What somebody does at the page: what the browser ends at, or what the page shows. */
async function approve({ sandbox }: RehearsalMachine, url: string): Promise<string> {
  const { headers, body } = await ask(url, { form: { action: 'approve' } })
  if (headers.location === undefined) return /<code>([^<]+)/.exec(body)?.[1] ?? ''
  return headers.location.startsWith(sandbox.origin) ? approveShown((await ask(headers.location)).body) : headers.location
}

function approveShown(html: string): string {
  return /<code>([^<]+)/.exec(html)?.[1] ?? ''
}

describe('auth --paste and auth complete', () => {
  it('print the address and the pending sign-in as data, then the credential', async () => {
    await using world = await rehearsed()
    const started = await world.claw(['auth', '--paste', 'openai', '--json'])
    const url = String(started.events[0]?.url)
    const redirectUri = 'http://localhost:1455/auth/callback'
    expect({ exitCode: started.exitCode, stderr: started.stderr, events: started.events }).toEqual({
      exitCode: 83,
      stderr: expect.any(String),
      events: [
        {
          type: 'authorization_url',
          provider: 'openai',
          url: expect.stringContaining('/auth.openai.com/oauth/authorize?'),
          redirectUri,
          expiresAt: TEN_MINUTES,
        },
        {
          type: 'result',
          schema: 'claw.auth/1',
          provider: 'openai',
          route: 'openai-codex',
          profile: 'default',
          method: 'pkce',
          kind: 'oauth',
          state: 'pending',
          userCode: null,
          verificationUri: url,
          verificationUriComplete: null,
          expiresAt: TEN_MINUTES,
          interval: null,
          redirectUri,
        },
      ],
    })
    const done = await world.claw(['auth', 'complete', 'openai', '--stdin', '--no-check', '--json'], { stdin: await approve(world, url) })
    expect({ exitCode: done.exitCode, result: done.result }).toMatchObject({
      exitCode: 0,
      result: {
        schema: 'claw.auth/1',
        provider: 'openai',
        route: 'openai-codex',
        profile: 'default',
        method: 'pkce',
        kind: 'oauth',
        changed: true,
        check: null,
      },
    })
  })

  it('S-45 say to people what to open and on which host, what comes of it, what comes of it, and what to type then', async () => {
    await using world = await rehearsed()
    const codex = await world.claw(['auth', '--paste', 'openai-codex', '-q'])
    expect(codex.stdout).toBe('')
    expect(codex.stderr.split('\n')).toEqual([
      expect.stringMatching(/^to let this machine use OpenAI.*, open this page in a browser:$/),
      expect.stringMatching(/^ {2}http:\/\/127\.0\.0\.1:\d+\/auth\.openai\.com\/oauth\/authorize\?/),
      'only continue if you started this; you sign in on 127.0.0.1',
      `the browser ends at an address that begins http://localhost:1455/auth/callback, whether it can show that page or not: copy it before ${TEN_MINUTES}`,
      'then: claw auth complete openai-codex --stdin',
      '',
    ])
    const router = await world.claw(['auth', '--paste', 'openrouter', '--profile', 'ci', '-q'])
    expect(router.stderr.split('\n').slice(3)).toEqual([
      `the page then shows a code: it ends the sign-in until ${TEN_MINUTES}`,
      'then: claw auth complete openrouter --stdin --profile ci',
      '',
    ])
  })

  it('keep profiles apart', async () => {
    await using world = await rehearsed()
    const started = await world.claw(['auth', '--paste', 'openrouter', '--profile', 'ci', '--json'])
    const pasted = await approve(world, String(started.events[0]?.url))
    const complete = (...more: string[]) => world.claw(['auth', 'complete', 'openrouter', '--stdin', '--json', ...more], { stdin: pasted })
    expect((await complete()).exitCode).toBe(66)
    expect((await complete('--profile', 'work')).result).toMatchObject({ fix: 'claw auth --paste openrouter --profile work' })
    const unasked = await world.claw(['auth', 'complete', 'openrouter', '--profile', 'ci', '--json'])
    expect(unasked.result).toMatchObject({ fix: 'printf %s "$REDIRECT" | claw auth complete openrouter --stdin --profile ci' })
    expect((await complete('--profile', 'ci')).result).toMatchObject({ profile: 'ci', kind: 'api_key', changed: true })
  })
})

describe('a sign-in to what cannot be prompted with yet', () => {
  const told =
    'this version of claw cannot prompt `openai-codex`: it is spoken to in `codex-responses`, and claw speaks `anthropic-messages` and `openai-chat`; `claw token openai-codex` hands the credential to a program that speaks it'

  it('says so in one line, and a prompt says the same', async () => {
    await using world = await rehearsed()
    const signedIn = await world.claw(['auth', '--device', 'openai', '--no-check'])
    expect([signedIn.exitCode, signedIn.stdout, signedIn.stderr.split('\n').filter((line) => line === told)]).toEqual([0, '', [told]])
    const prompt = await world.claw(['prompt', '-m', 'openai-codex', 'hello'])
    expect([prompt.exitCode, prompt.stderr.includes('this version of claw cannot prompt `openai-codex`')]).toEqual([2, true])
  })

  it('says nothing of the kind where it can be prompted', async () => {
    await using world = await rehearsed()
    const signedIn = await world.claw(['auth', '--device', 'moonshot', '--no-check'])
    expect([signedIn.exitCode, signedIn.stderr.includes('cannot prompt')]).toEqual([0, false])
  })
})

describe('whose the credential is', () => {
  it.each([
    ['copilot', { provider: 'github-copilot', route: 'github-copilot', account: 'sandbox', plan: 'individual' }],
    ['codex', { provider: 'openai', route: 'openai-codex', account: 'somebody@sandbox.example', plan: 'plus' }],
  ])('stands in the result of a sign-in to %s, with the plan', async (name, whose) => {
    await using world = await rehearsed()
    const { exitCode, result } = await world.claw(['auth', '--device', name, '--json'])
    expect({ exitCode, result }).toEqual({
      exitCode: 0,
      result: {
        type: 'result',
        schema: 'claw.auth/1',
        ...whose,
        profile: 'default',
        method: 'device',
        kind: 'oauth',
        expiresAt: expect.toSatisfy((at) => at === null || typeof at === 'string'),
        store: 'memory',
        changed: true,
        check: { status: 'pass', evidence: 'accepted', detail: expect.stringContaining(`(plan ${whose.plan})`) },
      },
    })
  })
})

describe('what does not fit is exit 2, and what is off is exit 78', () => {
  it.each([
    [['auth', '--open', '--paste', 'openai'], 2, '`--open` belongs to `--browser`'],
    [['auth', '--paste-stdin', '--device', 'openai'], 2, '`--paste-stdin` belongs to `--browser`'],
    [['auth', '--browser', '--paste', 'openai'], 2, '`--browser` and `--paste` exclude each other'],
    [['auth', '--browser', '--no-wait', 'openai'], 2, '`--browser` and `--no-wait` exclude each other'],
    [['auth', '--browser', 'mistral'], 2, '`mistral` has no sign-in by `--browser`'],
    [['auth', '--paste', 'ollama'], 2, '`ollama` has no sign-in by `--paste`'],
    [['auth', '--paste', 'anthropic'], 78, 'the method `anthropic/oauth` is off'],
    [['auth', '--browser', 'xai'], 78, 'the method `xai/oauth` is off'],
    [['auth', 'complete', 'openai'], 2, 'say where what the browser ended at comes from'],
    [['auth', 'complete', 'openai', '--stdin'], 66, 'no sign-in to `openai` waits to be completed'],
    [['auth', 'complete', 'nobody', '--stdin'], 66, 'there is no provider `nobody`'],
  ])('%j: %d', async (argv, exitCode, message) => {
    await using world = await rehearsed()
    const ended = await world.claw([...argv, '--json'])
    expect({ exitCode: ended.exitCode, message: ended.result.message }).toEqual({ exitCode, message })
    expect(world.asked()).toEqual([])
  })
})

describe('auth --browser', () => {
  it('says that a page was not opened, and goes on', async () => {
    await using world = await rehearsed()
    const ended = await world.claw(['auth', '--browser', '--open', 'acme', '--no-check', '--json'], {
      onEvent: async ({ type, url }) => {
        if (type === 'authorization_url') await ask(await approve(world, String(url)))
      },
    })
    expect({ exitCode: ended.exitCode, changed: ended.result.changed }).toEqual({ exitCode: 0, changed: true })
    expect(ended.stderr).toContain('the page was not opened: there is no display here\n')
  })

  it('ends with 80 when nobody comes', async () => {
    await using world = await rehearsed()
    const ended = await world.claw(['auth', '--browser', 'acme', '--json'])
    expect(ended).toMatchObject({ exitCode: 80, result: { code: 'CLAW_CODE_EXPIRED', fix: 'run `claw auth --browser acme`' } })
    expect(world.clock.now() - START).toBe(600_000)
  })
})
