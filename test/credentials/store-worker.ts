import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { ClawError } from '../../src/core/errors.ts'
import { FileSpool } from '../../src/credentials/answer-spool.ts'
import { FileLocks } from '../../src/credentials/file-lease.ts'
import { FileStore } from '../../src/credentials/file-store.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { systemMachine } from '../../src/platform/system-machine.ts'
import { grant, intentOf, key, keySlot, lease, signedIn } from './samples.ts'

/** A caller of a store in a process of its own: `store-worker DIR COMMAND …`. Prints one line per thing done. */
const [dir = '', command = '', ...args] = process.argv.slice(2)
const machine = systemMachine({})
const clock = systemClock()
const store = new FileStore({ dir, clock, random: systemRandom, machine, followSymlink: false, signal: new AbortController().signal })

const commands: Record<string, () => Promise<void>> = {
  /** Stores one key for each provider named. */
  async 'sign-in'() {
    for (const provider of args)
      say((await store.write({ type: 'sign_in', slot: keySlot(provider), credential: key(`sk-${provider}-0123456789`) })).outcome)
  },

  /** Stores so many versions of one key, which the name of its region counts. */
  async 'write-often'() {
    for (let n = 1; n <= Number(args[0]); n++)
      await store.write({ type: 'sign_in', slot: keySlot('counter'), credential: key(`sk-counter-${n}-0123456789`, { region: `${n}` }) })
    say('done')
  },

  /** Takes a lease and keeps it until it is killed. */
  async 'hold-lease'() {
    const held = await lease(store, args[0] ?? '', Number(args[1] ?? 40_000))
    say(JSON.stringify(held))
    setInterval(() => undefined, 60_000)
  },

  /** Goes through the steps of a refresh up to the commit. */
  async refresh() {
    const record = (await store.read()).records[0] ?? (await signedIn(store))
    const held = await lease(store, record.id)
    const reservation = await new FileSpool({ dir, clock, machine }).reserve(record.id, held.nonce)
    const intent = await intentOf(store, record, held)
    const { id, generation, fingerprint } = record
    await reservation.save({ grantId: id, intent, generation, fingerprint, credential: grant(2) })
    say((await store.write({ type: 'commit', id, intent, generation, fingerprint, credential: grant(2) })).outcome)
    await reservation.discard()
    await store.release(held)
  },

  /** Takes one lock so many times, and dies with it in hand. Whoever meets another one inside says so. */
  async 'meet-and-die'() {
    const locks = new FileLocks(join(dir, 'locks'), machine, clock.wall)
    const inside = join(dir, 'inside')
    for (let left = Number(args[0]); left > 0; ) {
      const taken = await locks.tryTake('meeting', { durationMs: 60_000, purpose: 'test', endsWithTime: true })
      if (!('nonce' in taken)) continue
      mkdirSync(inside)
      await new Promise((resolve) => setImmediate(resolve))
      rmdirSync(inside)
      say(String(taken.fence))
      if (--left === 0) process.kill(process.pid, 'SIGKILL')
      await locks.release(taken.path)
    }
  },
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

const run = commands[command]
if (!run) throw new Error(`no such command: ${command}`)
run().catch((thrown: unknown) => {
  process.stderr.write(thrown instanceof ClawError ? `${thrown.code}: ${thrown.message} (${thrown.why})\n` : `${String(thrown)}\n`)
  process.exitCode = thrown instanceof ClawError ? thrown.exit.code : 70
})
