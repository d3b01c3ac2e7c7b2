import type { Dialect } from './conversation.ts'
import type { Fields } from './wire-json.ts'

/** What a builder must know of the route and the model beyond the protocol. */
export interface RouteWire {
  /** Id of the catalogue entry: continuations of it go back unchanged. */
  readonly route: string
  /** The route's, with the model's own laid over it. */
  readonly dialect: Dialect
  readonly model: {
    /** Most tokens of one answer; 0 = not stated. */
    readonly outputTokens: number
    readonly reasoning: boolean
    /** May `temperature` be sent. */
    readonly sampling?: boolean | undefined
  }
}

/** One request, without what the credential and the catalogue add. */
export interface WireRequest {
  /** Joined to the base URL of the protocol. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Serialised once: a replay sends the same bytes. */
  readonly body: string
  readonly warnings: readonly RequestWarning[]
}

/** What was asked for and could not be sent. */
export interface RequestWarning {
  readonly code: string
  readonly message: string
}

/** `application/json` exactly: one backend refuses a charset. No `accept-encoding`: nothing here decompresses. */
export function wireHeaders(stream: boolean): Record<string, string> {
  return { 'content-type': 'application/json', accept: stream ? 'text/event-stream' : 'application/json' }
}

/** A JSON Schema as tools are described with it: some servers refuse `$schema`. */
export function toolSchema(parameters: Fields): Fields {
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => name !== '$schema'))
}

/** Whether `temperature` may go out. */
export function maySample({ dialect, model }: RouteWire): boolean {
  return (dialect.sampling ?? true) && (model.sampling ?? true)
}

export function notSent(option: string, route: string, why: string): RequestWarning {
  return { code: `${option}_not_sent`, message: `\`${option}\` was not sent: \`${route}\` ${why}` }
}

/** Fixed fields of the route are laid over the request, but never over what makes it this request. */
export function withExtraBody(body: Fields, { extraBody = {} }: Dialect): Fields {
  const fixed = Object.entries(extraBody).filter(([name]) => name !== 'model' && name !== 'messages' && name !== 'stream')
  return Object.fromEntries([...Object.entries(body), ...fixed])
}
