import { afterEach, describe, expect, it } from 'vitest'
import type { DoctorOptions } from '../../src/app/doctor/ground.ts'
import { runDoctor } from '../../src/app/doctor/run-doctor.ts'
import { credentialStatus, meetsGate } from '../../src/app/credential/credential-status.ts'
import { renderDoctor } from '../../src/cli/render-doctor.ts'
import type { Session } from '../../src/app/session.ts'
import { ClawError } from '../../src/core/errors.ts'
import { Secret } from '../../src/core/secret.ts'
import { isLease, type Snapshot } from '../../src/credentials/store.ts'
import { sessionOf } from '../support/credential-session.ts'
import { credentialWorld, startFlow, type TestWorld } from '../support/credential-world.ts'
import { failureOf } from '../support/failure.ts'

const worlds: TestWorld[] = []
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((each) => each.remove()))
})

async function world(...given: Parameters<typeof credentialWorld>): Promise<TestWorld> {
  const here = await credentialWorld(...given)
  worlds.push(here)
  return here
}

// Most of these machines have nothing but the fault that a test is about.
const OPTIONS: DoctorOptions = {
  offline: true,
  probe: false,
  mayRefresh: false,
  only: [],
  skip: ['credential.any.present'],
  failOn: 'error',
  fix: false,
}

/** What is not as it should be, and the exit code. */
async function faults(session: Session, options: Partial<DoctorOptions> = {}) {
  const { checks, exit } = await runDoctor(session, { ...OPTIONS, ...options })
  return {
    exit: exit.code,
    faults: checks
      .filter(({ status }) => status === 'warn' || status === 'fail')
      .map(({ id, status, detail, fix }) => ({ id, status, detail, fix })),
  }
}

describe('a credential that was given and cannot be used', () => {
  it('fails where NAME_FILE leads nowhere, as `token` does', async () => {
    expect(await faults(sessionOf(await world('', { OPENAI_API_KEY_FILE: '/nonexistent' })))).toEqual({
      exit: 1,
      faults: [
        {
          id: 'credential.openai.present',
          status: 'fail',
          detail: '`env:OPENAI_API_KEY_FILE` leads to a file that does not exist: ENOENT (CLAW_REFERENCE_UNRESOLVED)',
          fix: { env: 'OPENAI_API_KEY_FILE' },
        },
      ],
    })
  })

  it.each<[string, Record<string, string>, string[]]>([
    [
      'two variables of one method',
      { GEMINI_API_KEY: 'AQ.0123456789', GOOGLE_API_KEY: 'AQ.9876543210' },
      ['api_key from env:GEMINI_API_KEY (…); not used: env:GOOGLE_API_KEY, and it holds another value; unset GOOGLE_API_KEY'],
    ],
    ['two variables with one value', { GEMINI_API_KEY: 'AQ.0123456789', GOOGLE_API_KEY: 'AQ.0123456789' }, []],
    ['the variables of two regions', { MINIMAX_API_KEY: 'sk-api-one', MINIMAX_CN_API_KEY: 'sk-api-two' }, []],
  ])('says where variables contradict each other: %s', async (_, variables, expected) => {
    const { exit, faults: found } = await faults(sessionOf(await world('', variables)))
    expect(found.map(({ status, detail, fix }) => `${status}: ${detail}; ${fix?.command}`)).toEqual(expected.map((each) => `warn: ${each}`))
    expect(exit).toBe(0)
  })

  it('fails where a variable and its NAME_FILE are both set', async () => {
    const here = await world('', { OPENAI_API_KEY: 'sk-0123456789', OPENAI_API_KEY_FILE: '/key' })
    expect(await faults(sessionOf(here))).toEqual({
      exit: 1,
      faults: [
        {
          id: 'credential.openai.present',
          status: 'fail',
          detail: '`OPENAI_API_KEY` and `OPENAI_API_KEY_FILE` are both set (CLAW_CONFIG_INVALID)',
          fix: { command: 'unset OPENAI_API_KEY_FILE' },
        },
      ],
    })
  })

  it('fails where a reference of the configuration leads nowhere', async () => {
    expect(await faults(sessionOf(await world('[providers.openai]\napi_key = "file:/nonexistent"\n')))).toEqual({
      exit: 1,
      faults: [
        {
          id: 'credential.openai.present',
          status: 'fail',
          detail: '`file:/nonexistent` leads to a file that does not exist: ENOENT (CLAW_REFERENCE_UNRESOLVED)',
          fix: { config: '[providers.openai] api_key' },
        },
      ],
    })
  })

  it('names a broken bundle once, not once for each provider', async () => {
    expect(await faults(sessionOf(await world('', { CLAW_BUNDLE_FILE: '/nonexistent' })))).toEqual({
      exit: 1,
      faults: [
        {
          id: 'environment.bundle',
          status: 'fail',
          detail: '`env:CLAW_BUNDLE_FILE` leads to a file that does not exist: ENOENT',
          fix: { env: 'CLAW_BUNDLE_FILE' },
        },
      ],
    })
  })

  it('passes over providers for which nothing was given', async () => {
    expect(await faults(sessionOf(await world()))).toEqual({ exit: 0, faults: [] })
  })

  it('fails where no provider has anything: an empty secret is no pipeline that will authenticate', async () => {
    expect(await faults(sessionOf(await world('', { OPENAI_API_KEY: '' })), { skip: [] })).toEqual({
      exit: 1,
      faults: [
        {
          id: 'credential.any.present',
          status: 'fail',
          detail: 'no provider has a credential here: none is stored, configured or in a variable, and no tier names one',
          fix: { command: 'claw auth list' },
        },
      ],
    })
  })

  it.each([
    ['openai-chatgpt', 'openai'],
    ['zai-coding', 'zai'],
  ])('looks at what is stored for a route that only its own name reaches: %s', async (route, provider) => {
    const here = await world()
    await here.signIn({ provider, route, kind: 'api_key' })
    const { resolution, checks } = await runDoctor(sessionOf(here), { ...OPTIONS, skip: [] })
    expect(resolution.map((row) => [row.provider, row.route, row.candidates.map(({ state }) => state)])).toEqual([
      [provider, route, ['wins']],
    ])
    expect(checks.filter(({ id }) => id.startsWith('credential.')).map(({ id, status }) => [id, status])).toEqual([
      [`credential.${route}.present`, 'pass'],
    ])
  })

  it('does not ask such a route with a variable that is there for its provider', async () => {
    const here = await world('', { ZAI_API_KEY: 'a-key-of-zai-0123456789' })
    const { resolution } = await runDoctor(sessionOf(here), OPTIONS)
    expect(resolution.map(({ route }) => route)).toEqual(['zai'])
  })

  it('names the profile that has what the one in force lacks', async () => {
    const here = await world()
    await here.signIn({ route: 'openai', kind: 'api_key', profile: 'ci' })
    const fix = { command: 'claw doctor --profile ci', env: 'CLAW_PROFILE' }
    expect(await faults(sessionOf(here), { skip: [] })).toEqual({
      exit: 1,
      faults: [
        {
          id: 'credential.any.present',
          status: 'fail',
          detail: 'no provider has a credential under the profile `default`, and `openai` has one under the profile `ci`',
          fix,
        },
      ],
    })
    expect(await faults(sessionOf(here), { provider: 'openai' })).toEqual({
      exit: 1,
      faults: [
        {
          id: 'credential.openai.present',
          status: 'fail',
          detail: 'there is no usable credential for `openai`: it has one under the profile `ci`',
          fix,
        },
      ],
    })
  })

  it('says that the method of a stored grant is off, and switches it on before anything else', async () => {
    const here = await world()
    await here.signIn({ route: 'xai', kind: 'oauth' })
    const reason =
      'the method `xai/device` is off: it passes for the CLI of xAI itself; xAI has welcomed named tools only, and advises a key for CI; CLAW_ENABLE=xai/device switches it on'
    const report = await runDoctor(sessionOf(here), OPTIONS)
    expect(report.checks.find(({ id }) => id === 'credential.xai.present')).toMatchObject({
      detail: `there is no usable credential for \`xai\`: ${reason}`,
      fix: { config: '`enabled = true` in [providers.xai.auth.device] of your own file, or CLAW_ENABLE=xai/device' },
    })
    expect(renderDoctor(report, 1_000, (_, text) => text, false)).toContain(
      `store:memory  …  until 2026-01-01T00:15:00.000Z\n        ${reason}\n`,
    )
    const { credentials } = await credentialStatus(sessionOf(here), undefined)
    expect(credentials.map(({ state, reason: why }) => [state, why])).toEqual([['refused', reason]])
    await here.signIn({ route: 'xai', kind: 'oauth', profile: 'ci' })
    expect((await credentialStatus(sessionOf(here), undefined)).credentials.map(({ state, reason: why }) => [state, why])).toEqual([
      ['refused', reason],
      ['refused', reason],
    ])
  })

  it('sends whoever has started a sign-in to its end', async () => {
    const here = await world()
    await startFlow(here)
    expect(await faults(sessionOf(here))).toEqual({
      exit: 1,
      faults: [
        {
          id: 'credential.moonshot.present',
          status: 'fail',
          detail: 'there is no usable credential for `moonshot`: a sign-in waits to be approved',
          fix: { command: 'claw auth wait moonshot' },
        },
      ],
    })
  })
})

describe('a stored grant whose provider has left the configuration', () => {
  it('is refused in the status, with the reason', async () => {
    const here = await world()
    await here.signIn({ route: 'corp', kind: 'oauth' })
    const { credentials } = await credentialStatus(sessionOf(here), undefined)
    expect(credentials.map(({ route, state, reason }) => [route, state, reason])).toEqual([
      ['corp', 'refused', 'the configuration has no `corp` any more'],
    ])
  })
})

describe('a refresh in doubt', () => {
  const lost = 'the answer to its last refresh was lost'

  it('is said while the token still serves, and a new sign-in ends it', async () => {
    const here = await world()
    await loseRefresh(here)
    expect(await faults(sessionOf(here))).toEqual({
      exit: 0,
      faults: [
        {
          id: 'credential.kimi-code.doubt',
          status: 'warn',
          detail: `${lost}: its access token serves until ${new Date(here.clock.wall() + 900_000).toISOString()}, then the old refresh token is tried once more`,
          fix: { command: 'claw auth --device kimi-code --force' },
        },
      ],
    })
  })

  it('is ended by a refresh once the token has ended', async () => {
    const here = await world()
    await loseRefresh(here)
    await here.clock.advance(900_000)
    expect(await faults(sessionOf(here))).toEqual({
      exit: 0,
      faults: [
        {
          id: 'credential.kimi-code.doubt',
          status: 'warn',
          detail: `${lost}: the old refresh token is tried once more`,
          fix: { command: 'claw auth refresh kimi-code' },
        },
      ],
    })
  })

  it('is the state of its row in the status, and a gate counts it as long as the token serves', async () => {
    const here = await world()
    await loseRefresh(here)
    const status = await credentialStatus(sessionOf(here), undefined)
    expect(status.credentials.map(({ route, state, refreshable }) => ({ route, state, refreshable }))).toEqual([
      { route: 'kimi-code', state: 'doubt', refreshable: true },
    ])
    const gates = [{ require: 'oauth' }, { minTtlMs: 60_000 }, { minTtlMs: 3_600_000 }] as const
    expect(gates.map((gate) => meetsGate(status, gate, here.clock.wall()))).toEqual([true, true, false])
    expect(meetsGate(status, { require: 'oauth' }, here.clock.wall() + 900_000)).toBe(false)
  })

  it('is none while the answer lies beside the store', async () => {
    const here = await world()
    const { record, intent } = await loseRefresh(here)
    const session = sessionOf(here)
    const spooled = await session.ports.spool.reserve(record.id, intent.nonce)
    await spooled.save({
      grantId: record.id,
      intent,
      generation: record.generation,
      fingerprint: record.fingerprint ?? '',
      credential: {
        method: 'device',
        auth: 'device',
        secrets: { access: new Secret('a-new-token', 'access-token') },
        lifetimeMs: 900_000,
        sentAgoMs: 0,
        account: null,
        region: null,
        scopes: null,
        origins: [],
        client: null,
      },
    })
    expect(await faults(session)).toEqual({ exit: 0, faults: [] })
  })
})

describe('a store', () => {
  const refused = (error: ClawError) => ({ assertWritable: () => Promise.reject(error) })

  it('fails where nothing can be written', async () => {
    const error = new ClawError('CLAW_STORE_UNWRITABLE', {
      what: 'the credential store `/s` cannot be written',
      why: 'EROFS',
      fix: 'mount it read-write, or set CLAW_HOME to a directory that is writable',
    })
    expect(await faults(sessionOf(await world(), refused(error)))).toEqual({
      exit: 1,
      faults: [
        {
          id: 'store.writable',
          status: 'fail',
          detail:
            'the credential store `/s` cannot be written: EROFS; mount it read-write, or set CLAW_HOME to a directory that is writable',
          fix: null,
        },
      ],
    })
  })

  it('warns where a newer claw wrote it', async () => {
    const error = new ClawError('CLAW_STORE_NEWER', { what: 'the store was written by a newer claw', fix: 'update claw on this machine' })
    expect(await faults(sessionOf(await world(), refused(error)))).toEqual({
      exit: 0,
      faults: [
        { id: 'store.writable', status: 'warn', detail: 'the store was written by a newer claw; update claw on this machine', fix: null },
      ],
    })
  })

  it('fails in an open directory although nothing is stored yet, with the path to close', async () => {
    const here = await world()
    const inspection = { ...(await here.store.inspect()), exists: false, unsafe: '`/open dir`: everybody may write there' }
    const error = new ClawError('CLAW_STORE_UNSAFE', { what: 'no secret is written below `/open dir`', fix: "chmod o-w '/open dir'" })
    expect(await faults(sessionOf(here, { ...refused(error), inspect: async () => inspection }))).toEqual({
      exit: 1,
      faults: [
        {
          id: 'store.mode',
          status: 'fail',
          detail: 'others can swap files there: `/open dir`: everybody may write there',
          fix: { command: "chmod o-w '/open dir'" },
        },
      ],
    })
  })

  it('that holds nothing is of no matter to a pipeline that has its key from elsewhere', async () => {
    const inspection = async (here: TestWorld) => ({
      ...(await here.store.inspect()),
      exists: false,
      unsafe: '`/open`: everybody may write there',
    })
    const ids = async (variables: Record<string, string>) => {
      const here = await world('', variables)
      return (await faults(sessionOf(here, { inspect: () => inspection(here) }))).faults.map(({ id }) => id)
    }
    expect(await ids({ GITHUB_ACTIONS: 'true', OPENAI_API_KEY: 'sk-0123456789' })).toEqual([])
    expect(await ids({ GITHUB_ACTIONS: 'true' })).toEqual(['store.mode'])
    expect(await ids({ OPENAI_API_KEY: 'sk-0123456789' })).toEqual(['store.mode'])
  })

  it('of another machine asks for sign-ins of its own, and takes nothing back', async () => {
    const here = await world()
    await here.signIn({ provider: 'moonshot', route: 'kimi-code', kind: 'oauth' })
    await here.signIn({ route: 'openai', kind: 'api_key' })
    const read = async (): Promise<Snapshot> => ({ ...(await here.store.read()), copied: true })
    expect(await faults(sessionOf(here, { read }), { only: ['store.*'] })).toEqual({
      exit: 0,
      faults: [
        {
          id: 'store.copied',
          status: 'warn',
          detail: 'another machine wrote it: two machines that refresh the same grant lose it, so each needs a sign-in of its own',
          fix: { command: 'claw auth --device kimi-code --force' },
        },
      ],
    })
  })

  it('R-05 warns of a file system that other machines may share', async () => {
    const here = await world()
    const inspection = { ...(await here.store.inspect()), sharedOn: 'NFS' }
    expect(await faults(sessionOf(here, { inspect: async () => inspection }))).toEqual({
      exit: 0,
      faults: [
        {
          id: 'store.shared',
          status: 'warn',
          detail: 'it lies on NFS: the locks of another machine cannot be judged from here, so that two may refresh one grant',
          fix: { env: 'CLAW_HOME' },
        },
      ],
    })
  })

  it('names the files that a repair kept aside', async () => {
    const here = await world()
    const inspection = { ...(await here.store.inspect()), quarantined: ["/it's/a.corrupt-1", '/b.corrupt-2'] }
    expect((await faults(sessionOf(here, { inspect: async () => inspection }))).faults.map(({ fix }) => fix)).toEqual([
      { command: "rm '/it'\\''s/a.corrupt-1' '/b.corrupt-2'" },
    ])
  })
})

describe('a pattern of --only or --skip', () => {
  const failure = async (options: Partial<DoctorOptions>, variables: Record<string, string> = { OPENAI_API_KEY: 'sk-0123456789' }) =>
    failureOf(async () => runDoctor(sessionOf(await world('', variables)), { ...OPTIONS, ...options }))

  it('that matches no check is a usage error with the nearest ids', async () => {
    expect(await failure({ only: ['credential.opnai.present'] })).toEqual({
      code: 'CLAW_USAGE',
      what: '`--only credential.opnai.present` matches no check',
      why: 'the nearest ids are `credential.openai.present`',
      fix: 'claw doctor --only credential.openai.present',
      data: { nearest: ['credential.openai.present'] },
    })
    expect(await failure({ skip: ['store'] })).toEqual({
      code: 'CLAW_USAGE',
      what: '`--skip store` matches no check',
      why: 'the nearest ids are `store.readable`, `store.mode`, `store.writable`',
      fix: 'claw doctor --skip store.readable',
      data: { nearest: ['store.readable', 'store.mode', 'store.writable'] },
    })
  })

  it('that is like none lists them', async () => {
    expect(await failure({ only: ['nosuch'] })).toMatchObject({
      code: 'CLAW_USAGE',
      what: '`--only nosuch` matches no check',
      data: { nearest: [] },
    })
  })

  it('that asks for a credential that is not in use does not pass for it', async () => {
    expect(await failure({ only: ['credential.anthropic.present'] })).toEqual({
      code: 'CLAW_USAGE',
      what: '`--only credential.anthropic.present` matches no check that would be made',
      why: 'no credential that it speaks of is in use',
      fix: 'claw doctor --provider anthropic --only credential.anthropic.present',
      data: {},
    })
  })

  it('may name a check that has nothing to say today', async () => {
    const skip = ['store.copied', 'credential.anthropic.*', 'credential.openai@work.present', 'environment.ci']
    expect(await faults(sessionOf(await world()), { skip, only: ['store.links'] })).toEqual({ exit: 0, faults: [] })
  })
})

async function loseRefresh(here: TestWorld) {
  const id = await here.signIn({ provider: 'moonshot', route: 'kimi-code', kind: 'oauth' })
  const record = (await here.store.read()).records.find((each) => each.id === id)
  const lease = await here.store.tryLease(id, { durationMs: 40_000, purpose: 'refresh', signal: here.signal })
  if (!record || !isLease(lease)) throw new Error('the grant is not there')
  const { generation, fingerprint } = record
  if (fingerprint === null) throw new Error('the grant has no refresh token')
  const begun = await here.store.write({ type: 'intent', id, lease, generation, fingerprint, attempt: 1, deadlineMs: 15_000 })
  if (begun.outcome !== 'written' || !begun.intent) throw new Error('the intent was refused')
  await here.store.write({ type: 'gave_up', id, intent: begun.intent })
  await here.store.release(lease)
  return { record, intent: begun.intent }
}
