import type { Secret } from '../../../core/secret.ts'
import { unresolved } from '../../../credentials/unresolved.ts'
import { isSocket } from '../../../platform/file-fault.ts'
import type { SocketAsk, SubjectSource } from '../../../providers/subject-source.ts'
import { askSource } from './ask-source.ts'
import { subjectOf } from './subject-secret.ts'
import { type Sight, type SubjectWorld, THERE } from './subject-world.ts'

/** Whether the socket is there. Nothing is sent to it. */
export async function lookForSocket(source: SubjectSource, ask: SocketAsk, world: SubjectWorld): Promise<Sight> {
  const path = world.socketPath ?? ask.socketPath
  if (await isSocket(path)) return THERE
  return { there: false, why: `there is no socket ${path}`, fix: source.enable }
}

/**
 * Asks a server on a unix socket for a token (Fly: `POST /v1/tokens/oidc`), which answers with the bare JWT.
 *
 * @throws {ClawError} as `obtainSubjectToken`.
 */
export async function askSocket(source: SubjectSource, ask: SocketAsk, audience: string | null, world: SubjectWorld): Promise<Secret> {
  const socketPath = world.socketPath ?? ask.socketPath
  const sight = await lookForSocket(source, ask, world)
  if (!sight.there) throw unresolved(`${source.name} offers no identity token here`, sight.why, sight.fix)
  const address = `what listens on ${socketPath}`
  const answer = await askSource(
    { source, address },
    {
      method: 'POST',
      // The name is for the header alone: the socket leads to the server.
      url: `http://localhost${ask.path}`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(audience === null ? {} : { [ask.audienceField]: audience }),
      allowHttp: true,
      socketPath,
    },
    world,
  )
  return subjectOf(answer, null, source, `check ${address}`)
}
