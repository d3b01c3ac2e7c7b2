import type { BaseContext } from 'clipanion'
import type { World } from '../app/ports.ts'

/** A stream as a command sees it. */
export interface TextOutput {
  write(text: string): Promise<void>
  readonly isTTY: boolean
  readonly isRegularFile: boolean
  readonly columns: number
  readonly isClosed: boolean
}

export interface TextInput {
  readonly isTTY: boolean
  readAll(limits: { readonly maxBytes: number; readonly withinMs: number | undefined; readonly signal: AbortSignal }): Promise<Buffer>
  /** Line by line; `null` after the last. `close` lets go of it. */
  lines(): { next(signal: AbortSignal): Promise<string | null>; close(): void }
  readHidden(prompt: string, signal: AbortSignal): Promise<string>
}

/** What the CI system is, as far as the presentation cares. */
export interface CiFacts {
  readonly vendor: string | null
}

/** Everything that a command may touch, given to it from outside. */
export interface Shell {
  readonly world: World
  readonly out: TextOutput
  readonly err: TextOutput
  readonly input: TextInput
  readonly ci: CiFacts
  /** Aborted by a signal of the system; its reason says which. */
  readonly signal: AbortSignal
  /** Rings once after a while unless it is stopped. It keeps no process alive: one that waits for nothing else ends. */
  alarm(ms: number, ring: () => void): () => void
  /** What followed `--`. */
  readonly rest: readonly string[]
  /** Refuses to handle secrets in a process that is being debugged. @throws {ClawError} `CLAW_INSECURE` */
  guard(): void
  /** Shows a page in the browser of this machine; a sentence why where it cannot, `null` where it did. */
  openPage(url: string): Promise<string | null>
  /** Starts the sandbox: only the front door knows it. */
  runSandbox(options: SandboxCommandOptions, signal: AbortSignal): Promise<number>
}

export interface SandboxCommandOptions {
  readonly scenario?: string | undefined
  readonly journalFile?: string | undefined
  readonly port?: number | undefined
  readonly command: readonly string[]
  print(text: string): Promise<void>
  say(text: string): Promise<void>
}

export interface CliContext extends BaseContext {
  readonly shell: Shell
}
