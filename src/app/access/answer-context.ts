import type { AnswerContext } from '../../protocols/prompt/answer-context.ts'
import type { ModelEntry } from '../../providers/entry.ts'
import type { ChosenCredential } from '../credential/find-credential.ts'
import { dialectOf } from './route-headers.ts'
import type { Session } from '../session.ts'

/** What the reader of an answer must know of the call, from the catalogue and the configuration. */
export function answerContext(
  session: Session,
  { route }: ChosenCredential,
  url: string,
  body: string,
  model: ModelEntry | null = null,
): AnswerContext {
  const { entry, protocol } = route
  const { firstEventTimeoutMs, idleTimeoutMs } = session.config.prompt
  const other = entry.clientNotAllowedFix?.[protocol]
  return {
    route: route.id,
    url,
    dialect: dialectOf(route, model),
    errorRules: entry.errorRules,
    clientNotAllowed: entry.clientNotAllowed,
    clientNotAllowedFix: other ? `set \`protocol = "${other}"\` in [providers.${route.id}], or use an API key of the provider` : undefined,
    requestBytes: Buffer.byteLength(body),
    clock: session.ports.clock,
    limits: { firstEventMs: firstEventTimeoutMs, idleMs: idleTimeoutMs },
  }
}
