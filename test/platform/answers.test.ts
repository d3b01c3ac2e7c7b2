import { describe, expect, it } from 'vitest'
import type { HttpResponse } from '../../src/platform/http.ts'
import { readText } from '../../src/platform/read-text.ts'
import { refuseRedirect } from '../../src/platform/refuse-redirect.ts'
import { failureOf } from '../support/failure.ts'

function response(parts: { status?: number; headers?: Record<string, string>; chunks?: string[] }) {
  const seen = { read: 0, discarded: 0 }
  async function* body() {
    for (const chunk of parts.chunks ?? []) {
      seen.read++
      yield Buffer.from(chunk)
    }
  }
  const made: HttpResponse = {
    status: parts.status ?? 200,
    headers: parts.headers ?? {},
    body: body(),
    discard: () => void seen.discarded++,
  }
  return { made, seen }
}

describe('readText', () => {
  it('joins chunks before it decodes, so that a character may be split', async () => {
    const [first, second] = [Buffer.from('a€').subarray(0, 2), Buffer.from('a€').subarray(2)]
    async function* body() {
      yield first
      yield second
    }
    expect(await readText({ status: 200, headers: {}, body: body(), discard() {} }, undefined, 'https://x.example')).toBe('a€')
  })

  it('S-30 stops at the limit without reading on', async () => {
    const { made, seen } = response({ chunks: ['x'.repeat(1024), 'y', 'z'] })
    expect(await failureOf(() => readText(made, 1024, 'https://x.example'))).toEqual({
      code: 'CLAW_PROTOCOL',
      what: 'the answer of `https://x.example` is longer than 1 KiB',
      data: { sent: true, limit: { limit: 'answer.bytes', bytes: 1024, source: 'built-in' } },
    })
    expect(seen.read).toBe(2)
  })

  it('S-30 takes an answer of exactly the limit, and 256 KiB where none is given', async () => {
    expect((await readText(response({ chunks: ['x'.repeat(256 * 1024)] }).made, undefined, 'https://x.example')).length).toBe(256 * 1024)
    expect(
      (await failureOf(() => readText(response({ chunks: ['x'.repeat(256 * 1024 + 1)] }).made, undefined, 'https://x.example'))).what,
    ).toBe('the answer of `https://x.example` is longer than 256 KiB')
  })

  it('S-30 does not begin to read what is announced as too long', async () => {
    const { made, seen } = response({ headers: { 'content-length': '262145' }, chunks: ['x'] })
    expect((await failureOf(() => readText(made, undefined, 'https://x.example'))).what).toBe(
      'the answer of `https://x.example` is longer than 256 KiB',
    )
    expect(seen).toEqual({ read: 0, discarded: 1 })
  })
})

describe('refuseRedirect', () => {
  it.each([
    [301, 'https://evil.example/steal?token=CANARY', '`https://evil.example`', 'https://evil.example'],
    [302, '/login?x=CANARY', '`https://a.example`', 'https://a.example'],
    [303, '//evil.example/CANARY', '`https://evil.example`', 'https://evil.example'],
    [307, 'http://a.example/', '`http://a.example`', 'http://a.example'],
    [308, 'javascript:CANARY', 'the scheme `javascript:`', null],
    [302, 'https://[CANARY', 'nowhere', null],
    [304, undefined, 'nowhere', null],
  ])('S-27 refuses %i to %s naming the origin only', async (status, location, to, origin) => {
    const { made, seen } = response({ status, headers: location === undefined ? {} : { location } })
    expect(await failureOf(() => refuseRedirect(made, 'https://a.example/token'))).toEqual({
      code: 'CLAW_REDIRECT',
      what: `\`https://a.example\` redirects to ${to}, and claw sends no credential after a redirect`,
      why: `HTTP ${status}`,
      fix: 'set the address that it redirects to, if you trust it, in the configuration',
      data: { sent: true, status, origin },
    })
    expect(seen.discarded).toBe(1)
  })

  it('S-27 lets other answers pass', () => {
    for (const status of [200, 204, 400, 401, 500]) refuseRedirect(response({ status }).made, 'https://a.example/')
  })
})
