import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SANDBOX_IDS } from '../../src/sandbox/identity/known-ids.ts'
import { type RehearsalMachine, type RehearsalOptions, rehearsed } from '../support/rehearsed.ts'

const ASKED = '/pipelines.actions.githubusercontent.com/sandbox/_apis/distributedtask/hubs/Actions/plans/1/jobs/1/idtoken'
const ANTHROPIC = '/api.anthropic.com/v1/oauth/token'

interface CheckRow {
  readonly id: string
  readonly status: string
  readonly detail: string
  readonly fix: Readonly<Record<string, string>> | null
}

/** A job in GitHub Actions that may ask for its token. */
function job(machine: RehearsalMachine): Readonly<Record<string, string>> {
  return { CLAW_CI: '', GITHUB_ACTIONS: 'true', ...machine.sandbox.identity.githubEnvironment() }
}

/** A job with a token that stays the same, in the variables of the vendor's own SDK. */
function fixedJob(machine: RehearsalMachine): Readonly<Record<string, string>> {
  const { federation_rule_id, organization_id, service_account_id, workspace_id } = SANDBOX_IDS.anthropic
  return {
    CLAW_CI: '',
    GITLAB_CI: 'true',
    ANTHROPIC_FEDERATION_RULE_ID: federation_rule_id,
    ANTHROPIC_ORGANIZATION_ID: organization_id,
    ANTHROPIC_SERVICE_ACCOUNT_ID: service_account_id,
    ANTHROPIC_WORKSPACE_ID: workspace_id,
    ANTHROPIC_IDENTITY_TOKEN: machine.sandbox.identity.mint({ audience: 'https://api.anthropic.com', lifetimeS: 3_000 }),
  }
}

async function doctor(machine: RehearsalMachine, env: Readonly<Record<string, string>>, ...more: readonly string[]) {
  const { exitCode, result, stdout, stderr } = await machine.claw(['doctor', '--provider', 'anthropic', '--json', ...more], { env })
  const checks = (result.checks ?? []) as readonly CheckRow[]
  const found = checks.filter(({ status }) => status !== 'pass' && status !== 'skip')
  return {
    exitCode,
    checks,
    text: stdout + stderr,
    found: found.map(({ id, status, detail, fix }) => [status, id, detail, ...(fix ? [Object.values(fix).join(' | ')] : [])]),
    accepts: checks.find(({ id }) => id === 'provider.anthropic.accepts'),
  }
}

/** Where the event of a pull request lies whose repository was deleted. */
function forked({ home }: RehearsalMachine): string {
  const path = join(home, 'event.json')
  writeFileSync(path, JSON.stringify({ pull_request: { head: { repo: null } } }))
  return path
}

const paths = (machine: RehearsalMachine) => machine.asked().map(({ path }) => path)

describe('the identity of a job, to the doctor', () => {
  it.each(['anthropic', 'openai', 'openai-codex', 'openrouter', 'google-vertex', 'azure-openai', 'acme'])(
    'of %s in order: nothing is exchanged, and with --probe it is, once, and kept',
    async (provider) => {
      await using machine = await rehearsed({ job: provider })
      const env = job(machine)
      const first = await doctor(machine, env, '--provider', provider)
      expect([first.exitCode, first.found]).toEqual([0, []])
      expect(first.checks.find(({ id }) => id === `provider.${provider}.accepts`)).toMatchObject({
        status: 'skip',
        detail: 'not asked: an exchange is made only with --probe',
      })
      expect(paths(machine)).toEqual([ASKED])

      const probed = await doctor(machine, env, '--provider', provider, '--probe')
      expect([probed.exitCode, probed.found]).toEqual([0, []])
      expect(probed.checks.find(({ id }) => id === `provider.${provider}.accepts`)?.detail).toMatch(/^exchanged, and kept until 2026-/)
      const posted = machine.asked().filter(({ method }) => method === 'POST')
      expect(posted.filter(({ path }) => !String(path).endsWith(':generateAccessToken'))).toHaveLength(1)

      const token = await machine.claw(['token', provider], { env })
      expect([token.exitCode, paths(machine)]).toEqual([0, []])
      const again = await doctor(machine, env, '--provider', provider)
      expect([again.exitCode, again.found]).toEqual([0, []])
      expect(again.checks.find(({ id }) => id === `credential.${provider}.present`)?.detail).toMatch(
        /^identity from identity:github, exchanged at 2026-01-01T00:00:\d\d\.\d{3}Z, no key stored$/,
      )
      expect(machine.asked().filter(({ method }) => method === 'POST')).toEqual([])
    },
  )

  it('sends nothing with --offline, which no --probe goes with', async () => {
    await using machine = await rehearsed({ job: 'anthropic' })
    const { exitCode, checks } = await doctor(machine, job(machine), '--offline')
    expect([exitCode, machine.asked()]).toEqual([0, []])
    expect(checks.find(({ id }) => id.endsWith('identity-source'))?.detail).toBe('not asked: --offline')
    const both = await machine.claw(['doctor', '--offline', '--probe'])
    expect([both.exitCode, both.stderr]).toEqual([
      2,
      'error[CLAW_USAGE]: `--probe` and `--offline` exclude each other\n  fix: leave one of them out\n',
    ])
  })

  it('is told by a fix for what is missing, and passes once that was done', async () => {
    await using machine = await rehearsed({ job: 'anthropic' })
    const { ACTIONS_ID_TOKEN_REQUEST_TOKEN: _, ...env } = job(machine)
    const { exitCode, found } = await doctor(machine, env, '--probe')
    const line = '`permissions: { contents: read, id-token: write }` in the job'
    expect([exitCode, found.map(([status, id, , fix]) => [status, id, fix])]).toEqual([
      1,
      [
        ['fail', 'credential.anthropic.present', line],
        ['fail', 'credential.anthropic.identity-source', line],
      ],
    ])
    expect(paths(machine)).toEqual([])
    expect((await doctor(machine, job(machine), '--probe')).exitCode).toBe(0)
  })
})

type Fault = readonly [
  fault: string,
  options: RehearsalOptions,
  env: (machine: RehearsalMachine) => Readonly<Record<string, string>>,
  /** Without `--probe`, and with it. */
  exits: readonly [number, number],
  unprobed: readonly (readonly string[])[],
  probed: readonly (readonly string[])[],
  exchanges: readonly (string | undefined)[],
]

const SOURCE = 'credential.anthropic.identity-source'
const ACCEPTS = 'provider.anthropic.accepts'
const FAULTS: readonly Fault[] = [
  [
    'a job that may not ask',
    { scenario: 'job-forbidden' },
    job,
    [1, 1],
    [
      [
        'fail',
        SOURCE,
        'GitHub Actions refused to give an identity token: HTTP 403; pull requests from forks get no identity token',
        '`permissions: { contents: read, id-token: write }` in the job',
      ],
    ],
    [],
    [],
  ],
  [
    'a page in the place of a token',
    { scenario: 'job-html' },
    job,
    [1, 1],
    [
      [
        'fail',
        SOURCE,
        'GitHub Actions answered without an identity token: HTTP 200, text/html; check what ACTIONS_ID_TOKEN_REQUEST_URL leads to',
      ],
    ],
    [],
    [],
  ],
  [
    'a subject that the rule does not know',
    { scenario: 'job-old-subject' },
    job,
    [0, 1],
    [],
    [
      [
        'fail',
        ACCEPTS,
        '`ORIGIN` refused the identity token: HTTP 401, `authentication_error`; Authentication failed; request req_sandbox; Claude Console > Settings > Workload identity > history names the reason (match_subject_prefix, workspace_id_required, jti_reused); no entry means the rule id was not recognised; presented were iss `ORIGIN/token.actions.githubusercontent.com`, sub `repo:claw-sandbox/app:ref:refs/heads/main`, aud `https://api.anthropic.com`',
      ],
    ],
    ['sub is not that of the rule'],
  ],
  [
    'a clock that is wrong here',
    { scenario: 'clock-skew' },
    job,
    [0, 0],
    [['warn', 'credential.anthropic.identity-time', 'the clock of this machine is 10m behind that of the issuer of the token; set it']],
    [],
    ['granted'],
  ],
  [
    'a fixed token that looks too young by the clock here',
    { scenario: 'clock-skew' },
    fixedJob,
    [0, 0],
    [
      [
        'warn',
        'credential.anthropic.identity-time',
        'the clock of this machine is 10m behind that of the server that it is exchanged at; set it',
      ],
    ],
    [],
    ['granted'],
  ],
  [
    'an answer without an end',
    { scenario: 'exchange-no-expiry' },
    job,
    [0, 1],
    [],
    [['fail', ACCEPTS, '`expires_in` is missing from the answer of `ORIGIN`; run the command again later']],
    ['granted'],
  ],
  [
    'an answer that is lost, with a fixed token',
    { scenario: 'exchange-lost' },
    fixedJob,
    [0, 1],
    [],
    [
      [
        'fail',
        ACCEPTS,
        'the answer to the exchange of `anthropic` was lost, and its identity token with it: the connection to `ORIGIN` broke before the answer was complete; a token is posted once',
        'mint a new identity token (`env:ANTHROPIC_IDENTITY_TOKEN` gives the same one until it is replaced), then run the command again',
      ],
    ],
    ['answer lost'],
  ],
  ['an answer that is lost, with a fresh one', { scenario: 'exchange-lost' }, job, [0, 0], [], [], ['answer lost', 'granted']],
]

describe('a fault', () => {
  it.each(
    FAULTS.map(([fault, options, env, exits, unprobed, probed, exchanges]) => ({
      fault,
      options,
      env,
      exits,
      unprobed,
      probed,
      exchanges,
    })),
  )('$fault: exit $exits without and with --probe', async ({ options, env, exits, unprobed, probed, exchanges }) => {
    await using machine = await rehearsed({ ...options, ...(env === job && { job: 'anthropic' }) })
    const { origin } = machine.sandbox
    const here = (rows: readonly (readonly string[])[]) => rows.map((row) => row.map((text) => text.replaceAll('ORIGIN', origin)))
    const variables = env(machine)
    const first = await doctor(machine, variables)
    expect([first.exitCode, first.found]).toEqual([exits[0], here(unprobed)])
    expect(machine.asked().filter(({ method }) => method === 'POST')).toEqual([])
    const second = await doctor(machine, variables, '--probe')
    expect([second.exitCode, second.found]).toEqual([exits[1], here([...unprobed, ...probed])])
    expect(machine.asked().flatMap(({ path, note }) => (path === ANTHROPIC ? [note] : []))).toEqual(exchanges)
  })

  it('a rule that does not exist: the vendor says nothing, and the doctor what was presented', async () => {
    await using machine = await rehearsed()
    const { exitCode, accepts } = await doctor(machine, { ...fixedJob(machine), ANTHROPIC_FEDERATION_RULE_ID: 'fdrl_other' }, '--probe')
    expect([exitCode, accepts?.status, accepts?.detail.replace(/^.*; presented were /s, '')]).toEqual([
      1,
      'fail',
      `iss \`${machine.sandbox.identity.issuer}\`, sub \`repo:claw-sandbox@1001/app@2002:ref:refs/heads/main\`, aud \`https://api.anthropic.com\``,
    ])
  })

  it('a kept token that is refused: it is exchanged anew by --probe, as the report says', async () => {
    await using machine = await rehearsed({ job: 'anthropic' })
    const env = job(machine)
    await doctor(machine, env, '--probe')
    machine.sandbox.expireAccess()
    machine.asked()
    const refused = await doctor(machine, env)
    expect([refused.exitCode, refused.accepts?.status, refused.accepts?.fix]).toEqual([0, 'warn', { command: 'claw doctor --probe' }])
    expect(machine.asked().filter(({ method }) => method === 'POST')).toEqual([])
    const mended = await doctor(machine, env, '--probe')
    expect([mended.exitCode, mended.found]).toEqual([0, []])
    expect(machine.asked().filter(({ path }) => path === ANTHROPIC)).toHaveLength(1)
  })

  it('a kept token that is refused, and a fixed one that was posted: another has to be minted', async () => {
    await using machine = await rehearsed()
    const env = fixedJob(machine)
    expect((await doctor(machine, env, '--probe')).exitCode).toBe(0)
    machine.sandbox.expireAccess()
    machine.asked()
    for (const more of [[], ['--probe']]) {
      const { exitCode, accepts } = await doctor(machine, env, ...more)
      expect([exitCode, accepts?.status, accepts?.fix?.words?.startsWith('mint a new identity token')]).toEqual([1, 'fail', true])
    }
    expect(paths(machine).filter((path) => path === ANTHROPIC)).toEqual([])
    expect((await doctor(machine, fixedJob(machine), '--probe')).exitCode).toBe(0)
  })
})

describe('the report for people', () => {
  it.each<[string, RehearsalOptions, (machine: RehearsalMachine) => Readonly<Record<string, string>>]>([
    ['in order', {}, job],
    ['a key before it', {}, (machine) => ({ ...job(machine), ANTHROPIC_API_KEY: 'sk-ant-api03-sandbox-1' })],
    ['no permission', {}, () => ({ CLAW_CI: '', GITHUB_ACTIONS: 'true' })],
    [
      'a fork',
      {},
      (machine) => ({ CLAW_CI: '', GITHUB_ACTIONS: 'true', GITHUB_EVENT_NAME: 'pull_request', GITHUB_EVENT_PATH: forked(machine) }),
    ],
    ['half a set', {}, () => ({ CLAW_CI: '', OPENAI_IDENTITY_PROVIDER_ID: 'idp_1', OPENAI_SERVICE_ACCOUNT_ID: 'wrong' })],
    ['refused', { scenario: 'job-old-subject' }, job],
    ['the wrong time', { scenario: 'clock-skew' }, job],
  ])('has 80 columns and no secret: %s', async (_, options, env) => {
    await using machine = await rehearsed({ ...options, job: 'anthropic' })
    const variables = env(machine)
    for (const more of [[], ['-v'], ['--probe'], ['--probe', '-v'], ['--offline']]) {
      const { stdout } = await machine.claw(['doctor', ...more], { env: variables })
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
      expect(stdout).not.toMatch(/eyJ|sandbox-job-|sk-ant-oat01-\S{8}/)
    }
  })

  it('shows what --probe exchanged and kept, in the text and in JSON', async () => {
    await using machine = await rehearsed({ job: 'anthropic' })
    const env = job(machine)
    const probe = ['doctor', '--provider', 'anthropic', '--probe']
    const { stdout } = await machine.claw(probe, { env })
    expect(stdout).toMatch(/\n {4}wins {9}identity {2}identity:github\n {8}sk-ant-oat01-…\S+ {2}until 2026-/)
    const { result } = await machine.claw([...probe, '--json'], { env })
    expect(result.resolution).toMatchObject([
      {
        candidates: [
          {
            source: 'identity:github',
            state: 'wins',
            masked: expect.stringMatching(/^sk-ant-oat01-…/),
            expiresAt: expect.stringMatching(/^2026-/),
          },
        ],
      },
    ])
  })

  it('does not say that anything was kept by a store in memory', async () => {
    await using machine = await rehearsed({ job: 'anthropic' })
    const { exitCode, accepts } = await doctor(machine, { ...job(machine), CLAW_STORE: 'memory' }, '--probe')
    expect([exitCode, accepts?.detail]).toEqual([0, expect.stringMatching(/^exchanged, not kept, and good until 2026-/)])
  })

  it('tells who has to mint a token that was used up, in a line of its own', async () => {
    await using machine = await rehearsed()
    const env = fixedJob(machine)
    await doctor(machine, env, '--probe')
    machine.sandbox.expireAccess()
    const { stdout } = await machine.claw(['doctor', '--provider', 'anthropic', '--only', 'provider.*'], { env })
    expect(stdout).toContain(`
        fix: mint a new identity token: \`env:ANTHROPIC_IDENTITY_TOKEN\` gives the
        same one until it is replaced
`)
  })

  it('tells what was skipped for one reason once', async () => {
    await using machine = await rehearsed({ job: 'anthropic' })
    const { stdout } = await machine.claw(['doctor', '--only', 'credential.*'], { env: { CLAW_CI: '', GITHUB_ACTIONS: 'true' } })
    expect(stdout).toBe(`claw doctor 0.0.0-test

  FAIL  anthropic has a credential  credential.anthropic.present
        there is no usable credential for \`anthropic\`: identity:github is
        missing: ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN
        are not set
        fix: set \`permissions: { contents: read, id-token: write }\` in the job
  ok    anthropic's identity is complete
  ok    anthropic's identity is not passed over
  FAIL  anthropic's identity token can be had
        credential.anthropic.identity-source
        \`github\` has no identity token here: ACTIONS_ID_TOKEN_REQUEST_URL and
        ACTIONS_ID_TOKEN_REQUEST_TOKEN are not set; pull requests from forks get
        no identity token
        fix: set \`permissions: { contents: read, id-token: write }\` in the job
  skip  8 checks: not checked, because \`credential.anthropic.identity-source\`
        did not hold
        credential.anthropic.identity-shape,
        credential.anthropic.identity-algorithm,
        credential.anthropic.identity-claims,
        credential.anthropic.identity-time,
        credential.anthropic.identity-lifetime,
        credential.anthropic.identity-audience,
        credential.anthropic.identity-subject,
        credential.anthropic.identity-reuse

credentials
  anthropic: anthropic
    missing      identity  identity:github

2 passed, 0 warned, 2 failed, 8 skipped
`)
  })
})
