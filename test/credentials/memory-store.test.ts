import { expect, it } from 'vitest'
import { MemorySpool, MemoryStore } from '../../src/credentials/memory-store.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { systemMachine } from '../../src/platform/system-machine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { grant, intentOf, lease, signedIn } from './samples.ts'
import { describeStore } from './store-conformance.ts'

const machine = systemMachine({})

function memory() {
  const clock = fakeClock()
  return { clock, store: new MemoryStore({ clock, random: systemRandom, machine }) }
}

describeStore('memory', async () => {
  const { clock, store } = memory()
  return { store, other: store, expireLease: () => clock.advance(40_000), close: async () => undefined }
})

it('dates everything by its clock', async () => {
  const { clock, store } = memory()
  const record = await signedIn(store)
  await clock.advance(60_000)
  const held = await lease(store, record.id)
  await clock.advance(10_000)
  expect(held.remainingMs()).toBe(30_000)
  const intent = await intentOf(store, record, held)
  expect({ deadlineAt: intent.deadlineAt, leaseEndsAt: intent.leaseEndsAt }).toEqual({
    deadlineAt: record.receivedAt + 85_000,
    leaseEndsAt: record.receivedAt + 100_000,
  })
})

it('holds saved answers for as long as the process lives', async () => {
  const { store } = memory()
  const spool = new MemorySpool()
  const record = await signedIn(store)
  const held = await lease(store, record.id)
  const intent = await intentOf(store, record, held)
  const reservation = await spool.reserve(record.id, held.nonce)
  expect(await spool.find(record.id)).toEqual([])
  await reservation.save({ grantId: record.id, intent, generation: 1, fingerprint: record.fingerprint, credential: grant(2) })
  const [saved] = await spool.find(record.id)
  expect(saved).toMatchObject({ grantId: record.id, generation: 1 })
  expect(await spool.find('another')).toEqual([])
  await reservation.discard()
  expect(await spool.find(record.id)).toEqual([])
})
