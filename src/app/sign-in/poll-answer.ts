import { ClawError } from '../../core/errors.ts'
import type { PollAnswer } from '../../machines/device-flow.machine.ts'
import type { Clock } from '../../platform/clock.ts'
import type { DevicePoll } from '../../protocols/oauth/device-dialect.ts'
import type { TokenGrant } from '../../protocols/oauth/token-endpoint.ts'

/** What a poll says to the machine, with the instant of it. `approved` is between the two: the tokens are one request away. */
type Said = Exclude<PollAnswer<TokenGrant>, { kind: 'approved' }> | Extract<DevicePoll, { kind: 'approved' }>

interface Polling {
  readonly clock: Pick<Clock, 'now'>
  readonly signal: AbortSignal
  /** What to type to start again. */
  readonly signInCommand: string
}

/**
 * Makes one poll and puts its answer into the words of the machine; no answer at all is one of them.
 *
 * A success that is none (`CLAW_PROTOCOL`) ends the flow for good: the code may be spent, and what it brought is lost. The
 * flow is forgotten, so that nobody sends the code again or waits for an answer that cannot come.
 */
export async function machineAnswer(poll: () => Promise<DevicePoll>, { clock, signal, signInCommand }: Polling): Promise<Said> {
  try {
    return inWordsOfTheMachine(await poll(), clock.now(), signInCommand)
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof ClawError)) throw thrown
    if (thrown.code === 'CLAW_PROTOCOL') return { kind: 'refused', at: clock.now(), error: withFix(thrown, signInCommand) }
    if (!['CLAW_NETWORK', 'CLAW_TIMEOUT'].includes(thrown.code)) throw thrown
    return { kind: 'unreachable', at: clock.now(), error: thrown, notBefore: null }
  }
}

function inWordsOfTheMachine(said: DevicePoll, at: number, signInCommand: string): Said {
  switch (said.kind) {
    case 'granted':
      return { kind: 'granted', at, credential: said.grant }
    case 'slow_down':
      return { kind: 'slowDown', at, intervalMs: said.intervalMs ?? null }
    case 'failed':
      return { kind: 'refused', at, error: withFix(said.error, signInCommand) }
    case 'page':
      return { kind: 'turnedAway', at, error: said.error }
    case 'unreachable': {
      const error = new ClawError('CLAW_SERVER', {
        what: 'the token endpoint cannot answer just now',
        why: `status ${said.status}`,
        data: { status: said.status },
      })
      return { kind: 'unreachable', at, error, notBefore: said.retryAfterMs === null ? null : at + said.retryAfterMs }
    }
    case 'approved':
      return said
    default:
      return { ...said, at }
  }
}

/** A code that is used up, or may be, is helped by a new one. */
function withFix(error: ClawError, fix: string): ClawError {
  return ['CLAW_GRANT_REJECTED', 'CLAW_PROTOCOL'].includes(error.code) && error.fix === undefined ? error.reworded({ fix }) : error
}
