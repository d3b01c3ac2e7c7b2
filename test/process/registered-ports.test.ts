import { createServer, type Server } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ask } from '../support/loopback-client.ts'
import { sandboxed } from '../support/sandboxed.ts'

/** The ports that OpenAI has registered for its sign-in. No other test listens there; those of this file run one after the other. */
const PORTS = [1455, 1457] as const

/** Another program on a port, which counts who comes. */
async function holder(port: number) {
  let visits = 0
  const server = createServer((socket) => {
    visits++
    socket.destroy()
  })
  await listen(server, port, '127.0.0.1')
  return { visits: () => visits, close: () => new Promise<void>((resolve) => server.close(() => resolve())) }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, exclusive: true }, resolve)
  })
}

async function isFree(port: number): Promise<boolean> {
  try {
    await (await holder(port)).close()
    return true
  } catch {
    return false
  }
}

const held: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of held.splice(0)) await each.close()
})
async function hold(port: number) {
  const program = await holder(port)
  held.push(program)
  return program
}

describe('the sign-in with ports that its vendor has registered', () => {
  beforeEach(async (context) => {
    const taken = await Promise.all(PORTS.map(async (port) => ((await isFree(port)) ? [] : [port])))
    // A machine of CI has no sign-in of somebody else: there the test fails at the port itself.
    context.skip(taken.flat().length > 0 && process.env.CI === undefined, `another program holds ${taken.flat().join(' and ')}`)
  })

  it('S-37 listens on 1457 where another program holds 1455, and never asks that one anything', async () => {
    await using box = await sandboxed()
    const other = await hold(1455)
    let visit: Promise<unknown> | undefined
    let redirectUri = ''
    const signedIn = await box.claw(
      {
        onStdout(text) {
          const told = /"type":"authorization_url".*?"url":"([^"]+)","redirectUri":"([^"]+)"/.exec(text)
          if (!told || visit) return
          redirectUri = String(told[2])
          const state = new URL(String(told[1])).searchParams.get('state')
          visit = ask(`${redirectUri}?${new URLSearchParams({ error: 'access_denied', state: String(state) })}`)
        },
      },
      ...['auth', '--browser', 'openai-codex', '--no-check', '--json'],
    )
    await visit
    expect({ redirectUri, exitCode: signedIn.exitCode, code: signedIn.result?.code, visits: other.visits() }).toEqual({
      redirectUri: 'http://localhost:1457/auth/callback',
      exitCode: 79,
      code: 'CLAW_DENIED',
      visits: 0,
    })
  })

  it('S-37 ends with exit 75, the names of the holders and a paste where both are held', async () => {
    await using box = await sandboxed()
    const others = [await hold(1455), await hold(1457)]
    const signedIn = await box.claw('auth', '--browser', 'openai-codex', '--no-check', '--json')
    const owner = process.platform === 'linux' ? `(process ${process.pid}) listens on 1455` : 'another program listens there'
    expect([signedIn.exitCode, signedIn.result]).toEqual([
      75,
      expect.objectContaining({
        code: 'CLAW_LOGIN_BUSY',
        message: 'no port of this machine is free for the callback: 1455, 1457',
        why: expect.stringContaining(owner),
        fix: 'claw auth --paste openai-codex',
      }),
    ])
    expect([others.map(({ visits }) => visits()), box.journal()]).toEqual([[0, 0], []])
  })
})
