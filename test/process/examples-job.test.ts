import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { sandboxed } from '../support/sandboxed.ts'
import { placeClaw, runProgram } from '../support/shelled.ts'
import { runSteps, type Step, strings } from '../support/workflow.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const job = parse(read('examples/github-job.yml'))
const steps: readonly Step[] = job.jobs.ask.steps
const [install, ...asking] = steps

describe('github-job.yml', () => {
  it('has no permissions of its own', () => {
    expect(job.permissions).toEqual({})
    expect(Object.keys(job.jobs)).toEqual(['ask'])
    expect(job.jobs.ask).not.toHaveProperty('permissions')
  })

  it('gives a secret to a single step each time, by its environment', () => {
    const places = [...strings(job)].filter(([, text]) => text.includes('secrets')).map(([path]) => path)
    expect(places).toEqual(['jobs.ask.steps.1.env.ANTHROPIC_API_KEY', 'jobs.ask.steps.2.env.ANTHROPIC_API_KEY'])
  })

  it('puts no expression into a script', () => {
    expect(steps.filter(({ run = '' }) => run.includes('${{'))).toEqual([])
  })

  it('installs claw before anything else, and fetches nothing by npx', () => {
    expect(install?.run).toMatch(/^npm install /)
    expect(steps.map(({ uses }) => uses)).toEqual([undefined, undefined, undefined])
    expect([...strings(job)].filter(([, text]) => /\bnpx\b|npm exec/.test(text))).toEqual([])
  })

  it('installs what npm packs, and claw runs from there', async () => {
    await using world = await sandboxed()
    const env = { ...process.env, PATH: process.env.PATH }
    const packed = await runProgram('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', world.home], { cwd: ROOT, env })
    const [{ filename, version }] = JSON.parse(packed.stdout)
    const values = { 'vars.CLAW_PACKAGE': join(world.home, filename) }
    const [installed] = await runSteps(world, steps.slice(0, 1), values, env)
    expect({ ...installed, stdout: '', stderr: '' }).toEqual({ exitCode: 0, signal: null, stdout: '', stderr: '' })
    expect(await runProgram(join(world.home, 'claw/bin/claw'), ['--version'], { env })).toEqual({
      exitCode: 0,
      signal: null,
      stdout: `${version}\n`,
      stderr: '',
    })
  })

  it('passes the doctor, and writes the answer to a file alone', async () => {
    await using world = await sandboxed()
    placeClaw(join(world.home, 'claw/bin/claw'))
    const [doctor, prompt] = await runSteps(world, asking, { 'secrets.ANTHROPIC_API_KEY': 'sk-ant-api03-sandbox-job' })
    expect(doctor).toMatchObject({ exitCode: 0, stderr: '' })
    expect(doctor?.stdout).toContain('wins         api_key   env:ANTHROPIC_API_KEY')
    expect(doctor?.stdout).toMatch(/, 0 warned, 0 failed, 0 skipped\n$/)
    expect(prompt).toEqual({ exitCode: 0, signal: null, stdout: '', stderr: '' })
    const answer = readFileSync(join(world.home, 'answer.json'), 'utf8')
    expect(JSON.parse(answer)).toMatchObject({
      type: 'result',
      schema: 'claw.prompt/1',
      text: 'What is a device code?\n',
      provider: 'anthropic',
      credential: { source: 'env:ANTHROPIC_API_KEY', kind: 'api_key' },
    })
    expect(`${doctor?.stdout}${answer}`).not.toContain('sk-ant-api03-sandbox-job')
  })

  it('ends at the doctor when the key is refused', async () => {
    await using world = await sandboxed()
    placeClaw(join(world.home, 'claw/bin/claw'))
    const ended = await runSteps(world, asking, { 'secrets.ANTHROPIC_API_KEY': 'sk-ant-of-somebody-else' })
    expect(ended.map(({ exitCode }) => exitCode)).toEqual([1])
    expect(ended[0]?.stdout).toContain('FAIL  anthropic takes the credential')
  })
})

describe('ci.yml', () => {
  const workflow = parse(read('.github/workflows/ci.yml'))

  it('has no permissions but those that a job names', () => {
    expect(workflow.permissions).toEqual({})
  })

  it('pins every action by its commit', () => {
    const used = [...strings(workflow)].filter(([path]) => path.endsWith('.uses')).map(([, text]) => text)
    expect(used).not.toEqual([])
    expect(used.filter((text) => !/^[\w./-]+@[0-9a-f]{40}$/.test(text))).toEqual([])
  })
})
