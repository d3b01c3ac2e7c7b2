import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wireProtocol } from '../../../src/protocols/prompt/wire-protocol.ts'
import { byteByByte, bytesOf, cutAt, joined, replay, type Outcome } from './recorded.ts'
import { RECORDINGS, type Recording } from './recordings.ts'

async function read({ protocol, dialect }: Recording, chunks: Uint8Array[]): Promise<Outcome> {
  const outcome = await replay(wireProtocol(protocol), chunks, { dialect })
  return { ...outcome, events: joined(outcome.events) }
}

describe.each(RECORDINGS)('$name', (recording) => {
  const bytes = bytesOf(recording.body)

  it('means what the vendor meant', async () => {
    expect(await read(recording, [bytes])).toEqual(recording.outcome)
  })

  it('means the same byte by byte', async () => {
    expect(await read(recording, byteByByte(bytes))).toEqual(recording.outcome)
  })

  it('means the same cut in two at any place', async () => {
    const step = Math.max(1, Math.floor(bytes.length / 150))
    for (let place = 1; place < bytes.length; place += step) expect(await read(recording, cutAt(bytes, [place]))).toEqual(recording.outcome)
  })

  it('means the same with other line ends, a byte order mark and comments everywhere', async () => {
    const variants = [
      recording.body.replaceAll('\n', '\r\n'),
      recording.body.replaceAll('\n', '\r'),
      `\uFEFF${recording.body}`,
      recording.body.replaceAll('\n\n', '\n\n:\n\n: ping\nid: 7\nretry: 10\nnovel: x\n\ndata:\n\n'),
      recording.body.replaceAll(/^(event|data): /gm, '$1:'),
      recording.body.replace(/\n+$/, ''),
    ]
    for (const variant of variants) {
      expect(await read(recording, [bytesOf(variant)])).toEqual(recording.outcome)
      expect(await read(recording, byteByByte(bytesOf(variant)))).toEqual(recording.outcome)
    }
  })
})

it('gives the same events however the bytes are split', async () => {
  const split = fc.constantFrom(...RECORDINGS).chain((recording) => {
    const body = fc.constantFrom(recording.body, recording.body.replaceAll('\n', '\r\n'))
    return fc.tuple(fc.constant(recording), body, fc.array(fc.nat(bytesOf(recording.body).length * 2), { maxLength: 20 }))
  })
  await fc.assert(
    fc.asyncProperty(split, async ([recording, body, places]) => {
      expect(await read(recording, cutAt(bytesOf(body), places))).toEqual(recording.outcome)
    }),
    { numRuns: 200 },
  )
})
