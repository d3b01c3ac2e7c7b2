import { expect } from 'vitest'
import { keyPrefixes } from '../../../src/app/rehearsal/mirrored-base.ts'
import { KIND_OF, METHOD_OF } from '../../../src/providers/auth-kinds.ts'
import { rehearsed, type RehearsalMachine } from '../../support/rehearsed.ts'
import { type Entry, enabling, probePath } from './entry.ts'
import { ending, leaks, secretsIn, steps, stored, type StoredRecord, WHOSE } from './judge.ts'
import type { Plan } from './plan.ts'

/** Signing in with a key or token that somebody has: what each scenario does, and what must come of it. */
export const keys: Plan = {
  scenarios: () => ['right', 'wrong prefix', 'refused', 'replaced'],
  async run(entry, scenario) {
    await using world = await rehearsed({ enable: enabling(entry) })
    const flag = METHOD_OF[entry.auth.kind] === 'api_key' ? '--api-key' : '--token'
    const signIn = (value: string) => world.claw(['auth', flag, entry.route.id, '--stdin', '--check', '--json'], { stdin: value })
    await SCENARIOS[scenario]?.({ entry, world, signIn })
  },
}

interface Stage {
  readonly entry: Entry
  readonly world: RehearsalMachine
  signIn(value: string): ReturnType<RehearsalMachine['claw']>
}

const SCENARIOS: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  async right({ entry, world, signIn }) {
    const key = goodKey(entry)
    const signedIn = await signIn(key)
    expect({ ...ending(signedIn), changed: signedIn.result.changed, check: signedIn.result.check }).toEqual({
      exitCode: 0,
      said: 'result',
      changed: true,
      check: { ...proof(entry), detail: expect.any(String) },
    })
    expect(steps(world.asked())).toEqual(proving(entry, 200))
    expect(await stored(world)).toEqual({ records: [record(entry)], pending: 0 })

    const again = await signIn(key)
    expect({ ...ending(again), changed: again.result.changed }).toEqual({ exitCode: 0, said: 'result', changed: false })
    const handedOut = await world.claw(['token', entry.route.id])
    expect({ exitCode: handedOut.exitCode, stdout: handedOut.stdout }).toEqual({ exitCode: 0, stdout: `${key}\n` })
    const refreshed = await world.claw(['auth', 'refresh', entry.route.id, '--json'])
    world.asked()
    const status = await world.claw(['auth', 'status', '--json'])
    expect(status.result).toEqual({
      type: 'result',
      schema: 'claw.status/1',
      credentials: [expect.objectContaining({ route: entry.route.id, kind: KIND_OF[entry.auth.kind], state: 'wins', refreshable: false })],
      pending: [],
      warnings: [],
    })
    const out = await world.claw(['auth', 'logout', entry.route.id, '--revoke', '--json'])
    expect({ ...ending(out), items: out.result.items }).toEqual({
      exitCode: 0,
      said: 'result',
      items: [expect.objectContaining({ route: entry.route.id, outcome: expect.stringMatching(/^(?:removed|not_supported)$/) })],
    })
    expect({ ...(await stored(world)), asked: world.asked() }).toEqual({ records: [], pending: 0, asked: [] })
    const shown = [signedIn, again, refreshed, status, out, { stdout: '', stderr: handedOut.stderr }]
    expect(leaks(shown.map(({ stdout, stderr }) => stdout + stderr).join(''), [key])).toEqual([])
  },

  async 'wrong prefix'({ entry, world, signIn }) {
    const key = foreignKey(entry)
    const ended = await signIn(key)
    expect(ending(ended)).toEqual({ exitCode: 65, said: 'CLAW_KEY_INVALID' })
    expect({ ...(await stored(world)), asked: world.asked() }).toEqual({ records: [], pending: 0, asked: [] })
    expect(leaks(ended.stdout + ended.stderr, [key])).toEqual([])
  },

  async refused({ entry, world, signIn }) {
    const key = `${prefixOf(entry)}of-somebody-else-0123456789`
    const ended = await signIn(key)
    // Where no cheap request is known nobody can be asked, and that is said.
    const isProven = probePath(entry) !== null
    expect(ending(ended)).toEqual(isProven ? { exitCode: 77, said: 'CLAW_CREDENTIAL_REJECTED' } : { exitCode: 0, said: 'result' })
    expect(await stored(world)).toEqual({ records: isProven ? [] : [record(entry)], pending: 0 })
    expect(steps(world.asked())).toEqual(
      isProven ? [expect.stringMatching(new RegExp(`^GET ${escaped(probePath(entry) ?? '')} 40[0-3]$`))] : [],
    )
    expect(leaks(ended.stdout + ended.stderr, [key])).toEqual([])
  },

  async replaced({ entry, world, signIn }) {
    const [first, second] = [goodKey(entry), goodKey(entry, 'second')]
    await signIn(first)
    const ended = await signIn(second)
    expect({ ...ending(ended), changed: ended.result.changed }).toEqual({ exitCode: 0, said: 'result', changed: true })
    expect(await stored(world)).toEqual({ records: [record(entry)], pending: 0 })
    expect((await world.claw(['token', entry.route.id])).stdout).toBe(`${second}\n`)
    expect(await secretsIn(world)).toEqual([second])
    expect(leaks(ended.stdout + ended.stderr, [first, second])).toEqual([])
  },
}

function prefixOf({ auth }: Entry): string {
  return keyPrefixes(auth)[0] ?? ''
}

function goodKey(entry: Entry, word = 'first'): string {
  return `${prefixOf(entry)}sandbox-${word}-0123456789`
}

/** The key of another vendor: one that the entry itself refuses, where it names any. */
function foreignKey({ auth }: Entry): string {
  const foreign = auth.rejectPrefixes?.find((prefix) => prefix !== 'ghp_') ?? auth.rejectPrefixes?.[0] ?? 'sk-ant-api03-'
  return `${foreign}sandbox-0123456789abcdef`
}

function record({ id, route, auth }: Entry): StoredRecord {
  return {
    slot: `${route.provider}/${route.id}@default`,
    kind: KIND_OF[auth.kind],
    method: METHOD_OF[auth.kind],
    auth: auth.id,
    refreshable: false,
    account: WHOSE[id] ?? [],
  }
}

function proof(entry: Entry): { readonly status: string; readonly evidence: string } {
  return probePath(entry) === null ? { status: 'warn', evidence: 'resolved' } : { status: 'pass', evidence: 'accepted' }
}

/** The one request that `--check` makes. */
function proving(entry: Entry, status: number): string[] {
  const path = probePath(entry)
  return path === null ? [] : [`GET ${path} ${status}`]
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
