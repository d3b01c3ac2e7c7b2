/** How much a check has proven: from "it says so in a file" to "the provider took it". */
export type Evidence = 'static' | 'resolved' | 'reached' | 'accepted' | 'proven'

export type CheckStatus = 'pass' | 'warn' | 'fail' | 'skip'

export interface Fix {
  /** What to type. */
  readonly command?: string
  /** The variable to set or unset. */
  readonly env?: string
  /** The line of configuration to write. */
  readonly config?: string
  /** What to do elsewhere, where nothing can be typed or written. */
  readonly words?: string
}

/** What a check found. Text from a server or a file has been made visible already. */
export interface Finding {
  readonly status: CheckStatus
  readonly evidence: Evidence
  readonly detail: string
  readonly fix?: Fix
}

/** A check is data and a function. Its id is dotted, stable, and begins with its category. */
export interface Check<Ground> {
  readonly id: string
  readonly title: string
  readonly severity: 'error' | 'warn' | 'info'
  /** Ids of checks without whose success this one says nothing. */
  readonly needs: readonly string[]
  readonly limitMs: number
  readonly docs?: string
  run(ground: Ground, signal: AbortSignal): Promise<Finding>
}

/** One row of the report. */
export interface CheckResult {
  readonly id: string
  readonly status: CheckStatus
  readonly severity: 'error' | 'warn' | 'info'
  readonly category: string
  readonly title: string
  readonly evidence: Evidence
  readonly detail: string
  readonly docs: string | null
  readonly fix: Fix | null
  readonly durationMs: number
}

/** Glob match of `--only` and `--skip`: `*` stands for any run of characters. */
export function matchesId(id: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    return new RegExp(`^${parts.join('.*')}$`).test(id)
  })
}
