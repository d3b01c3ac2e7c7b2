/** Writes one after the other that are begun where nobody can wait for them; the first that fails ends the work around it. */
export class WriteQueue {
  readonly #failed = new AbortController()
  #tail: Promise<void> = Promise.resolve()

  /** Aborted with what a write threw. */
  get signal(): AbortSignal {
    return this.#failed.signal
  }

  add(write: () => Promise<void>): void {
    this.#tail = this.#tail.then(write).catch((thrown: unknown) => this.#failed.abort(thrown))
  }

  /** Resolves when everything is written. @throws what a write threw */
  async drain(): Promise<void> {
    await this.#tail
    this.#failed.signal.throwIfAborted()
  }
}
