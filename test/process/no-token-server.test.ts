import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { ChildProcess } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { ask } from '../support/loopback-client.ts'
import { runClaw } from '../support/run-claw.ts'
import { type Sandboxed, sandboxed } from '../support/sandboxed.ts'

/** The addresses that a process listens on (Linux): its sockets among those of the system that are in state LISTEN. */
function listeningOf(pid: number): string[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? []
      } catch {
        return []
      }
    }),
  )
  return ['tcp', 'tcp6'].flatMap((name) =>
    readFileSync(`/proc/net/${name}`, 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === '0A' && inode !== undefined && own.has(inode))
      .map(([, address = '']) => `${name}:${Number.parseInt(address.split(':')[1] ?? '', 16)}`),
  )
}

/** Runs a command until a pattern is printed, looks at what it listens on, and ends it. */
async function whileRunning(
  box: Sandboxed,
  args: readonly string[],
  pattern: RegExp,
  look: (found: string) => Promise<void> = async () => undefined,
) {
  let child: ChildProcess | undefined
  let listening: string[] | undefined
  let looked: Promise<void> | undefined
  const see = (text: string) => {
    const found = pattern.exec(text)?.[0]
    if (found === undefined || looked || child?.pid === undefined) return
    listening = listeningOf(child.pid)
    looked = look(found).finally(() => child?.kill('SIGTERM'))
  }
  const env = { HOME: box.home, CLAW_HOME: box.home, CLAW_CONFIG: `${box.home}/config.toml` }
  const ended = await runClaw(args, {
    env,
    onStart(started) {
      child = started
      for (const stream of [started.stdout, started.stderr]) stream?.on('data', (chunk) => see(String(chunk)))
    },
  })
  await looked
  if (listening === undefined) throw new Error(`it never printed ${pattern}: ${ended.stdout}${ended.stderr}`)
  return listening
}

describe.runIf(process.platform === 'linux')('S-47 no process of claw hands out credentials by a server', () => {
  it('S-47 a sign-in in a browser listens on its callback alone, which answers everybody alike', async () => {
    await using box = await sandboxed()
    const answers: string[] = []
    const listening = await whileRunning(box, ['auth', '--browser', 'openrouter', '--json'], /"redirectUri":"[^"]+"/, async (found) => {
      const callback = new URL(found.slice('"redirectUri":"'.length, -1))
      for (const path of ['/', '/token', '/credentials', callback.pathname]) answers.push((await ask(new URL(path, callback).href)).body)
    })
    const [port] = [...new Set(listening.map((each) => each.split(':')[1]))]
    expect(listening.every((each) => each === `tcp:${port}` || each === `tcp6:${port}`)).toBe(true)
    expect(listening.length).toBeGreaterThan(0)
    expect(answers.filter((body) => /sk-|Bearer|token|sandbox/.test(body))).toEqual([])
  })

  it('S-47 a device sign-in that waits listens on nothing', async () => {
    await using box = await sandboxed({ scenario: 'manual' })
    await expect(whileRunning(box, ['auth', '--device', 'moonshot'], /only continue if you started this/)).resolves.toEqual([])
  })

  it('S-47 a prompt whose answer comes in pieces listens on nothing', async () => {
    await using box = await sandboxed({ scenario: 'slow-body' })
    await box.claw('auth', '--device', 'moonshot', '--no-check')
    await expect(whileRunning(box, ['prompt', '-m', 'moonshot', 'say: a long answer in pieces'], /\S/)).resolves.toEqual([])
  })
})
