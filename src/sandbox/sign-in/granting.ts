import { json, page, type Reply, type SandboxWorld } from '../dialect.ts'
import type { JournalNote } from '../journal.ts'

/**
 * The answer that a sign-in was waiting for: tokens, a code, a key. Under the scenario `token-malformed` the field that it
 * cannot do without is no text.
 *
 * @param essential the name of that field
 */
export function granting(
  world: SandboxWorld,
  body: Readonly<Record<string, unknown>>,
  essential: string,
  note?: JournalNote,
  status = 200,
): Reply {
  return json(status, world.scenario.token === 'malformed' ? { ...body, [essential]: 42 } : body, note)
}

/** What scenarios do to every request to a token endpoint, whatever it asks for; `undefined` = nothing. */
export function tokenFault({ scenario, script }: SandboxWorld, note?: JournalNote): Reply | undefined {
  if (scenario.token === 'html') return { ...page(200, 'Sign in', '<h1>Sign in to the network</h1>'), ...(note && { note }) }
  return script.isOut() ? json(503, { error: 'temporarily_unavailable' }, { ...note, note: 'out' }, { 'retry-after': '1' }) : undefined
}

/** What scenarios do to every request of a device sign-in; `undefined` = nothing. */
export function deviceFault({ scenario, script }: SandboxWorld, isStart: boolean): Reply | undefined {
  if (isStart && scenario.hasNoDevice) return json(404, { error: { message: 'Not Found' } })
  return script.isChallenged() ? page(403, 'One moment', '<h1>Checking your browser</h1>') : undefined
}
