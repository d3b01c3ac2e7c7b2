import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runDoctor } from '../../src/app/doctor/run-doctor.ts'
import { openSession } from '../../src/app/session.ts'
import { environmentOf } from '../../src/platform/environment.ts'
import { grant, grantSlot, recordOf } from '../credentials/samples.ts'
import { failureOf } from '../support/failure.ts'
import { fakeShell } from '../support/fake-shell.ts'
import { leaveAnswer } from '../support/leave-answer.ts'

let home: string
let store: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'claw-doctor-'))
  await mkdir(join(home, 'state'), { mode: 0o700 })
  store = join(home, 'state', 'credentials.json')
})
afterEach(() => rm(home, { recursive: true, force: true }))

const session = (variables: Record<string, string> = {}, mayBeBroken = true) => {
  const { world, signal } = fakeShell()
  return openSession({ ...world, environment: environmentOf({ CLAW_HOME: home, ...variables }) }, {}, signal, mayBeBroken)
}

async function failures(variables?: Record<string, string>) {
  const { checks, exit } = await runDoctor(await session(variables), {
    offline: true,
    probe: false,
    mayRefresh: false,
    only: [],
    skip: [],
    failOn: 'error',
    fix: false,
  })
  return { exit: exit.code, failures: checks.filter(({ status }) => status === 'fail').map(({ id, detail, fix }) => ({ id, detail, fix })) }
}

describe('a file that is no store', () => {
  const aside = () => ({ command: `mv '${store}' '${store}.aside'` })

  it.each([
    ['a FIFO', 'it is not a regular file', async () => void execFileSync('mkfifo', [store])],
    ['a directory', 'it is not a regular file', () => mkdir(store)],
    [
      'one over 1 MiB',
      'it is larger than 1048576 bytes',
      async () => {
        await writeFile(store, '', { mode: 0o600 })
        await truncate(store, 1024 * 1024 + 1)
      },
    ],
  ])('is to be moved aside: %s', async (_, why, make) => {
    await make()
    expect(await failures()).toEqual({
      exit: 1,
      failures: [{ id: 'store.readable', detail: `cannot read \`${store}\`: ${why}`, fix: aside() }],
    })
  })

  it('may be a link if the configuration says so', async () => {
    await symlink('elsewhere', store)
    expect(await failures()).toEqual({
      exit: 1,
      failures: [
        {
          id: 'store.readable',
          detail: `cannot read \`${store}\`: it is a symbolic link`,
          fix: { config: '`[store] follow_symlink = true`' },
        },
      ],
    })
  })
})

describe('a store that the configuration asks for and this version does not have', () => {
  const what = 'the store `keyring` is not known'

  it('is a finding of the doctor', async () => {
    const fix = { command: 'unset CLAW_STORE' }
    expect(await failures({ CLAW_STORE: 'keyring' })).toEqual({
      exit: 1,
      failures: [
        { id: 'config.valid', detail: what, fix },
        { id: 'store.readable', detail: what, fix },
      ],
    })
  })

  it('is one where it should be encrypted', async () => {
    const found = await failures({ CLAW_STORE: 'file', CLAW_STORE_KEY: Buffer.alloc(32).toString('base64') })
    expect(found.failures.map(({ id, fix }) => ({ id, fix }))).toEqual([
      { id: 'config.valid', fix: { command: 'unset CLAW_STORE_KEY' } },
      { id: 'store.readable', fix: { command: 'unset CLAW_STORE_KEY' } },
    ])
  })

  it('lets keys of the environment be looked at all the same', async () => {
    const { failures: found } = await failures({ CLAW_STORE: 'keyring', OPENAI_API_KEY: 'sk-0123456789' })
    expect(found.map(({ id }) => id)).toEqual(['config.valid', 'store.readable'])
  })

  it('is an error of every other command', async () => {
    expect(await failureOf(() => session({ CLAW_STORE: 'keyring' }, false))).toEqual({
      code: 'CLAW_CONFIG_INVALID',
      what,
      fix: 'set `[store] backend` to `file` or `memory`',
      data: {},
    })
  })
})

describe('an answer that was saved after a sign-out', () => {
  const options = { offline: true, probe: false, mayRefresh: false, only: ['store.answers'], skip: [], failOn: 'error' } as const

  it('is found by doctor, and removed by --fix', async () => {
    const open = await session()
    const written = await open.ports.store.write({ type: 'sign_in', slot: grantSlot, credential: grant(1) })
    const { id } = recordOf(written)
    await leaveAnswer(open, id, grant(2).secrets, () => open.ports.store.write({ type: 'logged_out', id }))
    const { checks } = await runDoctor(open, { ...options, fix: false })
    expect(checks.map(({ id: check, status, detail, fix }) => ({ check, status, detail, fix }))).toEqual([
      {
        check: 'store.answers',
        status: 'warn',
        detail: 'a refresh was cut short after a sign-out, and its answer lies beside the store: kimi-code',
        fix: { command: 'claw doctor --fix' },
      },
    ])
    const readable = await runDoctor(open, { ...options, only: ['store.readable'], fix: true })
    expect(readable.checks[0]?.detail).toContain('1 saved answers of signed-out grants removed')
    expect(await readdir(join(home, 'state', 'spool'))).toEqual([])
    expect(
      (await runDoctor(open, { ...options, only: [], fix: false })).checks.filter(({ id: check }) => check === 'store.answers'),
    ).toEqual([])
  })
})
