import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { environmentOf } from '../../src/platform/environment.ts'
import type { HttpRequest } from '../../src/platform/http.ts'
import { readText } from '../../src/platform/read-text.ts'
import { UndiciHttp } from '../../src/platform/undici-http.ts'
import { failureOf } from '../support/failure.ts'
import { gate } from '../support/gate.ts'

let dir = ''
let http: UndiciHttp
const servers: Server[] = []
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'claw-socket-'))
  http = new UndiciHttp({ clock: systemClock(), environment: environmentOf({ http_proxy: 'http://127.0.0.1:9' }) })
})
afterEach(async () => {
  await http.close()
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
  await rm(dir, { recursive: true, force: true })
})

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  const path = join(dir, 'socket')
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return path
}
const post = (socketPath: string, signal = new AbortController().signal): HttpRequest => ({
  method: 'POST',
  url: 'http://localhost/v1/x?y=1',
  headers: { 'content-type': 'text/plain' },
  body: 'hello',
  allowHttp: true,
  socketPath,
  signal,
})

describe('HTTP over a unix socket', () => {
  it('reaches the server there, on a connection for one request, whatever proxy is set', async () => {
    const seen: unknown[] = []
    const path = await listening((request, response) => {
      request.on('data', (chunk: Buffer) => {
        seen.push([request.method, request.url, request.headers.host, request.headers.connection, chunk.toString()])
        response.end('answer')
      })
    })
    for (const _ of [1, 2]) expect(await readText(await http.request(post(path)))).toBe('answer')
    const one = ['POST', '/v1/x?y=1', 'localhost', 'close', 'hello']
    expect(seen).toEqual([one, one])
  })

  it('tells where nobody listens', async () => {
    const path = join(dir, 'none')
    expect(await failureOf(() => http.request(post(path)))).toEqual({
      code: 'CLAW_NETWORK',
      what: `no connection to \`${path}\``,
      why: 'ENOENT',
      fix: 'check the network of this machine, or set `network.proxy`',
      data: { sent: false, errno: 'ENOENT' },
    })
  })

  it('ends with its signal, and with the client', async () => {
    const begun = [gate(), gate()]
    let count = 0
    const path = await listening(() => begun[count++]?.open())
    const stop = new AbortController()
    const first = http.request(post(path, stop.signal))
    await begun[0]?.opened
    stop.abort(new Error('stopped'))
    await expect(first).rejects.toThrow('stopped')
    await expect(http.request(post(path, stop.signal))).rejects.toThrow('stopped')
    const second = failureOf(() => http.request(post(path)))
    await begun[1]?.opened
    await http.close()
    expect(await second).toMatchObject({ code: 'CLAW_NETWORK', data: { sent: true } })
  })
})
