import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileStore, type FileStoreOptions } from '../../src/credentials/file-store.ts'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { systemMachine } from '../../src/platform/system-machine.ts'

export const machine = systemMachine({})

/** The clock of the machine for somebody who does not like to wait: each sleep is over at once, and has taken its time. */
export function hastyClock(): Clock {
  const real = systemClock()
  let skippedMs = 0
  const now = () => real.now() + skippedMs
  return {
    ...real,
    now,
    async sleepUntil(instant, signal) {
      signal?.throwIfAborted()
      skippedMs += Math.max(0, instant - now())
    },
  }
}

/** A fresh home with a state directory that does not exist yet. */
export class StateDir implements Disposable {
  readonly home = realpathSync(mkdtempSync(join(tmpdir(), 'claw-store-')))
  readonly dir = join(this.home, 'state')
  readonly file = join(this.dir, 'credentials.json')
  readonly locks = join(this.dir, 'locks')
  readonly spool = join(this.dir, 'spool')

  store(changes: Partial<FileStoreOptions> = {}): FileStore {
    return new FileStore({
      dir: this.dir,
      clock: systemClock(),
      random: systemRandom,
      machine,
      followSymlink: false,
      signal: new AbortController().signal,
      ...changes,
    })
  }

  get bytes(): string {
    return readFileSync(this.file, 'utf8')
  }

  get json(): Record<string, unknown> & { records: Record<string, unknown>[] } {
    return JSON.parse(this.bytes)
  }

  mode(path: string): string {
    return (statSync(path).mode & 0o7777).toString(8)
  }

  /** Lock files that are in force or were last in force, newest last, by their paths. */
  lockFiles(): string[] {
    return readdirSync(this.locks)
      .filter((name) => /^[0-9a-f]{32}\.[1-9]\d*$/.test(name))
      .sort()
      .map((name) => join(this.locks, name))
  }

  /** Makes every file older than it is. */
  age(path: string, ms: number): void {
    const then = (statSync(path).mtimeMs - ms) / 1_000
    utimesSync(path, then, then)
  }

  [Symbol.dispose](): void {
    rmSync(this.home, { recursive: true, force: true })
  }
}
