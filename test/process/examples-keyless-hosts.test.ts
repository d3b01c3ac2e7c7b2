import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildkiteAgent } from '../support/buildkite-agent.ts'
import { buildkite, configMap, cronJob, identityExample } from '../support/identity-examples.ts'
import { exchangesAt, expectNoToken, readdress } from '../support/keyless.ts'
import { kubeletVolume } from '../support/kubelet-volume.ts'
import { type Sandboxed, sandboxed } from '../support/sandboxed.ts'
import { runProgram, shellOf } from '../support/shelled.ts'

describe('buildkite.yml', () => {
  const [step] = buildkite.steps
  const SUBJECT = 'organization:claw-sandbox:pipeline:app:ref:refs/heads/main:commit:5a5db000:step:ask'

  /** A checkout with the configuration beside the pipeline. */
  function checkout(world: Sandboxed): string {
    const dir = join(world.home, 'checkout')
    for (const name of ['.git', '.buildkite']) mkdirSync(join(dir, name), { recursive: true })
    const file = join(dir, '.buildkite/claw.toml')
    copyFileSync(identityExample('buildkite.toml'), file)
    readdress(file, world, ['anthropic'])
    return dir
  }

  const agentOf = (world: Sandboxed) =>
    buildkiteAgent(join(world.home, 'bin/buildkite-agent'), (audience) => world.identity.mint({ audience, claims: { sub: SUBJECT } }))

  it('has each command ask the agent for a token of its own, and leaves nothing behind', async () => {
    await using world = await sandboxed({ scenario: 'jti-once' })
    await using agent = await agentOf(world)
    const cwd = checkout(world)
    const env = { ...shellOf(world), CLAW_CI: undefined, ...agent.env, ...step.env }
    const { stdout, ...ended } = await runProgram('bash', ['-e', '-c', step.commands.join('\n')], { env, cwd })
    expect(ended).toEqual({ exitCode: 0, signal: null, stderr: '' })
    expect(stdout).toContain('wins         identity  identity:buildkite')
    expect(stdout).toMatch(/, 0 warned, 0 failed, 0 skipped\n$/)
    const answer = JSON.parse(readFileSync(join(cwd, 'answer.json'), 'utf8'))
    expect(answer).toMatchObject({ text: 'What is a device code?', credential: { source: 'identity:buildkite', kind: 'identity' } })
    expect(exchangesAt(world)).toEqual(['anthropic-identity 200 granted', 'anthropic-identity 200 granted'])
    expectNoToken(stdout, JSON.stringify(answer))
    const { stdout: kept } = await runProgram('grep', ['-rlE', 'eyJ|sk-ant-oat', '--exclude=*.toml', world.home], {})
    expect(kept).toBe('')
  })

  it('gives the agent its own variables, and no other of the job', async () => {
    await using world = await sandboxed()
    await using agent = await agentOf(world)
    const env = { ...shellOf(world), CLAW_CI: undefined, ...agent.env, ...step.env, OPENAI_API_KEY: 'sk-sandbox-of-the-job' }
    await runProgram('bash', ['-e', '-c', step.commands[0]], { env, cwd: checkout(world) })
    const variables = Object.keys(agent.env).filter((name) => name !== 'CI' && name !== 'BUILDKITE')
    // Once to be judged, and once more under the lease: what was read before it could be spent by another process.
    const asked = { audience: 'https://api.anthropic.com', variables: [...variables, 'HOME', 'PATH'].sort() }
    expect(agent.asked()).toEqual([asked, asked])
  })

  it('S-21 does not take a program of the checkout for the agent', async () => {
    await using world = await sandboxed()
    const cwd = checkout(world)
    await using agent = await buildkiteAgent(join(cwd, 'bin/buildkite-agent'), () => 'never')
    const shell = shellOf(world)
    const env = { ...shell, PATH: `${join(cwd, 'bin')}:${shell.PATH}`, CLAW_CI: undefined, ...agent.env, ...step.env }
    const { exitCode } = await runProgram('bash', ['-e', '-c', step.commands[0]], { env, cwd })
    expect({ exitCode, asked: agent.asked(), exchanges: exchangesAt(world) }).toEqual({ exitCode: 1, asked: [], exchanges: [] })
  })
})

describe('kubernetes.yml', () => {
  const pod = cronJob.spec.jobTemplate.spec.template.spec
  const [container] = pod.containers
  const { serviceAccountToken } = pod.volumes.find(({ name }: { name: string }) => name === 'identity').projected.sources[0]

  /** The root file system of a pod: its absolute paths lie below a directory of the test. */
  function podAt(world: Sandboxed) {
    const root = join(world.home, 'root')
    const at = (text: string) => text.replaceAll(/(?<=^|file:)\/(?=etc\/|var\/|dev\/)/g, `${root}/`)
    const config = join(world.home, 'config-map.toml')
    writeFileSync(config, at(configMap.data['claw.toml']))
    readdress(config, world, ['openai'])
    kubeletVolume(at('/etc/claw'), { 'claw.toml': readFileSync(config, 'utf8') })
    mkdirSync(at('/dev/shm'), { recursive: true })
    chmodSync(at('/dev/shm'), 0o1777)
    const own = container.env.map(({ name, value }: { name: string; value: string }) => [name, at(value)])
    const env = { ...shellOf(world), CLAW_HOME: undefined, HOME: '/nonexistent', CLAW_CI: undefined, ...Object.fromEntries(own) }
    const [program, ...args] = [...container.command, ...container.args]
    return {
      rotate: (token: string, written?: string) =>
        kubeletVolume(at('/var/run/secrets/openai'), { [serviceAccountToken.path]: token }, written),
      state: at('/dev/shm/claw'),
      run: () => runProgram(program, args, { env, cwd: '/' }),
    }
  }

  const token = (world: Sandboxed) =>
    world.identity.mint({
      audience: serviceAccountToken.audience,
      claims: { sub: 'system:serviceaccount:claw-sandbox:claw' },
      lifetimeS: serviceAccountToken.expirationSeconds,
    })

  it('asks a model with the token that the kubelet wrote, exchanged once', async () => {
    await using world = await sandboxed({ scenario: 'jti-once' })
    const { rotate, run } = podAt(world)
    rotate(token(world))
    const { stdout, ...ended } = await run()
    expect(ended).toEqual({ exitCode: 0, signal: null, stderr: '' })
    expect(stdout).toMatch(/wins {9}identity {2}identity:file:\S+\/var\/run\/secrets\/openai\/token/)
    expect(stdout).toMatch(/, 0 warned, 0 failed, 0 skipped\nWhat is a device code\?\n$/)
    expect(exchangesAt(world)).toEqual(['openai-identity 200 granted'])
    expectNoToken(stdout)
  })

  it('finds the next token behind the same link', async () => {
    await using world = await sandboxed({ scenario: 'jti-once' })
    const { rotate, run, state } = podAt(world)
    rotate(token(world))
    await run()
    world.expireAccess(state)
    rotate(token(world), '..2026_11_25_03_48_00.2')
    expect((await run()).exitCode).toBe(0)
    expect(exchangesAt(world)).toEqual(['openai-identity 200 granted', 'openai-identity 200 granted'])
  })
})
