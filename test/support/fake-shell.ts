import type { Shell, TextOutput } from '../../src/cli/context.ts'
import type { World } from '../../src/app/ports.ts'
import { environmentOf } from '../../src/platform/environment.ts'
import { systemMachine } from '../../src/platform/system-machine.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { type FakeClock, fakeClock } from './fake-clock.ts'

interface FakeStream extends TextOutput {
  readonly text: string
}

export interface FakeShell extends Shell {
  readonly out: FakeStream
  readonly err: FakeStream
  readonly clock: FakeClock
  /** What a signal of the system does. */
  abort(reason: Error): void
}

export interface FakeShellOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly vendor?: string
  readonly isTTY?: boolean
  readonly isFile?: boolean
  /** What stdin holds; nothing unless it is said. */
  readonly stdin?: string
  /** What somebody types where nothing is shown. */
  readonly typed?: string
  readonly guard?: () => void
  /** A clock that others go by too. */
  readonly clock?: FakeClock
  /** A store that outlives the command. */
  readonly opened?: World['opened']
  /** Absent = this one, looked at anew. */
  readonly machine?: World['machine']
  /** The socket of the platform. */
  readonly socketPath?: string | undefined
  /** Sees what is printed while it is printed. */
  readonly onText?: (text: string) => void
}

/** A shell with buffers for streams and a clock that stands still. */
export function fakeShell({
  env = {},
  vendor,
  isTTY = false,
  isFile = false,
  stdin = '',
  typed = '',
  guard = () => undefined,
  clock = fakeClock(),
  onText = () => undefined,
  opened,
  machine = systemMachine({}),
  socketPath,
}: FakeShellOptions = {}): FakeShell {
  const controller = new AbortController()
  const stream = (): FakeStream => {
    let text = ''
    return {
      get text() {
        return text
      },
      isTTY,
      isRegularFile: isFile,
      columns: 80,
      isClosed: false,
      write: async (piece) => {
        text += piece
        onText(piece)
      },
    }
  }
  return {
    clock,
    world: {
      clock,
      random: systemRandom,
      environment: environmentOf(env),
      machine,
      version: '0.0.0-test',
      ...(opened && { opened }),
      ...(socketPath !== undefined && { socketPath }),
    },
    out: stream(),
    err: stream(),
    input: {
      isTTY,
      readAll: async () => Buffer.from(stdin),
      readHidden: async () => typed,
      lines: () => ({ next: async () => null, close: () => undefined }),
    },
    ci: { vendor: vendor ?? null },
    signal: controller.signal,
    rest: [],
    alarm(ms, ring) {
      const timer = clock.setTimeout(ring, ms)
      return () => clock.clearTimeout(timer)
    },
    guard,
    openPage: async () => 'there is no display here',
    runSandbox: async () => 0,
    abort: (reason) => controller.abort(reason),
  }
}
