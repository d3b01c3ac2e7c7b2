import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runClaw } from '../support/run-claw.ts'
import { type Sandboxed, sandboxed } from '../support/sandboxed.ts'
import { runProgram, shellOf } from '../support/shelled.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const example = (name: string) => join(ROOT, 'examples', name)

/** Takes away what no two runs share. */
function settled(text: string): string {
  return text
    .replace(/http:\/\/127\.0\.0\.1:\d+/g, 'ORIGIN')
    .replace(/\b[A-Z]{4}-[A-Z]{4}\b/g, 'CODE')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'INSTANT')
    .replace(/…[\w-]{4}/g, '…TAIL')
    .replace(/^claw doctor \d\S+$/gm, 'claw doctor VERSION')
}

it('each example is one that is tested', () => {
  expect(readdirSync(join(ROOT, 'examples')).sort()).toEqual(['claw.toml', 'demo', 'github-job.yml', 'identity', 'script.sh', 'server.sh'])
})

describe('claw.toml', () => {
  it('is a valid configuration', async () => {
    const file = example('claw.toml')
    expect(await runClaw(['config', 'check', '--config', file])).toEqual({
      exitCode: 0,
      signal: null,
      stdout: '',
      stderr: `valid: ${file}\n`,
    })
  })

  it('is in force line by line', async () => {
    const file = example('claw.toml')
    const { exitCode, stdout, stderr } = await runClaw(['config', 'show', '--config', file])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    const set = stdout.split('\n').filter((line) => line.includes(`  # ${file}:`))
    expect(set.map((line) => line.split('  # ')[0])).toEqual([
      'aliases.cheap = "openai/gpt-5.4-mini"',
      'local_providers.lab.base_url = "http://127.0.0.1:8000/v1"',
      'local_providers.lab.models = ["lab-small"]',
      'local_providers.lab.protocol = "openai-chat"',
      'prompt.timeout = "10m"',
      'providers.acme.auth.sso.client_id = "claw"',
      'providers.acme.auth.sso.issuer = "https://sso.acme.example/realms/main"',
      'providers.acme.auth.sso.method = "device"',
      'providers.acme.auth.sso.scope = "openid offline_access"',
      'providers.acme.base_url = "https://llm.acme.example/v1"',
      'providers.acme.models = ["acme-large"]',
      'providers.acme.protocol = "openai-chat"',
      'providers.openai.api_key = "file:/run/secrets/openai"',
      'providers.openai.expect.kind = "api_key"',
      'refresh.min_remaining = "5m"',
      'tiers.default.auth_mode = "auto"',
      'tiers.default.fallback = ["tier:fast"]',
      'tiers.default.model = "moonshot"',
      'tiers.fast.model = "openai/gpt-5.4-mini"',
      'tiers.local.model = "ollama/llama3"',
    ])
  })
})

const SERVER_STDOUT = `say hello
kimi-code  refreshed
claw doctor VERSION

  ok    configuration is valid
  ok    TLS is verified
  ok    no variable weakens this process
  ok    credential store can be read
  ok    credential store is private
  ok    kimi-code has a credential
  ok    kimi-code's credential is not about to end
  ok    kimi-code takes the credential

credentials
  moonshot: kimi-code/kimi-for-coding
    wins         oauth     store:file  …TAIL  until INSTANT

8 passed, 0 warned, 0 failed, 0 skipped
`

const SERVER_STDERR = `to let this machine use Kimi Code (Kimi For Coding), open this page on any device and enter the code CODE
  ORIGIN/device?user_code=CODE
only continue if you started this; you sign in on 127.0.0.1, and the code ends INSTANT
Kimi Code is for personal, interactive coding; Kimi asks third-party tools to use an API key (claw auth --api-key kimi-code --stdin).
this grant is for the route \`kimi-code\` of \`moonshot\`
signed in to moonshot (route kimi-code)
the provider takes it; this proves neither the client gate nor that the plan has the model (a call of one token does)
`

describe('server.sh', () => {
  const serve = (world: Sandboxed) => runProgram('sh', [example('server.sh')], { env: shellOf(world), cwd: world.home })

  it('signs the server in, prompts, renews and passes the doctor', async () => {
    await using world = await sandboxed()
    const { stdout, stderr, ...ended } = await serve(world)
    expect({ ...ended, stdout: settled(stdout), stderr: settled(stderr) }).toEqual({
      exitCode: 0,
      signal: null,
      stdout: SERVER_STDOUT,
      stderr: SERVER_STDERR,
    })
  })

  it('goes no further than a sign-in that is refused', async () => {
    await using world = await sandboxed({ scenario: 'denied' })
    const { exitCode, stdout } = await serve(world)
    expect({ exitCode, stdout }).toEqual({ exitCode: 79, stdout: '' })
    expect(world.journal().filter(({ path }) => String(path).endsWith('/chat/completions'))).toEqual([])
  })
})

describe('script.sh', () => {
  const ask = (world: Sandboxed, key: string) =>
    runProgram('sh', [example('script.sh'), 'what is a device code?'], { env: { ...shellOf(world), KEY: key }, cwd: world.home })

  it('prints the answer as one line of JSON', async () => {
    await using world = await sandboxed()
    const { stdout, ...ended } = await ask(world, 'sk-sandbox-script')
    expect(ended).toEqual({ exitCode: 0, signal: null, stderr: '' })
    expect(stdout).toMatch(/^\{.*\}\n$/)
    expect(JSON.parse(stdout)).toMatchObject({
      type: 'result',
      schema: 'claw.prompt/1',
      text: 'what is a device code?',
      finishReason: 'stop',
      provider: 'openai',
      credential: { source: 'store:file', kind: 'api_key', profile: 'default' },
    })
    expect(stdout).not.toContain('sk-sandbox-script')
  })

  it('says that the key was refused', async () => {
    await using world = await sandboxed()
    expect(await ask(world, 'sk-of-somebody-else')).toEqual({
      exitCode: 77,
      signal: null,
      stdout: '',
      stderr: 'the key was refused: store another one\n',
    })
  })

  it('says that a provider which is down is worth another try', async () => {
    await using world = await sandboxed()
    await world.stop()
    expect(await ask(world, 'sk-sandbox-script')).toEqual({
      exitCode: 69,
      signal: null,
      stdout: '',
      stderr: 'not now, try again later (exit 69)\n',
    })
  })

  it('asks nothing with a key that cannot be stored', async () => {
    await using world = await sandboxed()
    expect(await ask(world, 'short')).toEqual({
      exitCode: 65,
      signal: null,
      stdout: '',
      stderr: `error[CLAW_KEY_INVALID]: what \`stdin\` holds cannot be a credential
  why: it is 5 bytes long, and a credential has 8 at the least
  fix: printf %s "$KEY" | claw auth --api-key openai --stdin
`,
    })
    expect(world.journal()).toEqual([])
  })
})

describe('demo', () => {
  it('shows the main job from no credential to one that is renewed, without colour', async () => {
    const args = ['sandbox', '--scenario', 'manual', '--', process.execPath, 'examples/demo/steps.mjs']
    const { stdout, ...ended } = await runClaw(args, { cwd: ROOT })
    expect(ended).toEqual({ exitCode: 0, signal: null, stderr: '' })
    expect(stdout).not.toContain('\u001b')
    const told = settled(stdout)
      .split('\n')
      .filter((line) => /^(?:\$ claw |\(exit |# )/.test(line))
    expect(told).toEqual([
      '$ claw doctor --provider moonshot',
      '(exit 1)',
      '$ claw auth --device moonshot',
      '# somebody opens that page and approves CODE',
      '(exit 0)',
      '$ claw doctor --provider moonshot',
      '(exit 0)',
      "$ claw prompt -m moonshot 'say: hello from a machine with nobody at the keyboard'",
      '(exit 0)',
      '$ claw auth refresh moonshot',
      '(exit 0)',
      '$ claw auth status',
      '(exit 0)',
    ])
  })
})
