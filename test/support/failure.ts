import { ClawError, type ErrorCode } from '../../src/core/errors.ts'

export interface Failure {
  readonly code: ErrorCode
  readonly what: string
  readonly why?: string
  readonly fix?: string
  readonly data: Readonly<Record<string, unknown>>
}

/** The parts of the ClawError that some work ends with, as a whole value to compare. Absent parts are left out. */
export async function failureOf(work: () => unknown): Promise<Failure> {
  try {
    await work()
  } catch (thrown) {
    if (!(thrown instanceof ClawError)) throw thrown
    const { code, message, why, fix, data } = thrown
    return { code, what: message, ...(why !== undefined && { why }), ...(fix !== undefined && { fix }), data }
  }
  throw new Error('it did not fail')
}
