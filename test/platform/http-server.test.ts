import { readFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { afterEach, describe, expect, it } from 'vitest'
import { type Handler, type RunningServer, serveLoopback, type ServeOptions } from '../../src/platform/http-server.ts'
import { failureOf } from '../support/failure.ts'
import { gate } from '../support/gate.ts'
import { ask, dial } from '../support/loopback-client.ts'

const running: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const server of running.splice(0)) await server.close()
})

const ok: Handler = async () => ({ status: 200, body: 'ok' })
async function serving(handle: Handler = ok, options: ServeOptions = {}): Promise<RunningServer> {
  const server = await serveLoopback(handle, options)
  running.push(server)
  return server
}

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))

describe('a request to a loopback server', () => {
  it('reaches the handler with path, query, headers and body apart', async () => {
    const seen: unknown[] = []
    const server = await serving(async ({ method, path, query, headers, body }) => {
      seen.push({ method, path, query: [...query], type: headers['content-type'], twice: headers['x-twice'], body })
      return { status: 201, headers: { 'x-answer': 'yes' }, body: 'made' }
    })
    const raw = await dial(
      server.port,
      'POST /a/b?x=1&y=2?3 HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nX-Twice: 1\r\nX-Twice: 2\r\nContent-Length: 5\r\nConnection: close\r\n\r\nh\u00e9lo',
    )
    const answer = await raw.ended
    expect(seen).toEqual([
      {
        method: 'POST',
        path: '/a/b',
        query: [
          ['x', '1'],
          ['y', '2?3'],
        ],
        type: 'text/plain',
        twice: '1, 2',
        body: 'h\u00e9lo',
      },
    ])
    expect(answer.split('\r\n')[0]).toBe('HTTP/1.1 201 Created')
    expect(answer).toMatch(/\r\nx-answer: yes\r\n[\s\S]*\r\n\r\nmade$/)
  })

  it.each(['http://elsewhere.example/x', '//elsewhere.example/x', '*', 'x'])('S-38 is refused for the target %s', async (target) => {
    let asked = 0
    const server = await serving(async () => {
      asked++
      return { status: 200 }
    })
    const raw = await dial(server.port, `OPTIONS ${target} HTTP/1.1\r\nHost: h\r\n\r\n`)
    expect((await raw.ended).split('\r\n')[0]).toBe('HTTP/1.1 400 Bad Request')
    expect(asked).toBe(0)
  })

  it('is answered 500 when the handler has a fault', async () => {
    const server = await serving(async () => {
      throw new Error('a fault with a secret')
    })
    expect(await ask(server.origin)).toMatchObject({ status: 500, body: '', isWhole: true })
  })

  it('is never answered whole when the fault comes in the middle', async () => {
    const server = await serving(async () => ({
      status: 200,
      body: (async function* () {
        yield 'half'
        throw new Error('a fault')
      })(),
    }))
    const heard = await ask(server.origin).catch((error: NodeJS.ErrnoException) => ({ isWhole: false, error: error.code }))
    expect(heard.isWhole).toBe(false)
  })
})

describe('an answer in pieces', () => {
  it('arrives in order and whole', async () => {
    const server = await serving(async () => ({
      status: 200,
      body: (async function* () {
        for (let n = 0; n < 5_000; n++) yield `${n} `
      })(),
    }))
    const heard = await ask(server.origin)
    expect({ ...heard, headers: {} }).toEqual({
      status: 200,
      headers: {},
      body: Array.from({ length: 5_000 }, (_, n) => `${n} `).join(''),
      isWhole: true,
    })
  })

  it('is cut after the last piece, which has arrived', async () => {
    const server = await serving(async () => ({
      status: 200,
      isCut: true,
      body: (async function* () {
        yield 'one '
        yield 'two'
      })(),
    }))
    expect(await ask(server.origin)).toMatchObject({ status: 200, body: 'one two', isWhole: false })
  })

  it('is cut before the first byte where there are no pieces', async () => {
    const server = await serving(async () => ({ status: 200, isCut: true }))
    await expect(ask(server.origin)).rejects.toMatchObject({ code: 'ECONNRESET' })
  })

  it('is no longer made when the client has gone', async () => {
    const stopped = gate()
    const aborted = gate()
    const server = await serving(async ({ signal }) => {
      signal.addEventListener('abort', aborted.open)
      return {
        status: 200,
        body: (async function* () {
          try {
            for (;;) yield 'x'.repeat(65_536)
          } finally {
            stopped.open()
          }
        })(),
      }
    })
    const raw = await dial(server.port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    raw.socket.pause()
    raw.socket.destroy()
    await Promise.all([stopped.opened, aborted.opened])
  })
})

describe('where a loopback server listens', () => {
  it('S-37 is loopback and nothing else', async () => {
    const server = await serving()
    const port = server.port.toString(16).toUpperCase().padStart(4, '0')
    const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')))
    const listeners = tables
      .join('\n')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => local?.endsWith(`:${port}`) && state === '0A')
      .map(([, local]) => local)
    expect(listeners).toEqual(process.platform === 'linux' ? [`0100007F:${port}`] : [])
    const others = Object.values(networkInterfaces()).flatMap((all) => all ?? [])
    for (const { address } of others.filter(({ family, internal }) => family === 'IPv4' && !internal)) {
      await expect(dial(server.port, '', address)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    }
  })

  it.runIf(hasIpv6)('S-37 is both families of loopback when asked, on one port', async () => {
    const server = await serving(ok, { isDualStack: true })
    const heard = [await ask(`http://127.0.0.1:${server.port}/`), await ask(`http://[::1]:${server.port}/`)]
    expect(heard.map(({ body }) => body)).toEqual(['ok', 'ok'])
    await server.close()
    await expect(dial(server.port, '', '::1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it.runIf(hasIpv6)('S-37 is neither when somebody else has the port on one of them', async () => {
    const { createServer } = await import('node:net')
    const squatter = createServer()
    await new Promise<void>((resolve) => squatter.listen(0, '::1', resolve))
    running.push({ close: () => new Promise((resolve) => squatter.close(() => resolve())) })
    const address = squatter.address()
    const port = typeof address === 'object' && address ? address.port : 0
    expect(await failureOf(() => serveLoopback(ok, { port, isDualStack: true }))).toEqual(busy(port))
    await expect(dial(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('is said when the port is taken', async () => {
    const { port } = await serving()
    expect(await failureOf(() => serveLoopback(ok, { port }))).toEqual(busy(port))
  })
})

describe('S-40 clients that are slow, silent or too many', () => {
  it('keep nobody out: the oldest of them go when another comes', async () => {
    const server = await serving()
    const silent = await Promise.all(Array.from({ length: 50 }, () => dial(server.port)))
    const drip = await dial(server.port, 'GET / HTTP/1.1\r\nX-Slow: ')
    expect(await ask(server.origin)).toMatchObject({ status: 200, body: 'ok' })
    // 52 came, 16 may be there.
    const gone = silent.slice(0, 52 - 16)
    expect(await Promise.all(gone.map(({ ended }) => ended))).toEqual(gone.map(() => ''))
    expect(drip.socket.closed).toBe(false)
  })

  it('do not push out one whose request is in work', async () => {
    const arrived = gate()
    const go = gate()
    const handle: Handler = async ({ path }) => {
      if (path !== '/slow') return { status: 200, body: 'ok' }
      arrived.open()
      await go.opened
      return { status: 200, body: 'late' }
    }
    const server = await serving(handle, { limits: { maxConnections: 2 } })
    const late = ask(`${server.origin}/slow`)
    await arrived.opened
    const silent = [await dial(server.port), await dial(server.port)]
    expect(await silent[0]?.ended).toBe('')
    expect(await ask(server.origin)).toMatchObject({ status: 200 })
    go.open()
    expect(await late).toMatchObject({ status: 200, body: 'late', isWhole: true })
  })

  it.each([
    ['without a byte', ''],
    ['in the middle of a header', 'GET / HTTP/1.1\r\nX-Slow: '],
    ['in the middle of a body', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf'],
  ])('are sent away when they stop %s', async (_, bytes) => {
    const server = await serving(ok, { limits: { headersMs: 40, requestMs: 80, checkEveryMs: 20 } })
    const raw = await dial(server.port, bytes)
    expect((await raw.ended).split('\r\n')[0]).toBe('HTTP/1.1 408 Request Timeout')
  })

  it('are sent away when nothing moves', async () => {
    const server = await serving(ok, { limits: { idleMs: 40 } })
    const raw = await dial(server.port)
    expect(await raw.ended).toBe('')
  })

  it('are refused headers above 8 KiB and bodies above 64 KiB', async () => {
    const server = await serving()
    expect(await ask(server.origin, { headers: { 'x-long': 'x'.repeat(8_192) } })).toMatchObject({ status: 431 })
    expect(await ask(server.origin, { body: 'x'.repeat(65_536) })).toMatchObject({ status: 200 })
    const raw = await dial(server.port, `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 900000\r\n\r\n${'x'.repeat(65_537)}`)
    expect((await raw.ended).split('\r\n')[0]).toBe('HTTP/1.1 413 Payload Too Large')
  })

  it('hold nothing open once the server is closed', async () => {
    const begun = gate()
    const server = await serving(async () => {
      begun.open()
      return {
        status: 200,
        body: (async function* () {
          yield 'begun'
          await new Promise(() => undefined)
        })(),
      }
    })
    const clients = await Promise.all([
      dial(server.port),
      dial(server.port, 'GET / HTTP/1.1\r\nX-Slow: '),
      dial(server.port, 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf'),
      dial(server.port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'),
    ])
    await begun.opened
    await server.close()
    await Promise.all(clients.map(({ ended }) => ended))
    await expect(dial(server.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await serving(ok, { port: server.port })
  })
})

function busy(port: number) {
  return {
    code: 'CLAW_LOGIN_BUSY',
    what: `the port ${port} of this machine cannot be used`,
    why: 'EADDRINUSE',
    fix: 'choose another port',
    data: {},
  }
}
