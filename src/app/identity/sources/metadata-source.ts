import { ClawError } from '../../../core/errors.ts'
import type { Secret } from '../../../core/secret.ts'
import type { Environment } from '../../../platform/environment.ts'
import type { Answer } from '../../../protocols/answer.ts'
import type { MetadataAsk, SubjectSource } from '../../../providers/subject-source.ts'
import { askSource, isAnswering } from './ask-source.ts'
import { queryOf, withQuery } from './query.ts'
import { subjectOf } from './subject-secret.ts'
import { type Sight, type SubjectWorld, THERE } from './subject-world.ts'

/** Whether the metadata server is there: it is asked for what is no token. */
export async function lookForMetadata(source: SubjectSource, ask: MetadataAsk, world: SubjectWorld): Promise<Sight> {
  const origin = originOf(ask, world.environment)
  if (origin === undefined) return { there: false, why: `${ask.hostVariable} names no host`, fix: hostFix(ask) }
  const request = { method: 'GET', url: `${origin}${ask.probePath}`, headers: ask.headers, allowHttp: true } as const
  const isThere = await isAnswering(request, (answer) => answer.status === 200 && isRightServer(ask, answer), world)
  return isThere ? THERE : { there: false, why: `no metadata server answers at ${new URL(origin).host}`, fix: source.enable }
}

/**
 * Asks the metadata server for a token. It is asked over http, and never through a proxy: the connector takes none to a
 * link-local address, and refuses one without TLS to any other.
 *
 * @throws {ClawError} as `obtainSubjectToken`.
 */
export async function askMetadata(source: SubjectSource, ask: MetadataAsk, audience: string | null, world: SubjectWorld): Promise<Secret> {
  const origin = originOf(ask, world.environment)
  if (origin === undefined) throw new ClawError('CLAW_CONFIG_INVALID', { what: `\`${ask.hostVariable}\` names no host`, fix: hostFix(ask) })
  const address = `what answers at ${new URL(origin).host}`
  const url = withQuery(`${origin}${ask.path}`, queryOf(ask, audience, world.environment))
  const answer = await askSource({ source, address }, { method: 'GET', url, headers: ask.headers, allowHttp: true }, world)
  if (!isRightServer(ask, answer))
    throw new ClawError('CLAW_PROTOCOL', {
      what: `what answered is not ${source.name}`,
      why: `its answer has no header \`${ask.answerHeader?.join(': ')}\``,
      fix: `check ${address}`,
      data: { sent: true },
    })
  return subjectOf(answer, ask.answerField, source, `check ${address}`)
}

function isRightServer({ answerHeader }: MetadataAsk, { headers }: Answer): boolean {
  return answerHeader === undefined || headers[answerHeader[0]] === answerHeader[1]
}

/** A host with or without a port, or a whole origin. */
function originOf({ hostVariable, host }: MetadataAsk, environment: Environment): string | undefined {
  const written = environment.get(hostVariable) ?? host
  const text = /^https?:\/\//.test(written) ? written.replace(/\/$/, '') : `http://${written}`
  return URL.canParse(text) && /^https?:\/\/[^/?#@\\\s]+$/.test(text) ? new URL(text).origin : undefined
}

function hostFix({ hostVariable }: MetadataAsk): string {
  return `unset ${hostVariable}, or set it to \`host:port\``
}
