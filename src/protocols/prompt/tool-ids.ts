/** What anthropic-messages takes as the id of a call. */
const PATTERN = /^[a-zA-Z0-9_-]{1,64}$/
/** Leaves room for a count. */
const LONGEST_STEM = 48

/**
 * Ids of calls as anthropic-messages accepts them. The map is injective: calls that differ stay different, and so do calls of
 * different turns that share an id (Kimi counts anew in each turn). A result goes to the latest call of its id.
 */
export class ToolIds {
  readonly #latest = new Map<string, string>()
  readonly #taken = new Set<string>()

  /** The id that a call goes out under. */
  ofCall(id: string): string {
    const stem = id.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, LONGEST_STEM)
    let wireId = PATTERN.test(id) ? id : `${stem}_0`
    for (let count = 1; this.#taken.has(wireId); count++) wireId = `${stem}_${count}`
    this.#taken.add(wireId)
    this.#latest.set(id, wireId)
    return wireId
  }

  /** A call that goes back unchanged keeps its id. */
  keep(id: string): void {
    this.#taken.add(id)
    this.#latest.set(id, id)
  }

  /** The id of the call that a result belongs to. */
  ofResult(id: string): string {
    return this.#latest.get(id) ?? this.ofCall(id)
  }
}
