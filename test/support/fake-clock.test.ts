import { createServer } from 'node:http'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { fakeClock } from './fake-clock.ts'

const startAt = Date.UTC(2026, 0, 1)

it('stops at every due timer, in order, those of one instant in the order of arming', async () => {
  const clock = fakeClock(startAt)
  const seen: [string, number][] = []
  const note = (name: string) => seen.push([name, clock.now() - startAt])
  clock.setTimeout(() => note('late'), 3_000)
  clock.setTimeout(() => note('first'), 1_000)
  clock.setTimeout(() => note('second'), 1_000)
  clock.setTimeout(() => note('never'), 5_001)
  await clock.advance(5_000)
  expect({ seen, pending: clock.pending, now: clock.now() - startAt }).toEqual({
    seen: [
      ['first', 1_000],
      ['second', 1_000],
      ['late', 3_000],
    ],
    pending: 1,
    now: 5_000,
  })
})

it('lets a chain of sleeps go on at its own instants', async () => {
  const clock = fakeClock(startAt)
  const seen: number[] = []
  const work = (async () => {
    for (let turn = 1; turn <= 3; turn++) {
      await clock.sleepUntil(startAt + turn * 10)
      seen.push(clock.now() - startAt)
    }
  })()
  await clock.advance(100)
  await work
  expect(seen).toEqual([10, 20, 30])
})

it('ends a sleep with the reason of its signal and disarms it', async () => {
  const clock = fakeClock()
  const controller = new AbortController()
  const sleep = clock.sleepUntil(clock.now() + 1_000, controller.signal)
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(sleep).rejects.toBe(reason)
  await expect(clock.sleepUntil(clock.now(), controller.signal)).rejects.toBe(reason)
  expect(clock.pending).toBe(0)
})

it('moves the wall clock with time and apart from it', async () => {
  const clock = fakeClock(startAt)
  clock.setWall(startAt + 3_600_000)
  await clock.advance(1_000)
  expect({ now: clock.now() - startAt, wall: clock.wall() - startAt }).toEqual({ now: 1_000, wall: 3_601_000 })
})

it('stands still while a request is on the wire or a file is read', async () => {
  const clock = fakeClock(startAt)
  const server = createServer((_, response) => {
    readFile(import.meta.filename).then(() => response.end('answer'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  let onWire = 0
  const ask = async () => {
    onWire++
    const text = await (await fetch(`http://127.0.0.1:${port}/`)).text()
    onWire--
    return text
  }
  const limit = new AbortController()
  clock.setTimeout(() => limit.abort(), 1_500)
  const work = (async () => {
    await clock.sleepUntil(startAt + 1_000)
    await readFile(import.meta.filename)
    const text = await ask()
    return { text, at: clock.now() - startAt, isLate: limit.signal.aborted }
  })()
  expect(await clock.driveUntil(work, () => onWire > 0)).toEqual({ text: 'answer', at: 1_000, isLate: false })
  server.close()
})
