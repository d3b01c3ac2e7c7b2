import { execFileSync } from 'node:child_process'
import { writeSync } from 'node:fs'
import { url } from 'node:inspector'
import { criticalSection } from '../../src/platform/critical-section.ts'
import { openSystem } from '../../src/platform/system.ts'

const { clock, out, signals } = openSystem()
const forEver = () => clock.sleepUntil(clock.now() + 3_600_000)
const say = (line: string) => void writeSync(1, `${line}\n`)

const WORK: Readonly<Record<string, () => Promise<void>>> = {
  /** Ends in order when a signal comes. */
  async heeds() {
    say('ready')
    await clock.sleepUntil(clock.now() + 3_600_000, signals.signal).catch(() => undefined)
    say('in order')
    signals.raise()
  },
  async ignores() {
    say('ready')
    await forEver()
  },
  /** Must not be cut short: it ends when a second signal has come. */
  async stores() {
    await criticalSection(async () => {
      const second = new Promise<void>((resolve) => {
        let count = 0
        process.on('SIGTERM', () => {
          if (++count === 2) setImmediate(resolve)
          else say('once')
        })
      })
      say('ready')
      await Promise.race([second, forEver()])
      say('stored')
    })
    await forEver()
  },
  /** Is told to open a debugger, as any user of the machine could do where nobody listens. */
  async debugs() {
    const before = process.listenerCount('SIGUSR1')
    const told = new AbortController()
    process.once('SIGUSR1', () => told.abort())
    process.kill(process.pid, 'SIGUSR1')
    await clock.sleepUntil(clock.now() + 3_600_000, told.signal).catch(() => undefined)
    say(`${before} ${url() ?? 'no debugger'}`)
  },
  async throws() {
    setImmediate(() => {
      throw new TypeError('CANARY in the message')
    })
    await forEver()
  },
  async rejects() {
    void Promise.reject(new RangeError('CANARY in the message'))
    await forEver()
  },
  async floods() {
    for (let i = 0; i < 80; i++) await out.write(`${i}`.padStart(65_535, '.').concat('\n'))
  },
  /** Starts a child that is given no environment of its own. */
  async child() {
    const script = 'JSON.stringify(Object.keys(process.env).sort())'
    say(execFileSync(process.execPath, ['-p', script], { encoding: 'utf8' }).trim())
  },
  async environment() {
    say(JSON.stringify(Object.keys(process.env).sort()))
  },
}

void WORK[process.argv[2] ?? '']?.()
