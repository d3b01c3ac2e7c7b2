import type { ServedRequest } from '../../platform/served-request.ts'
import type { Reply, SandboxWorld } from '../dialect.ts'

const LATE_MS = { slow: 2_000, silent: 3_600_000 } as const

/** The same answer, of which nothing leaves before its time: after two seconds, or never while anybody waits. */
export function lateBody(reply: Reply, how: keyof typeof LATE_MS, { signal }: ServedRequest, { clock }: SandboxWorld): Reply {
  async function* late(): AsyncGenerator<string> {
    await clock.sleepUntil(clock.now() + LATE_MS[how], signal)
    if (typeof reply.body === 'string') yield reply.body
  }
  return { ...reply, body: late() }
}
