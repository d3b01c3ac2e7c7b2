import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { environmentOf } from '../../src/platform/environment.ts'
import type { HttpRequest } from '../../src/platform/http.ts'
import { readText } from '../../src/platform/read-text.ts'
import { UndiciHttp, type HttpOptions } from '../../src/platform/undici-http.ts'
import { connectProxy } from '../support/connect-proxy.ts'
import { selfSigned, type Certificate } from '../support/certificates.ts'
import { failureOf } from '../support/failure.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { gate } from '../support/gate.ts'
import { loopbackServer, rawServer, type LoopbackServer } from '../support/loopback-server.ts'

const TARGET = 'api.acme.example'
const { signal } = new AbortController()
const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

function arrangeHttp(variables: Record<string, string> = {}, options: Partial<HttpOptions> = {}): UndiciHttp {
  const http = new UndiciHttp({ clock: systemClock(), environment: environmentOf(variables), ...options })
  closers.push(() => http.close())
  return http
}
async function started<T extends { close(): Promise<void> }>(server: Promise<T>): Promise<T> {
  const running = await server
  closers.push(() => running.close())
  return running
}
function get(url: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'GET', url, headers: {}, signal, ...more }
}
/** A port where nothing listens. */
async function closedPort(): Promise<number> {
  const server = await rawServer(() => {})
  await server.close()
  return server.port
}

describe('a request', () => {
  it('carries what it was given, and nothing of the process beside it', async () => {
    const server = await started(loopbackServer(() => ({ status: 201, headers: { 'x-answer': 'yes', 'set-cookie': 'a=1' }, body: 'body' })))
    const http = arrangeHttp()
    const response = await http.request({
      method: 'POST',
      url: `${server.origin}/v1/x?y=1`,
      headers: { authorization: 'Bearer t', 'content-type': 'text/plain' },
      body: 'hello',
      signal,
    })
    expect({
      status: response.status,
      answer: response.headers['x-answer'],
      text: await readText(response, undefined, server.origin),
    }).toEqual({ status: 201, answer: 'yes', text: 'body' })
    expect(server.requests).toEqual([
      {
        method: 'POST',
        path: '/v1/x?y=1',
        headers: {
          host: `127.0.0.1:${server.port}`,
          connection: 'keep-alive',
          authorization: 'Bearer t',
          'content-type': 'text/plain',
          'accept-encoding': 'identity',
          'content-length': '5',
        },
        body: 'hello',
      },
    ])
  })

  it('S-34 keeps no cookie and no answer for the next one', async () => {
    const server = await started(
      loopbackServer(() => ({ headers: { 'set-cookie': 'id=1', 'cache-control': 'max-age=3600', etag: '"1"' }, body: 'x' })),
    )
    const http = arrangeHttp()
    for (let count = 0; count < 3; count++) await readText(await http.request(get(`${server.origin}/`)))
    expect(server.requests.map(({ headers }) => [headers.cookie, headers['if-none-match']])).toEqual(Array(3).fill([undefined, undefined]))
  })

  it.each([301, 302, 303, 307, 308])('S-27 does not follow a %i', async (status) => {
    const other = await started(loopbackServer(() => ({})))
    const server = await started(loopbackServer(() => ({ status, headers: { location: `${other.origin}/steal` } })))
    const response = await arrangeHttp().request({
      method: 'POST',
      url: `${server.origin}/`,
      headers: { 'x-api-key': 'k' },
      body: 'grant',
      signal,
    })
    expect([response.status, response.headers.location, other.requests]).toEqual([status, `${other.origin}/steal`, []])
    response.discard()
  })

  it('S-30 refuses an encoded answer, since it asked for none', async () => {
    const server = await started(loopbackServer(() => ({ headers: { 'content-encoding': 'gzip' }, body: 'x' })))
    expect(await failureOf(() => arrangeHttp().request(get(`${server.origin}/`)))).toEqual({
      code: 'CLAW_PROTOCOL',
      what: `\`${server.origin}\` sends an encoded answer though none was asked for`,
      why: 'content-encoding: gzip',
      data: { sent: true },
    })
  })

  it('S-30 refuses headers of more than 16 KiB', async () => {
    const server = await started(rawServer((socket) => socket.end(`HTTP/1.1 200 OK\r\nx-long: ${'x'.repeat(17_000)}\r\n\r\n`)))
    expect(await failureOf(() => arrangeHttp().request(get(`${server.origin}/`)))).toEqual({
      code: 'CLAW_PROTOCOL',
      what: `the headers of the answer of \`${server.origin}\` are longer than 16 KiB`,
      data: { sent: true, errno: 'UND_ERR_HEADERS_OVERFLOW', limit: { limit: 'answer.headers', bytes: 16_384, source: 'built-in' } },
    })
  })

  it('S-30 reads an endless answer only as fast as it is taken, and ends it when it is left', async () => {
    let written = 0
    const closed = gate()
    const server = await started(
      rawServer((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        const pour = () => {
          while (socket.writable && written < 500_000_000) {
            written += 65_536
            if (!socket.write(Buffer.alloc(65_536))) return
          }
        }
        socket.on('drain', pour).once('close', closed.open)
        pour()
      }),
    )
    const response = await arrangeHttp().request(get(`${server.origin}/`))
    let read = 0
    for await (const chunk of response.body) {
      read += chunk.byteLength
      if (read > 1_000_000) break
    }
    await closed.opened
    expect(written).toBeLessThan(50_000_000)
  })

  it('R-20 says that an answer cut off in the middle was one to a request that was sent', async () => {
    const server = await started(
      rawServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'))),
    )
    const response = await arrangeHttp().request(get(`${server.origin}/`))
    expect(await failureOf(() => readText(response, undefined, server.origin))).toEqual({
      code: 'CLAW_NETWORK',
      what: `the connection to \`${server.origin}\` broke before the answer was complete`,
      why: 'UND_ERR_SOCKET: the other side or something between cut the connection',
      fix: 'check the network of this machine, or set `network.proxy`',
      data: { sent: true, errno: 'UND_ERR_SOCKET' },
    })
  })

  it('R-20 says that a request was sent when the other side hangs up on it, and sends it once', async () => {
    let count = 0
    const server = await started(
      rawServer((socket) =>
        socket.once('data', () => {
          count++
          socket.destroy()
        }),
      ),
    )
    const failure = await failureOf(() =>
      arrangeHttp().request({ method: 'POST', url: `${server.origin}/`, headers: {}, body: 'x', signal }),
    )
    expect([failure.code, failure.data, count]).toEqual(['CLAW_NETWORK', { sent: true, errno: 'UND_ERR_SOCKET' }, 1])
  })

  it('R-20 says that what is no HTTP was an answer', async () => {
    const server = await started(rawServer((socket) => socket.once('data', () => socket.end('SSH-2.0-OpenSSH\r\n'))))
    const failure = await failureOf(() => arrangeHttp().request(get(`${server.origin}/`)))
    expect([failure.code, failure.what, failure.data.sent]).toEqual([
      'CLAW_PROTOCOL',
      `the answer of \`${server.origin}\` is not valid HTTP`,
      true,
    ])
  })

  it('R-20 says that nothing was sent where nothing listens', async () => {
    const port = await closedPort()
    expect(await failureOf(() => arrangeHttp().request(get(`http://127.0.0.1:${port}/`)))).toEqual({
      code: 'CLAW_NETWORK',
      what: `no connection to \`http://127.0.0.1:${port}\``,
      why: 'ECONNREFUSED: nothing listens there',
      fix: 'check the network of this machine, or set `network.proxy`',
      data: { sent: false, errno: 'ECONNREFUSED' },
    })
  })

  it('R-20 says that nothing was sent to a name that does not exist', async () => {
    const failure = await failureOf(() => arrangeHttp().request(get('https://nowhere.invalid/')))
    expect([failure.code, failure.what, failure.data.sent]).toEqual(['CLAW_NETWORK', 'no connection to `https://nowhere.invalid`', false])
    expect(['ENOTFOUND', 'EAI_AGAIN']).toContain(failure.data.errno)
  })

  it('R-39 names the limit for the head of the answer', async () => {
    const clock = fakeClock()
    const asked = gate()
    const server = await started(loopbackServer(() => void asked.open()))
    const failure = failureOf(() => arrangeHttp({}, { clock }).request(get(`${server.origin}/`, { headTimeoutMs: 30_000 })))
    await asked.opened
    await clock.advance(30_000)
    expect(await failure).toEqual({
      code: 'CLAW_TIMEOUT',
      what: `\`${server.origin}\` did not begin to answer within 30 s`,
      data: { sent: true, limit: { limit: 'head', seconds: 30, source: 'built-in' } },
    })
    expect(clock.pending).toBe(0)
  })

  it('ends with the reason of its signal, before the answer and in the middle of it', async () => {
    const server = await started(rawServer((socket) => socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\nfirst'))))
    const http = arrangeHttp()
    const reason = new Error('enough')
    await expect(http.request(get(`${server.origin}/`, { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason)
    const caller = new AbortController()
    const response = await http.request(get(`${server.origin}/`, { signal: caller.signal }))
    await expect(
      (async () => {
        for await (const _ of response.body) caller.abort(reason)
      })(),
    ).rejects.toBe(reason)
    expect(server.connections()).toBe(1)
  })

  it('S-32 refuses a header that cannot be sent before anything is sent', async () => {
    const server = await started(loopbackServer(() => ({})))
    expect(
      (await failureOf(() => arrangeHttp().request(get(`${server.origin}/`, { headers: { authorization: 'Bearer CANARY\n' } })))).code,
    ).toBe('CLAW_DATA_INVALID')
    expect(server.connections()).toBe(0)
  })

  it('S-26 refuses http elsewhere, and speaks it where the user allows it', async () => {
    const http = arrangeHttp()
    expect((await failureOf(() => http.request(get('http://localhost:1/')))).code).toBe('CLAW_INSECURE')
    const server = await started(loopbackServer(() => ({ body: 'lan' })))
    expect(await readText(await http.request(get(`http://localhost:${server.port}/`, { allowHttp: true })))).toBe('lan')
  })
})

describe('a connection made ahead', () => {
  it('S-34 is a fresh one that carries one request and is then closed', async () => {
    const server = await started(loopbackServer(() => ({ body: 'x' })))
    const http = arrangeHttp()
    await readText(await http.request(get(`${server.origin}/`)))
    const connection = await http.connect(`${server.origin}/token`, signal)
    expect([server.connections(), server.requests.length]).toEqual([2, 1])
    expect(await readText(await connection.request({ method: 'POST', url: `${server.origin}/token`, headers: {}, body: 'grant' }))).toBe(
      'x',
    )
    expect(server.requests.at(-1)).toMatchObject({ path: '/token', body: 'grant', headers: { connection: 'close' } })
    expect(
      (await failureOf(() => connection.request({ method: 'POST', url: `${server.origin}/token`, headers: {}, body: 'grant' }))).code,
    ).toBe('CLAW_INTERNAL')
    connection.close()
  })

  it('is for the origin that it was opened for only', async () => {
    const server = await started(loopbackServer(() => ({})))
    const connection = await arrangeHttp().connect(`${server.origin}/token`, signal)
    expect((await failureOf(() => connection.request({ method: 'POST', url: 'https://other.example/', headers: {} }))).code).toBe(
      'CLAW_INTERNAL',
    )
    expect(server.requests).toEqual([])
  })

  it('R-20 says that nothing was sent when the other side closed it meanwhile', async () => {
    const server = await started(rawServer((socket) => void socket.destroy()))
    const http = arrangeHttp()
    const connection = await http.connect(`${server.origin}/token`, signal)
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    const failure = await failureOf(() => connection.request({ method: 'POST', url: `${server.origin}/token`, headers: {}, body: 'x' }))
    expect([failure.code, failure.data]).toEqual(['CLAW_NETWORK', { sent: false, errno: 'ECONNRESET' }])
  })

  it('R-39 names the limit for connecting, with nothing sent', async () => {
    const clock = fakeClock()
    const arrived = gate()
    // A server that takes the connection and never begins with TLS.
    const server = await started(rawServer((socket) => socket.once('data', () => arrived.open())))
    const failure = failureOf(() => arrangeHttp({}, { clock }).connect(`https://127.0.0.1:${server.port}/`, signal))
    await arrived.opened
    await clock.advance(10_000)
    expect(await failure).toEqual({
      code: 'CLAW_NETWORK',
      what: `no connection to \`https://127.0.0.1:${server.port}\` within 10 s`,
      fix: 'check the network of this machine, or set `network.proxy`',
      data: { sent: false, errno: 'ETIMEDOUT', limit: { limit: 'connect', seconds: 10, source: 'built-in' } },
    })
    expect(clock.pending).toBe(0)
  })

  it('R-38 is given up when its signal says so, and when claw ends', async () => {
    const server = await started(rawServer(() => {}))
    const url = `https://127.0.0.1:${server.port}/`
    const caller = new AbortController()
    const first = arrangeHttp().connect(url, caller.signal)
    caller.abort(new Error('enough'))
    await expect(first).rejects.toThrow('enough')
    const http = arrangeHttp()
    const second = failureOf(() => http.connect(url, signal))
    await http.close()
    expect((await second).code).toBe('CLAW_CANCELLED')
  })
})

describe('TLS', () => {
  let certificate: Certificate
  let caFile: string
  let secure: LoopbackServer
  beforeAll(async () => {
    certificate = selfSigned(['IP:127.0.0.1', `DNS:${TARGET}`])
    const dir = await mkdtemp(join(tmpdir(), 'claw-ca-'))
    caFile = join(dir, 'ca.pem')
    await writeFile(caFile, certificate.cert)
    secure = await loopbackServer(() => ({ body: 'secret' }), certificate)
    return async () => {
      await secure.close()
      await rm(dir, { recursive: true })
    }
  })

  it.each([{}, { NODE_TLS_REJECT_UNAUTHORIZED: '0' }])(
    'S-28 refuses a certificate that nobody vouches for (environment %j)',
    async (variables) => {
      expect(await failureOf(() => arrangeHttp(variables).request(get(`${secure.origin}/`)))).toEqual({
        code: 'CLAW_NETWORK',
        what: `no connection to \`${secure.origin}\``,
        why: 'DEPTH_ZERO_SELF_SIGNED_CERT: the certificate is signed by itself',
        fix: 'set `network.ca_file` to the PEM file of the authority that signs here',
        data: { sent: false, errno: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
      })
      expect(secure.requests).toEqual([])
    },
  )

  it('S-28 trusts an authority of the configuration or of the environment', async () => {
    const ways: [Record<string, string>, { caFile?: string }][] = [
      [{}, { caFile }],
      [{ SSL_CERT_FILE: caFile }, {}],
      [{ NODE_EXTRA_CA_CERTS: caFile }, {}],
    ]
    for (const [variables, options] of ways) {
      expect(await readText(await arrangeHttp(variables, options).request(get(`${secure.origin}/`)))).toBe('secret')
    }
  })

  it('S-28 refuses a trusted certificate that is for another host', async () => {
    const failure = await failureOf(() => arrangeHttp({}, { caFile }).request(get(`https://localhost:${secure.port}/`)))
    expect([failure.code, failure.data.errno]).toEqual(['CLAW_NETWORK', 'ERR_TLS_CERT_ALTNAME_INVALID'])
  })

  it('S-28 sends no credential while certificate checks are switched off, not even to a trusted server', async () => {
    const http = arrangeHttp({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }, { caFile })
    const before = secure.connections()
    const attempts = [
      () => http.request(get(`${secure.origin}/`, { headers: { authorization: 'Bearer t' } })),
      () => http.request(get(`${secure.origin}/`, { headers: { 'x-own-key': 'k' } })),
      () => http.request({ method: 'POST', url: `${secure.origin}/`, headers: {}, body: 'refresh_token=t', signal }),
      () => http.connect(`${secure.origin}/`, signal),
    ]
    for (const attempt of attempts) {
      expect(await failureOf(attempt)).toEqual({
        code: 'CLAW_INSECURE',
        what: `no credential is sent to \`127.0.0.1:${secure.port}\` while certificate checks are switched off`,
        why: '`NODE_TLS_REJECT_UNAUTHORIZED` is 0',
        fix: 'unset NODE_TLS_REJECT_UNAUTHORIZED, and set `network.ca_file` for an authority of your own',
        data: {},
      })
    }
    expect(secure.connections()).toBe(before)
  })

  it('says what is wrong with a CA file', async () => {
    const missing = `${caFile}.missing`
    expect(await failureOf(() => arrangeHttp({}, { caFile: missing }).request(get(`${secure.origin}/`)))).toEqual({
      code: 'CLAW_FILE_UNREADABLE',
      what: `cannot read \`${missing}\` of \`network.ca_file\``,
      why: 'ENOENT',
      fix: 'set `network.ca_file` to a readable PEM file',
      data: {},
    })
    await writeFile(`${caFile}.empty`, 'nothing')
    expect((await failureOf(() => arrangeHttp({}, { caFile: `${caFile}.empty` }).request(get(`${secure.origin}/`)))).code).toBe(
      'CLAW_CONFIG_INVALID',
    )
  })

  it.each(['http', 'https'])(
    'S-29 reaches a host through an %s proxy by CONNECT, with the password of the proxy for the proxy only',
    async (scheme) => {
      const proxy = await started(connectProxy({ route: () => secure.port, ...(scheme === 'https' && { certificate }) }))
      const http = arrangeHttp({ HTTPS_PROXY: proxy.url.replace('://', '://ci:CANARY-proxy@') }, { caFile })
      const before = secure.requests.length
      const connection = await http.connect(`https://${TARGET}/token`, signal)
      expect([secure.requests.length, proxy.requests]).toEqual([
        before,
        [{ line: `CONNECT ${TARGET}:443`, authorization: `Basic ${Buffer.from('ci:CANARY-proxy').toString('base64')}` }],
      ])
      expect(await readText(await connection.request({ method: 'POST', url: `https://${TARGET}/token`, headers: {}, body: 'x' }))).toBe(
        'secret',
      )
      expect(await readText(await http.request(get(`https://${TARGET}/v1`)))).toBe('secret')
      expect(secure.requests.slice(before).map(({ path, headers }) => [path, headers.host, headers['proxy-authorization']])).toEqual([
        ['/token', TARGET, undefined],
        ['/v1', TARGET, undefined],
      ])
    },
  )

  it('S-28 checks the certificate behind a proxy too, whatever the environment says', async () => {
    const proxy = await started(connectProxy({ route: () => secure.port }))
    for (const variables of [{}, { NODE_TLS_REJECT_UNAUTHORIZED: '0' }]) {
      expect(await failureOf(() => arrangeHttp({ ...variables, HTTPS_PROXY: proxy.url }).request(get(`https://${TARGET}/`)))).toEqual({
        code: 'CLAW_NETWORK',
        what: `no connection to \`https://${TARGET}\` through the proxy \`${proxy.url}\``,
        why: 'DEPTH_ZERO_SELF_SIGNED_CERT: the certificate is signed by itself',
        fix: 'set `network.ca_file` to the PEM file of the authority that signs here',
        data: { sent: false, errno: 'DEPTH_ZERO_SELF_SIGNED_CERT', proxy: proxy.url, source: 'HTTPS_PROXY' },
      })
    }
  })

  it('S-29 never takes loopback through a proxy', async () => {
    const proxy = await started(connectProxy())
    expect(await readText(await arrangeHttp({ HTTPS_PROXY: proxy.url }, { caFile }).request(get(`${secure.origin}/`)))).toBe('secret')
    expect(proxy.requests).toEqual([])
  })
})

describe('a proxy that says no', () => {
  it.each([
    [
      'asks for a password',
      'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n',
      (url: string) => `the proxy \`${url}\` asks for a user name and password`,
      undefined,
      'put them into `HTTPS_PROXY` as `http://user:password@host:port`',
      407,
    ],
    [
      'forbids the host',
      'HTTP/1.1 403 Forbidden\u001b[31m\r\n\r\n',
      (url: string) => `the proxy \`${url}\` refuses to connect to \`${TARGET}:443\``,
      'HTTP 403 Forbidden\\x1b[31m',
      'ask whoever runs the proxy, or exempt the host with NO_PROXY',
      403,
    ],
    [
      'speaks no HTTP',
      'SSH-2.0\r\n\r\n',
      (url: string) => `the answer of the proxy \`${url}\` is not valid HTTP`,
      undefined,
      'check `HTTPS_PROXY`',
      undefined,
    ],
    [
      'puts bytes into the tunnel',
      'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n',
      (url: string) => `the answer of the proxy \`${url}\` is not valid HTTP`,
      undefined,
      'check `HTTPS_PROXY`',
      undefined,
    ],
    [
      'never ends its head',
      'x'.repeat(20_000),
      (url: string) => `the answer of the proxy \`${url}\` is not valid HTTP`,
      undefined,
      'check `HTTPS_PROXY`',
      undefined,
    ],
    [
      'hangs up',
      '',
      (url: string) => `the proxy \`${url}\` closed the connection without an answer`,
      undefined,
      'check `HTTPS_PROXY`',
      undefined,
    ],
  ])('S-29 is told what happened when it %s', async (_name, refuse, what, why, fix, proxyStatus) => {
    const proxy = await started(connectProxy({ refuse }))
    expect(
      await failureOf(() =>
        arrangeHttp({ HTTPS_PROXY: proxy.url.replace('://', '://ci:CANARY-proxy@') }).request(get(`https://${TARGET}/`)),
      ),
    ).toEqual({
      code: 'CLAW_NETWORK',
      what: what(proxy.url),
      ...(why !== undefined && { why }),
      fix,
      data: { sent: false, errno: 'PROXY', proxy: proxy.url, source: 'HTTPS_PROXY', ...(proxyStatus !== undefined && { proxyStatus }) },
    })
  })

  it('S-29 is not there at all', async () => {
    const port = await closedPort()
    expect(
      await failureOf(() => arrangeHttp({ HTTPS_PROXY: `http://u:CANARY-proxy@127.0.0.1:${port}` }).request(get(`https://${TARGET}/`))),
    ).toEqual({
      code: 'CLAW_NETWORK',
      what: `no connection to \`https://${TARGET}\` through the proxy \`http://127.0.0.1:${port}\``,
      why: 'ECONNREFUSED: nothing listens there',
      fix: 'check `HTTPS_PROXY`, or exempt the host with NO_PROXY',
      data: { sent: false, errno: 'ECONNREFUSED', proxy: `http://127.0.0.1:${port}`, source: 'HTTPS_PROXY' },
    })
  })

  it('S-29 is never given a request without TLS', async () => {
    const proxy = await started(connectProxy())
    expect(
      await failureOf(() => arrangeHttp({ http_proxy: proxy.url }).request(get('http://lan.example:8080/', { allowHttp: true }))),
    ).toEqual({
      code: 'CLAW_INSECURE',
      what: '`lan.example:8080` would be spoken to without TLS through the proxy of `http_proxy`',
      fix: 'add `lan.example` to NO_PROXY',
      data: { sent: false },
    })
    expect(proxy.requests).toEqual([])
  })

  it('S-29 is shown by proxyDecision as it would be used', () => {
    expect(arrangeHttp({ HTTPS_PROXY: 'http://u:CANARY-proxy@up.example:1' }).proxyDecision(`https://${TARGET}/`)).toEqual({
      via: 'proxy',
      proxy: 'http://up.example:1',
      source: 'HTTPS_PROXY',
      authorization: expect.anything(),
    })
  })
})

it('keeps nothing alive after it was closed', async () => {
  const server = await started(loopbackServer(() => ({ body: 'x' })))
  const http = new UndiciHttp({ clock: systemClock(), environment: environmentOf({}), isShortLived: true })
  await readText(await http.request(get(`${server.origin}/`)))
  await http.connect(`${server.origin}/`, signal)
  await http.close()
  expect((await failureOf(() => http.request(get(`${server.origin}/`)))).code).toBe('CLAW_NETWORK')
})
