import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { federation as anthropic } from '../../src/providers/anthropic-federation.ts'
import { openai } from '../../src/providers/openai.ts'
import { askedOf, clawLines, KNOWN_LINE } from '../support/claw-lines.ts'
import {
  buildkite,
  configMap,
  cronJob,
  github,
  gitlab,
  identityExample,
  serviceAccount,
  textOfExample,
} from '../support/identity-examples.ts'
import { runClaw } from '../support/run-claw.ts'
import { type Step, strings } from '../support/workflow.ts'

const FILES = ['buildkite.toml', 'buildkite.yml', 'claw.toml', 'clouds.toml', 'github.yml', 'gitlab.yml', 'kubernetes.yml']

const ANTHROPIC = anthropic.federation
const OPENAI = openai.auth.find(({ id }) => id === 'federation')?.federation

const pod = cronJob.spec.jobTemplate.spec.template.spec
const [container] = pod.containers
const steps: readonly Step[] = github.jobs.ask.steps
const scripts: Readonly<Record<string, readonly string[]>> = {
  'github.yml': steps.map(({ run = '' }) => run),
  'gitlab.yml': gitlab.ask.script,
  'buildkite.yml': buildkite.steps[0].commands,
  'kubernetes.yml': container.args,
}
const LINES = Object.entries(scripts).flatMap(([file, texts]) => texts.flatMap(clawLines).map((line) => ({ file, line })))

it('each example of a pipeline without a key is one that is tested', () => {
  expect(readdirSync(identityExample('')).sort()).toEqual(FILES)
})

it('each pipeline asks the doctor first, and then the model', () => {
  const commands = Object.keys(scripts).map((file) => LINES.filter((line) => line.file === file).map(({ line }) => line.split(' ')[0]))
  expect(commands).toEqual(Object.keys(scripts).map(() => ['doctor', 'prompt']))
})

/** Commands that a comment tells people to type. */
const TOLD = FILES.flatMap((file) => [...textOfExample(file).matchAll(/`claw ([^`]+)`/g)].map(([, line = '']) => ({ file, line })))

it.each([...LINES, ...TOLD])('claw knows the command and the options of $file: claw $line', async ({ line }) => {
  expect(await askedOf(line)).toEqual(KNOWN_LINE)
})

it.each(FILES)('nothing secret is asked for or stands in %s', (file) => {
  expect(textOfExample(file).match(/\bsecrets\.|API_KEY|AUTH_TOKEN|\bsk-|\beyJ|secretKeyRef|BEGIN [A-Z ]*KEY/g)).toBeNull()
})

describe('github.yml', () => {
  it('may ask for a token about itself, and nothing else', () => {
    expect({ workflow: github.permissions, job: github.jobs.ask.permissions }).toEqual({ workflow: {}, job: { 'id-token': 'write' } })
  })

  it('puts no expression into a script, and runs no code but what it installs', () => {
    const found = [...strings(steps)].filter(([path, text]) => path.endsWith('.run') && /\$\{\{|\bnpx\b/.test(text))
    expect({ found, uses: steps.flatMap(({ uses }) => uses ?? []) }).toEqual({ found: [], uses: [] })
  })

  it('names its ids as the SDK of the vendor does', () => {
    const { federation_rule_id, organization_id, service_account_id } = ANTHROPIC?.envMap ?? {}
    const names = [federation_rule_id, organization_id, service_account_id]
    expect(github.jobs.ask.env).toEqual(Object.fromEntries(names.map((name) => [name, `\${{ vars.${name} }}`])))
  })
})

describe('gitlab.yml', () => {
  it('installs claw as the workflow of GitHub does, where no checkout is', () => {
    expect(gitlab.ask.before_script).toEqual(['npm install --global --ignore-scripts "$CLAW_PACKAGE"'])
    expect(gitlab.ask.variables).toMatchObject({ GIT_STRATEGY: 'none' })
  })

  it('has the token under the name that the SDK of the vendor has, for the audience of its guide', () => {
    expect(gitlab.ask.id_tokens).toEqual({ [String(ANTHROPIC?.envMap.assertion)]: { aud: ANTHROPIC?.defaultAudience } })
  })

  it('may not run for longer than a token may live', () => {
    const [, minutes] = /^(\d+) minutes$/.exec(gitlab.ask.timeout) ?? []
    expect(Number(minutes) * 60).toBeLessThanOrEqual(Number(ANTHROPIC?.subjectMaxLifeS))
  })
})

describe('buildkite.yml', () => {
  it('uses the configuration beside it, and leaves nothing on the agent', () => {
    expect(buildkite.steps[0].env).toEqual({ CLAW_STORE: 'memory' })
    expect(textOfExample('buildkite.toml').split('\n', 1)[0]).toMatch(/^# \.buildkite\/claw\.toml: /)
  })
})

describe('kubernetes.yml', () => {
  const volumes = new Map(pod.volumes.map((volume: { name: string }) => [volume.name, volume]))
  const mounted = new Map(
    container.volumeMounts.map((mount: { name: string; mountPath: string }) => [mount.mountPath, volumes.get(mount.name)]),
  )
  const env = Object.fromEntries(container.env.map(({ name, value }: { name: string; value: string }) => [name, value]))

  it('reads the configuration and the token from where they are mounted', () => {
    expect(Object.keys(configMap.data)).toEqual(['claw.toml'])
    const [, directory, name] = /^subject_token = "file:(\/.+)\/([^/"]+)"$/m.exec(configMap.data['claw.toml']) ?? []
    expect(Object.fromEntries(mounted)).toEqual({
      '/etc/claw': { name: 'config', configMap: { name: configMap.metadata.name } },
      [String(directory)]: {
        name: 'identity',
        projected: { sources: [{ serviceAccountToken: { audience: OPENAI?.defaultAudience, expirationSeconds: 3600, path: name } }] },
      },
    })
    expect(env).toEqual({ CLAW_CONFIG: '/etc/claw/claw.toml', XDG_STATE_HOME: '/dev/shm' })
  })

  it('runs as the account that it makes, which may not talk to the cluster', () => {
    expect(pod.serviceAccountName).toBe(serviceAccount.metadata.name)
    expect(serviceAccount.automountServiceAccountToken).toBe(false)
  })

  it('takes a new pod, and so a new token, for another try', () => {
    expect(pod.restartPolicy).toBe('Never')
  })

  it('runs as no root, on a root file system that it may not write', () => {
    expect({ pod: pod.securityContext, container: container.securityContext }).toEqual({
      pod: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      container: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    })
  })
})

describe('the configurations', () => {
  it.each(['buildkite.toml', 'claw.toml', 'clouds.toml'])('%s is valid', async (name) => {
    const file = identityExample(name)
    const ended = await runClaw(['config', 'check', '--config', file])
    expect(ended).toEqual({ exitCode: 0, signal: null, stdout: '', stderr: `valid: ${file}\n` })
  })
})
