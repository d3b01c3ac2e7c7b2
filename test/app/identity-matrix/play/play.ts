import type { Source } from '../sources.ts'

/** What somebody who plays a source works with. */
export interface Backstage {
  readonly source: Source
  /** For what lies in files. */
  readonly home: string
  /** A new token of the sandbox's issuer; null = for what the source usually gives it. */
  mint(audience: string | null): string
}

/** A source as it is on a machine. */
export interface Play extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>
  /** What must be shown to nobody beside the tokens. */
  readonly secrets: readonly string[]
  /** Puts another token in the place of one that stays. */
  rotate(): Promise<void>
}

/** One token until it is rotated, or another one for each question. */
export class Tokens {
  readonly #stage: Backstage
  readonly #kept = new Map<string | null, string>()

  constructor(stage: Backstage) {
    this.#stage = stage
  }

  give(audience: string | null): string {
    const { source, mint } = this.#stage
    const token = this.#kept.get(audience) ?? mint(audience)
    if (source.freshness === 'fixed') this.#kept.set(audience, token)
    return token
  }

  rotate(): void {
    this.#kept.clear()
  }
}
