import { inspect } from 'node:util'

/**
 * The exit codes of claw: the code says who must act. `retry` answers "may CI simply run it again?".
 * Codes 3-14 belong to Node, 94 to Buildkite, 124-127 to wrappers, 128+n to signals.
 */
export const EXITS = {
  OK: { code: 0, meaning: 'done', retry: 'no' },
  FAILED: { code: 1, meaning: 'the command ran and its answer is negative', retry: 'no' },
  USAGE: { code: 2, meaning: 'bad option or argument, or an input that nobody is there to give', retry: 'no' },
  DATA: { code: 65, meaning: 'data given by the user is invalid', retry: 'no' },
  NOINPUT: { code: 66, meaning: 'a named file, reference, profile, tier, model or provider does not exist', retry: 'no' },
  UNAVAILABLE: { code: 69, meaning: 'provider or network not reachable', retry: 'later' },
  INTERNAL: { code: 70, meaning: 'a bug in claw', retry: 'no' },
  STORE: { code: 73, meaning: 'the credential store cannot be read, written or trusted', retry: 'no' },
  IOERR: { code: 74, meaning: 'writing stdout or an output file failed', retry: 'no' },
  TEMPFAIL: { code: 75, meaning: 'busy for now: a limit with a known reset, a lock, a port', retry: 'yes' },
  PROTOCOL: { code: 76, meaning: 'the other side answered something invalid or stopped in the middle', retry: 'maybe' },
  AUTH: { code: 77, meaning: 'no usable credential, or it was rejected', retry: 'no' },
  CONFIG: { code: 78, meaning: 'configuration invalid, forbidden or insecure', retry: 'no' },
  DENIED: { code: 79, meaning: 'a person or the server said no', retry: 'no' },
  EXPIRED: { code: 80, meaning: 'nobody approved the sign-in in time', retry: 'with a person' },
  TIMEOUT: { code: 81, meaning: 'a limit of claw ended the command', retry: 'yes' },
  TRUST: { code: 82, meaning: 'CLAW_TRUST_PROJECT is not the hash of the project file', retry: 'no' },
  PENDING: { code: 83, meaning: 'a sign-in was started and waits for somebody', retry: 'yes' },
} as const

export type ExitName = keyof typeof EXITS

/** What the parent of a command sees that a signal ended: 128 and the number of the signal. */
const SIGNAL_EXITS = {
  SIGHUP: { code: 129, meaning: 'stopped by SIGHUP, after it had cleaned up', retry: 'no' },
  SIGINT: { code: 130, meaning: 'stopped by SIGINT, after it had cleaned up', retry: 'no' },
  SIGTERM: { code: 143, meaning: 'stopped by SIGTERM, after it had cleaned up', retry: 'no' },
} as const

/** The whole table, in the order of the codes. */
export const EXIT_TABLE = [
  ...Object.entries(EXITS).map(([name, { code, meaning, retry }]) => ({ code, name, meaning, retry })),
  ...Object.values(SIGNAL_EXITS).map(({ code, meaning, retry }) => ({ code, name: 'SIGNAL', meaning, retry })),
] as const

/** Every error code and the exit it leads to. Once released, a code is never renamed and never reused. */
export const ERRORS = {
  CLAW_USAGE: 'USAGE',
  CLAW_INPUT_REQUIRED: 'USAGE',
  CLAW_METHOD_UNSUPPORTED: 'USAGE',
  CLAW_AMBIGUOUS: 'USAGE',
  CLAW_TTY_REFUSED: 'USAGE',

  CLAW_DATA_INVALID: 'DATA',
  CLAW_KEY_INVALID: 'DATA',
  CLAW_CONTEXT_OVERFLOW: 'DATA',
  CLAW_INVALID_REQUEST: 'DATA',

  CLAW_PROVIDER_UNKNOWN: 'NOINPUT',
  CLAW_MODEL_UNKNOWN: 'NOINPUT',
  CLAW_TIER_UNKNOWN: 'NOINPUT',
  CLAW_PROFILE_UNKNOWN: 'NOINPUT',
  CLAW_FILE_UNREADABLE: 'NOINPUT',
  CLAW_REFERENCE_UNRESOLVED: 'NOINPUT',
  CLAW_NOTHING_PENDING: 'NOINPUT',
  CLAW_TOPIC_UNKNOWN: 'NOINPUT',
  CLAW_PROJECT_FILE_MISSING: 'NOINPUT',

  CLAW_NETWORK: 'UNAVAILABLE',
  CLAW_SERVER: 'UNAVAILABLE',
  CLAW_OVERLOADED: 'UNAVAILABLE',

  CLAW_INTERNAL: 'INTERNAL',
  CLAW_NO_ANSWER: 'INTERNAL',

  CLAW_STORE_UNREADABLE: 'STORE',
  CLAW_STORE_CORRUPT: 'STORE',
  CLAW_STORE_UNWRITABLE: 'STORE',
  CLAW_STORE_UNSAFE: 'STORE',
  CLAW_STORE_NEWER: 'STORE',
  CLAW_STORE_MOVED: 'STORE',
  CLAW_STORE_COPIED: 'STORE',

  CLAW_OUTPUT: 'IOERR',

  CLAW_LEASE_BUSY: 'TEMPFAIL',
  CLAW_LOGIN_BUSY: 'TEMPFAIL',
  CLAW_REFRESH_IN_DOUBT: 'TEMPFAIL',
  CLAW_RATE_LIMIT: 'TEMPFAIL',
  CLAW_QUOTA_RESETS: 'TEMPFAIL',

  CLAW_PROTOCOL: 'PROTOCOL',
  CLAW_TRUNCATED: 'PROTOCOL',
  CLAW_REDIRECT: 'PROTOCOL',
  CLAW_PRINCIPAL_CHANGED: 'PROTOCOL',

  CLAW_NO_CREDENTIAL: 'AUTH',
  CLAW_CREDENTIAL_REJECTED: 'AUTH',
  CLAW_CREDENTIAL_EXPIRED: 'AUTH',
  CLAW_GRANT_REJECTED: 'AUTH',
  CLAW_REFRESH_INTERRUPTED: 'AUTH',
  CLAW_ACCOUNT_CHANGED: 'AUTH',
  CLAW_SCOPE_LOST: 'AUTH',
  CLAW_IDENTITY_SPENT: 'AUTH',
  CLAW_IDENTITY_UNFIT: 'AUTH',

  CLAW_CONFIG_INVALID: 'CONFIG',
  CLAW_CONFIG_FORBIDDEN: 'CONFIG',
  CLAW_CONFIG_UNREADABLE: 'CONFIG',
  CLAW_AUTH_MODE_UNSATISFIABLE: 'CONFIG',
  CLAW_EXPECTATION_BROKEN: 'CONFIG',
  CLAW_METHOD_OFF: 'CONFIG',
  CLAW_CLIENT_REFUSED: 'CONFIG',
  CLAW_INSECURE: 'CONFIG',
  CLAW_HOME_MISSING: 'CONFIG',

  CLAW_DENIED: 'DENIED',
  CLAW_FORBIDDEN: 'DENIED',
  CLAW_CLIENT_NOT_ALLOWED: 'DENIED',
  CLAW_TERMINATED: 'DENIED',
  CLAW_CONTENT_FILTER: 'DENIED',
  CLAW_QUOTA: 'DENIED',

  CLAW_CODE_EXPIRED: 'EXPIRED',

  CLAW_TIMEOUT: 'TIMEOUT',
  CLAW_CANCELLED: 'TIMEOUT',

  CLAW_TRUST_MISMATCH: 'TRUST',

  CLAW_PENDING: 'PENDING',
} as const satisfies Record<string, ExitName>

export type ErrorCode = keyof typeof ERRORS

export interface ErrorParts {
  /** One line, lower-case start, no final period, understandable alone; never contains the fix. */
  readonly what: string
  /** Evidence: a status, an errno, the source of a value. Never a guess, never a secret, never a body. */
  readonly why?: string | undefined
  /** One command or setting. */
  readonly fix?: string | undefined
  /** Further fields of the JSON error (`retryAt`, `problems`, `limit`, `partial`, `attempts`). */
  readonly data?: Readonly<Record<string, unknown>> | undefined
  /** Kept for a debugger, never printed. */
  readonly cause?: unknown
}

/** The one error that crosses rooms: what went wrong, the evidence, and what to type. */
export class ClawError extends Error {
  override readonly name = 'ClawError'
  readonly code: ErrorCode
  readonly why: string | undefined
  readonly fix: string | undefined
  readonly data: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, parts: ErrorParts) {
    super(parts.what)
    this.code = code
    this.why = parts.why
    this.fix = parts.fix
    this.data = parts.data ?? {}
    // Library errors carry header values, source lines and argv: non-enumerable keeps them out of every printout.
    Object.defineProperty(this, 'cause', { value: parts.cause, enumerable: false, configurable: true, writable: true })
  }

  /** The same error with other parts; what is not given stays. */
  reworded(parts: Partial<ErrorParts>): ClawError {
    return new ClawError(this.code, { what: this.message, why: this.why, fix: this.fix, data: this.data, cause: this.cause, ...parts })
  }

  get exit(): { readonly code: number; readonly name: ExitName | 'SIGNAL' } {
    const { signal } = this.data
    if (signal === 'SIGHUP' || signal === 'SIGINT' || signal === 'SIGTERM') return { code: SIGNAL_EXITS[signal].code, name: 'SIGNAL' }
    const name = ERRORS[this.code]
    return { code: EXITS[name].code, name }
  }

  [inspect.custom](): string {
    return `ClawError(${this.code}: ${this.message})`
  }
}

/** Anything thrown, as a {@link ClawError}; what is not one already becomes `CLAW_INTERNAL` without its text. */
export function toClawError(thrown: unknown): ClawError {
  if (thrown instanceof ClawError) return thrown
  const name = thrown instanceof Error ? thrown.name : typeof thrown
  return new ClawError('CLAW_INTERNAL', {
    what: 'claw met an error that it did not foresee',
    why: name,
    fix: 'run the command again with CLAW_DEBUG=1 and report what it prints',
    cause: thrown,
  })
}
