import { ClawError } from '../../core/errors.ts'
import type { HttpResponse } from '../../platform/http.ts'
import type { Message, PromptEvent, PromptRequest, ToolDefinition } from '../../protocols/prompt/conversation.ts'
import { type WireProtocol, wireProtocol } from '../../protocols/prompt/wire-protocol.ts'
import type { WireRequest } from '../../protocols/prompt/wire-request.ts'
import { answerContext } from '../access/answer-context.ts'
import { headersFor } from '../credential/credential-headers.ts'
import type { ChosenCredential } from '../credential/find-credential.ts'
import { deviceFacts } from '../access/installation.ts'
import type { ModelUse } from '../catalogue/model-use.ts'
import { requestUrl } from '../access/request-url.ts'
import { dialectOf, promptHeaders, routeHeaders } from '../access/route-headers.ts'
import { nearestModels } from '../catalogue/route-models.ts'
import type { Session } from '../session.ts'
import { replacement } from '../sign-in/sign-in-command.ts'
import { renewedCredential } from '../refresh/renewed-credential.ts'
import { credentialNotices, usableCredential } from '../credential/usable-credential.ts'

export interface PromptAsk {
  readonly messages: readonly Message[]
  readonly tools: readonly ToolDefinition[]
  readonly maxTokens?: number | undefined
  readonly temperature?: number | undefined
  readonly reasoning?: 'low' | 'medium' | 'high' | undefined
}

/** One try at a provider that did not bring the answer. */
export interface Attempt {
  readonly provider: string
  readonly status: number | null
}

export interface PromptRun {
  readonly credential: ChosenCredential
  readonly model: string
  readonly attempts: readonly Attempt[]
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
  /** Pulls the answer; the last event is `finish`. */
  readonly events: AsyncIterable<PromptEvent>
}

/**
 * Asks a model once. A 401 renews the credential once and replays the same bytes, as long as nothing of an answer has come.
 *
 * @throws {ClawError} before the request what {@link usableCredential} throws; out of `events` what the protocol throws.
 */
export async function runPrompt(session: Session, { chosen, model }: ModelUse, ask: PromptAsk): Promise<PromptRun> {
  const { route } = chosen
  const dialect = dialectOf(route, model.entry)
  const protocol = wireProtocol(route.protocol)
  const request: PromptRequest = { model: model.id, stream: true, ...ask }
  const built = protocol.buildRequest(request, {
    route: route.id,
    dialect,
    model: { outputTokens: model.entry?.outputTokens ?? 0, reasoning: model.entry?.reasoning ?? false, sampling: model.entry?.sampling },
  })
  const wire = { ...built, headers: { ...promptHeaders(route, ask.messages), ...built.headers } }
  const usable = await usableCredential(session, chosen)
  const attempts: Attempt[] = []
  const warnings = [...wire.warnings, ...credentialNotices(usable)]
  if (chosen.degraded)
    warnings.push({
      code: 'degraded',
      message: `the grant of \`${route.provider}\` no longer serves; \`${chosen.source}\` stands in for it`,
    })
  const run = { session, use: { chosen: usable.credential, model }, wire, protocol, attempts }
  return { credential: usable.credential, model: model.id, attempts, warnings, events: answered(run) }
}

interface Run {
  readonly session: Session
  readonly use: Pick<ModelUse, 'chosen' | 'model'>
  readonly wire: WireRequest
  readonly protocol: WireProtocol
  readonly attempts: Attempt[]
}

async function* answered(run: Run): AsyncGenerator<PromptEvent> {
  const { session, use, wire, protocol, attempts } = run
  let credential = use.chosen
  for (let isReplay = false; ; isReplay = true) {
    let hasBegun = false
    const url = requestUrl(credential, wire.path)
    try {
      const context = answerContext(session, credential, url, wire.body, use.model.entry)
      for await (const event of protocol.readStream(await send(session, credential, url, wire), context)) {
        hasBegun ||= event.type === 'text' || event.type === 'reasoning' || event.type === 'tool_call'
        yield event
      }
      return
    } catch (thrown) {
      if (!(thrown instanceof ClawError)) throw thrown
      const status = typeof thrown.data.status === 'number' ? thrown.data.status : null
      const renewed =
        !isReplay && !hasBegun && thrown.code === 'CLAW_CREDENTIAL_REJECTED' ? await renewedCredential(session, credential) : undefined
      if (!renewed) throw explained(thrown, run, credential)
      attempts.push({ provider: credential.route.id, status })
      credential = renewed
    }
  }
}

async function send(session: Session, credential: ChosenCredential, url: string, wire: WireRequest): Promise<HttpResponse> {
  const { http } = session.ports
  const headers = { ...routeHeaders(credential.route, await deviceFacts(session)), ...wire.headers, ...headersFor(credential, url) }
  return http.request({
    method: 'POST',
    url,
    headers,
    body: wire.body,
    signal: session.signal,
    allowHttp: credential.route.entry.allowHttp ?? false,
  })
}

/** What only claw knows of a refusal: the source that was used, and the ids that may have been meant. */
function explained(error: ClawError, { use }: Run, credential: ChosenCredential): ClawError {
  const { route, source, named } = credential
  const more = (parts: { why?: string | undefined; fix: string | undefined }) =>
    error.reworded({ why: parts.why ?? error.why, fix: parts.fix })
  if (error.code === 'CLAW_CREDENTIAL_REJECTED') {
    return more({
      why: `${error.why ?? ''}; the credential came from \`${source}\`, the request went to ${new URL(credential.baseUrl).host}`,
      fix: replacement(credential),
    })
  }
  if (error.code === 'CLAW_MODEL_UNKNOWN') {
    const near = nearestModels(route, use.model.id)
    return more({
      why: [error.why, near.length > 0 ? `the nearest ids are ${near.map((id) => `\`${id}\``).join(', ')}` : undefined]
        .filter(Boolean)
        .join('; '),
      fix: `claw model --profile ${credential.profile}`.replace(' --profile default', ''),
    })
  }
  return error.fix === undefined && error.code === 'CLAW_CREDENTIAL_EXPIRED' ? more({ fix: `claw auth ${named.name}` }) : error
}
