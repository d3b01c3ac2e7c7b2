import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { github, gitlab } from '../support/identity-examples.ts'
import { ANTHROPIC_VARIABLES, exchangesAt, expectNoToken, readdress } from '../support/keyless.ts'
import { type Sandboxed, sandboxed } from '../support/sandboxed.ts'
import { placeClaw, runProgram, shellOf } from '../support/shelled.ts'
import { filledIn, runSteps, type Step } from '../support/workflow.ts'

const ASKED = {
  type: 'result',
  schema: 'claw.prompt/1',
  text: 'What is a device code?\n',
  finishReason: 'stop',
  provider: 'anthropic',
  degraded: false,
}

const answerIn = (dir: string) => JSON.parse(readFileSync(join(dir, 'answer.json'), 'utf8'))

describe('github.yml', () => {
  const [, configure, ...asking] = github.jobs.ask.steps as readonly Step[]
  const variables = Object.fromEntries(Object.entries(ANTHROPIC_VARIABLES).map(([name, value]) => [`vars.${name}`, value]))

  /** Runs all but the installation, where the runner gives the job `given` and the repository has `values`. */
  async function job(world: Sandboxed, given: Readonly<Record<string, string>>, values: Readonly<Record<string, string>> = variables) {
    placeClaw(join(world.home, 'claw/bin/claw'))
    const own = Object.entries<string>(github.jobs.ask.env).map(([name, text]) => [name, filledIn(text, values)])
    const env = { ...given, ...Object.fromEntries(own) }
    const [configured] = await runSteps(world, configure ? [configure] : [], values, env)
    expect(configured).toEqual({ exitCode: 0, signal: null, stdout: '', stderr: '' })
    readdress(join(world.home, 'claw.toml'), world)
    return await runSteps(world, asking, values, env)
  }

  it('asks a model with a token for what GitHub says of the job, exchanged once', async () => {
    await using world = await sandboxed()
    const [doctor, prompt] = await job(world, world.identity.githubEnvironment())
    expect(doctor).toMatchObject({ exitCode: 0, stderr: '' })
    expect(doctor?.stdout).toContain('wins         identity  identity:github')
    expect(doctor?.stdout).toMatch(/, 0 warned, 0 failed, 0 skipped\n$/)
    expect(prompt).toEqual({ exitCode: 0, signal: null, stdout: '', stderr: '' })
    expect(answerIn(world.home)).toMatchObject({ ...ASKED, credential: { source: 'identity:github', kind: 'identity' } })
    expect(exchangesAt(world)).toEqual(['anthropic-identity 200 granted'])
    expectNoToken(String(doctor?.stdout), JSON.stringify(answerIn(world.home)))
  })

  it('ends at the doctor where the job may not ask for a token, as in a pull request from a fork', async () => {
    await using world = await sandboxed()
    const ended = await job(world, {})
    expect(ended.map(({ exitCode }) => exitCode)).toEqual([1])
    expect(ended[0]?.stdout).toContain('FAIL  anthropic has a credential')
    expect(ended[0]?.stdout).toContain('fix: set `permissions: { contents: read, id-token: write }` in the job')
    expect(world.journal()).toEqual([])
  })

  it('ends at the doctor where the repository has no variables, and sends nothing', async () => {
    await using world = await sandboxed()
    const none = Object.fromEntries(Object.keys(variables).map((name) => [name, '']))
    const ended = await job(world, world.identity.githubEnvironment(), none)
    expect(ended.map(({ exitCode }) => exitCode)).toEqual([1])
    expect(ended[0]?.stdout).toContain('or: set ANTHROPIC_FEDERATION_RULE_ID and ANTHROPIC_ORGANIZATION_ID')
    expect(world.journal()).toEqual([])
  })

  it('ends at the doctor where the vendor refuses, which the vendor gives no reason for', async () => {
    await using world = await sandboxed()
    const ended = await job(world, world.identity.githubEnvironment(), {
      ...variables,
      'vars.ANTHROPIC_FEDERATION_RULE_ID': 'fdrl_of_somebody_else',
    })
    expect(ended.map(({ exitCode }) => exitCode)).toEqual([1])
    expect(ended[0]?.stdout).toContain('FAIL  anthropic takes the credential')
    expect(exchangesAt(world)).toEqual(['anthropic-identity 401 federation_rule_id is not known'])
    expectNoToken(String(ended[0]?.stdout), String(ended[0]?.stderr))
  })
})

describe('gitlab.yml', () => {
  const [audience] = Object.values<{ aud: string }>(gitlab.ask.id_tokens).map(({ aud }) => aud)
  const [name = ''] = Object.keys(gitlab.ask.id_tokens)

  /** What GitLab signs for a job of the branch `main`; it is good for as long as the job may run. */
  const token = (world: Sandboxed, claims: Readonly<Record<string, unknown>> = {}) =>
    world.identity.mint({
      audience: String(audience),
      claims: { sub: 'project_path:claw-sandbox/app:ref_type:branch:ref:main', ...claims },
      lifetimeS: 600,
    })

  /** As the runner: both scripts in one shell that ends at the first failure. */
  function job(world: Sandboxed, lines: readonly string[], env: NodeJS.ProcessEnv) {
    const runner = { CI: 'true', GITLAB_CI: 'true', CLAW_CI: undefined, ...ANTHROPIC_VARIABLES, ...gitlab.ask.variables }
    return runProgram('bash', ['-c', ['set -eo pipefail', ...lines].join('\n')], {
      env: { ...shellOf(world), ...runner, ...env },
      cwd: world.home,
    })
  }

  it('asks a model with the token in the job, without any configuration, exchanged once', async () => {
    await using world = await sandboxed({ scenario: 'jti-once' })
    const { stdout, ...ended } = await job(world, gitlab.ask.script, { [name]: token(world) })
    expect(ended).toEqual({ exitCode: 0, signal: null, stderr: '' })
    expect(stdout).toContain('wins         identity  identity:env:ANTHROPIC_IDENTITY_TOKEN')
    expect(stdout).toMatch(/, 0 warned, 0 failed, 0 skipped\n$/)
    expect(answerIn(world.home)).toMatchObject({
      ...ASKED,
      credential: { source: 'identity:env:ANTHROPIC_IDENTITY_TOKEN', kind: 'identity' },
    })
    expect(exchangesAt(world)).toEqual(['anthropic-identity 200 granted'])
    expectNoToken(stdout, JSON.stringify(answerIn(world.home)))
  })

  it('ends at the doctor where the rule has another project', async () => {
    await using world = await sandboxed()
    const sub = 'project_path:somebody/else:ref_type:branch:ref:main'
    const { stdout, exitCode } = await job(world, gitlab.ask.script, { [name]: token(world, { sub }) })
    expect(exitCode).toBe(1)
    expect(stdout).toContain('FAIL  anthropic takes the credential')
    expect(exchangesAt(world)).toEqual(['anthropic-identity 401 sub is not that of the rule'])
  })
})
