import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterEach, describe, expect, it } from 'vitest'
import { CallbackListener } from '../../src/app/sign-in/callback-listener.ts'
import { type CallbackPlace, callbackPlaces, pasteRedirectUri } from '../../src/app/sign-in/callback-place.ts'
import { judgeAuthorizationResponse } from '../../src/protocols/oauth/authorization-response.ts'
import type { AuthEntry } from '../../src/providers/entry.ts'
import { failureOf } from '../support/failure.ts'
import { ask, dial } from '../support/loopback-client.ts'
import { seededRandom } from '../support/seeded-random.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

const STATE = 'the-right-state'
const { signal } = new AbortController()
const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))
const place = (port: number, host = '127.0.0.1'): CallbackPlace => ({
  port,
  isDualStack: host === 'localhost',
  redirectUri: (bound) => `http://${host}:${bound}/callback`,
})

async function listening(places: readonly CallbackPlace[] = [place(0)]) {
  const listener = await CallbackListener.open(places, 'claw auth --paste acme')
  open.push(listener)
  const expected = { state: STATE, issuer: null, namesItself: false, bringsClientId: false }
  listener.expect((query) => judgeAuthorizationResponse(query, expected))
  const { host, port } = new URL(listener.redirectUri)
  return { listener, host, port: Number(port), redirect: listener.redirectUri }
}

/** A program that has a port already. */
async function squatter(host: string, port = 0): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ port, host, exclusive: true }, resolve))
  open.push({ close: () => new Promise((resolve) => server.close(resolve)) })
  return (server.address() as AddressInfo).port
}

/** The status of an answer to bytes that no HTTP library would send; 0 = none came. */
async function statusOf(port: number, bytes: string): Promise<number> {
  const { ended } = await dial(port, bytes)
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(await ended)?.[1] ?? 0)
}

describe('S-38 the callback takes one kind of request', () => {
  it.each<[string, number, (host: string) => string]>([
    ['the redirect', 200, (host) => `GET /callback?code=c&state=${STATE} HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
    ['one with Origin: null', 200, (host) => `GET /callback?code=c&state=${STATE} HTTP/1.1\r\nHost: ${host}\r\nOrigin: null\r\n\r\n`],
    [
      'another host, as DNS rebinding brings it',
      400,
      () => `GET /callback?code=c&state=${STATE} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`,
    ],
    [
      'the host without its port',
      400,
      () => `GET /callback?code=c&state=${STATE} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
    ],
    [
      'a name for the address that is registered',
      400,
      (host) =>
        `GET /callback?code=c&state=${STATE} HTTP/1.1\r\nHost: ${host.replace('127.0.0.1', 'localhost')}\r\nConnection: close\r\n\r\n`,
    ],
    [
      'two hosts',
      400,
      (host) => `GET /callback?code=c&state=${STATE} HTTP/1.1\r\nHost: ${host}\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    ],
    ['no host', 400, () => `GET /callback?code=c&state=${STATE} HTTP/1.1\r\nConnection: close\r\n\r\n`],
    [
      'a page of another origin',
      400,
      (host) =>
        `GET /callback?code=c&state=${STATE} HTTP/1.1\r\nHost: ${host}\r\nOrigin: https://evil.example\r\nConnection: close\r\n\r\n`,
    ],
    [
      'an address in place of a path',
      400,
      (host) => `GET http://${host}/callback?code=c&state=${STATE} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    ],
    ['two slashes', 400, (host) => `GET //callback?code=c&state=${STATE} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`],
    ['a path that goes on', 404, (host) => `GET /callback/?code=c&state=${STATE} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`],
    ['an encoded path', 404, (host) => `GET /%63allback?code=c&state=${STATE} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`],
    [
      'a path that leads there',
      404,
      (host) => `GET /x/../callback?code=c&state=${STATE} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    ],
    ['the icon that browsers ask for', 404, (host) => `GET /favicon.ico HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`],
    ['HEAD', 405, (host) => `HEAD /callback?code=c&state=${STATE} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`],
    ['OPTIONS', 405, (host) => `OPTIONS /callback?code=c&state=${STATE} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`],
    [
      'POST',
      405,
      (host) => `POST /callback?code=c&state=${STATE} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    ],
    ['a state twice', 400, (host) => `GET /callback?code=c&state=${STATE}&state=${STATE} HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
    ['a code twice', 400, (host) => `GET /callback?code=c&code=d&state=${STATE} HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
    ['no state', 400, (host) => `GET /callback?code=c HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
  ])('%s: %d', async (_, status, bytes) => {
    const { listener, host, port, redirect } = await listening()
    const response = listener.response(signal)
    expect(await statusOf(port, bytes(host))).toBe(status)
    // Whatever it was, the real one is taken, or has been.
    if (status !== 200) expect((await ask(`${redirect}?code=c&state=${STATE}`)).status).toBe(200)
    expect(await response).toMatchObject({ kind: 'code' })
  })

  it('answers once: what comes again is 409, and after the end nobody answers', async () => {
    const { listener, redirect } = await listening()
    const response = listener.response(signal)
    const url = `${redirect}?code=c&state=${STATE}`
    expect((await ask(url)).status).toBe(200)
    await response
    expect((await ask(url)).status).toBe(409)
    await listener.close()
    await expect(ask(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('keeps an answer that comes before anybody waits, and none before the state is known', async () => {
    const early = await CallbackListener.open([place(0)], 'x')
    open.push(early)
    expect((await ask(`${early.redirectUri}?code=c&state=${STATE}`)).status).toBe(404)
    const { listener, redirect } = await listening()
    await ask(`${redirect}?code=c&state=${STATE}`)
    expect(await listener.response(signal)).toMatchObject({ kind: 'code' })
  })

  it('S-36 gives up after twenty answers of others', async () => {
    const { listener, redirect } = await listening()
    const response = failureOf(() => listener.response(signal))
    for (let i = 0; i < 20; i++) expect((await ask(`${redirect}?code=c&state=${i}`)).status).toBe(400)
    expect(await response).toMatchObject({ code: 'CLAW_PROTOCOL', what: 'the callback got 20 answers of other sign-ins' })
  })

  it('lets go of who waits when it is cancelled', async () => {
    const { listener } = await listening()
    const controller = new AbortController()
    const response = listener.response(controller.signal)
    controller.abort(new Error('cancelled'))
    await expect(response).rejects.toThrow('cancelled')
  })
})

describe('S-39 the page', () => {
  it('is the same whatever the request says, and may do nothing', async () => {
    const hostile = encodeURIComponent('<script>alert(1)</script>')
    const bodies = []
    for (const query of [`error=access_denied&error_description=${hostile}`, `error=${hostile}&error_description=x`]) {
      const { redirect } = await listening()
      bodies.push(await ask(`${redirect}?state=${STATE}&${query}`))
    }
    expect(bodies[0]?.body).toBe(bodies[1]?.body)
    const { redirect } = await listening()
    const strangers = [await ask(`${redirect}?state=${hostile}`), await ask(`${redirect}?code=${hostile}`)]
    const received = await ask(`${redirect}?code=c&state=${STATE}`)
    expect(strangers[0]?.body).toBe(strangers[1]?.body)
    for (const page of [...bodies, ...strangers, received]) {
      expect(page.body).not.toContain('alert')
      expect(page.headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': expect.stringMatching(
          /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
        ),
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        connection: 'close',
      })
    }
    expect([received, bodies[0], strangers[0]].map((page) => /<h1>([^<]+)/.exec(page?.body ?? '')?.[1])).toEqual([
      'You can close this page',
      'The sign-in did not go through',
      'This is not the sign-in that claw waits for',
    ])
  })
})

describe('S-40 clients that are silent or slow', () => {
  it('keep nobody out and hold nothing open', async () => {
    const { listener, port, host, redirect } = await listening()
    const response = listener.response(signal)
    const silent = await Promise.all(
      Array.from({ length: 50 }, (_, i) => dial(port, i % 2 ? '' : `GET /callback HTTP/1.1\r\nHost: ${host}\r\nX-Slow: `)),
    )
    for (const { socket } of silent) socket.on('error', () => undefined)
    expect((await ask(`${redirect}?code=c&state=${STATE}`)).status).toBe(200)
    await response
    await listener.close()
    await Promise.all(silent.map(({ ended }) => ended))
    await expect(dial(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

describe('S-37 where the callback listens', () => {
  it('is 127.0.0.1 alone where the address says so', async () => {
    const { port } = await listening()
    if (hasIpv6) await expect(dial(port, '', '::1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it.skipIf(!hasIpv6)('is both families where the browser is sent to a name, and the answer may come by either', async () => {
    const { listener, port } = await listening([place(0, 'localhost')])
    const response = listener.response(signal)
    const raw = await dial(port, `GET /callback?code=c&state=${STATE} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`, '::1')
    expect(await raw.ended).toMatch(/^HTTP\/1\.1 200/)
    expect(await response).toMatchObject({ kind: 'code' })
  })

  it('is the next place where the first is taken, and the program there is left alone', async () => {
    const taken = await squatter('127.0.0.1')
    const { port } = await listening([place(taken), place(0)])
    expect(port).not.toBe(taken)
  })

  it.skipIf(!hasIpv6)('is the next place where only ::1 is taken, under a name', async () => {
    const taken = await squatter('::1')
    const { port } = await listening([place(taken, 'localhost'), place(0, 'localhost')])
    expect(port).not.toBe(taken)
  })

  it('is nowhere when every registered port is taken: exit 75 names them and offers a paste', async () => {
    const ports = [await squatter('127.0.0.1'), await squatter('127.0.0.1')]
    const failure = await failureOf(() => listening(ports.map((port) => place(port))))
    expect(failure).toEqual({
      code: 'CLAW_LOGIN_BUSY',
      what: `no port of this machine is free for the callback: ${ports.join(', ')}`,
      why: expect.stringMatching(
        process.platform === 'linux'
          ? new RegExp(
              `\\(process ${process.pid}\\) listens on ${ports[0]}, .*${ports[1]}, maybe a sign-in of its own, which is left alone$`,
            )
          : /^another program listens there, maybe/,
      ),
      fix: 'claw auth --paste acme',
      data: { ports },
    })
  })
})

describe('callbackPlaces', () => {
  const entry = (fields: Partial<AuthEntry>): AuthEntry => ({
    id: 'x',
    kind: 'oauth_pkce',
    headless: false,
    enabled: true,
    status: 'verified',
    ...fields,
  })
  const places = (fields: Partial<AuthEntry>) =>
    callbackPlaces(entry(fields), seededRandom()).map(({ port, isDualStack, redirectUri }) => `${port} ${isDualStack} ${redirectUri(7)}`)
  const { uuid } = seededRandom()
  const id = uuid()

  it.each<[string, Partial<AuthEntry>, string[]]>([
    ['nothing said', {}, ['0 false http://127.0.0.1:7/callback']],
    [
      'two registered ports',
      { redirectUris: ['http://localhost:1455/cb', 'http://localhost:1457/cb'] },
      ['1455 true http://localhost:1455/cb', '1457 true http://localhost:1457/cb'],
    ],
    [
      'a preferred port',
      { redirectUris: ['http://127.0.0.1:{port}/cb'], preferredPort: 56_121 },
      ['56121 false http://127.0.0.1:7/cb', '0 false http://127.0.0.1:7/cb'],
    ],
    ['a part that nobody can guess', { redirectUris: ['http://127.0.0.1:{port}/cb/{uuid}'] }, [`0 false http://127.0.0.1:7/cb/${id}`]],
    ['a redirect of one’s own without a port', { redirectUri: 'http://127.0.0.1/cb' }, ['0 false http://127.0.0.1:7/cb']],
    ['a redirect of one’s own with one', { redirectUri: 'http://127.0.0.1:8123/cb' }, ['8123 false http://127.0.0.1:8123/cb']],
    ['a redirect to somewhere else', { redirectUri: 'https://own.example/cb' }, []],
    ['a redirect to another machine', { redirectUri: 'http://10.0.0.1:8123/cb' }, []],
  ])('%s', (_, fields, expected) => {
    expect(places(fields)).toEqual(expected)
  })

  it.each<[string, Partial<AuthEntry>, string | null]>([
    [
      'the page that shows it',
      { pasteRedirectUri: 'https://page.example/cb', redirectUris: ['http://localhost:{port}/cb'] },
      'https://page.example/cb',
    ],
    ['the first registered one', { redirectUris: ['http://localhost:1455/cb', 'http://localhost:1457/cb'] }, 'http://localhost:1455/cb'],
    ['the preferred port', { redirectUris: ['http://127.0.0.1:{port}/cb'], preferredPort: 56_121 }, 'http://127.0.0.1:56121/cb'],
    ['none, and the page shows the code', { pasteOmits: 'callback_url', redirectUris: ['http://127.0.0.1:{port}/cb'] }, null],
    ['one’s own', { redirectUri: 'https://own.example/cb' }, 'https://own.example/cb'],
  ])('a paste goes by %s', (_, fields, expected) => {
    expect(pasteRedirectUri(entry(fields), seededRandom())).toBe(expected)
  })
})
