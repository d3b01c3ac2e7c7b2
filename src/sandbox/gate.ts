import type { ServedRequest } from '../platform/served-request.ts'
import { messagesError } from './prompt/anthropic-messages.ts'
import { credentialOf, isTaken, type TakenCredential } from './credential.ts'
import { json, type Reply, type SandboxWorld } from './dialect.ts'
import { chatError } from './prompt/openai-chat.ts'

/** Refuses what comes without the right credential, before anything else is looked at. */
export type Gate = (request: ServedRequest, world: SandboxWorld) => Reply | undefined

export interface GateRules {
  /** What comes without a credential passes. */
  readonly isOpen: boolean
  readonly credentials: readonly TakenCredential[]
  /** What the vendor says to a wrong key; absent = what the vendor of its protocol says. */
  readonly refusal?: Refusal | undefined
}

export interface Refusal {
  readonly status: number
  readonly body: unknown
}

/** The subscription's own tokens, which Anthropic takes only with the beta of that name. */
const OAUTH_TOKEN = 'sk-ant-oat'
const OAUTH_BETA = 'oauth-2025-04-20'

/** As OpenAI does it. */
export function chatGate({ isOpen, credentials, refusal }: GateRules): Gate {
  return (request, world) => {
    const sent = credentialOf(request)
    if (isOpen && (sent === 'none' || credentials.length === 0)) return undefined
    if (typeof sent === 'object' && isTaken(sent, credentials, world)) return undefined
    return refusal
      ? json(refusal.status, refusal.body)
      : chatError(401, 'invalid_request_error', 'invalid_api_key', 'no API key that is known came as it should')
  }
}

/** As Anthropic does it. */
export function messagesGate({ isOpen, credentials, refusal, needsVersion }: GateRules & { readonly needsVersion: boolean }): Gate {
  return (request, world) => {
    const sent = credentialOf(request)
    if (sent === 'both') return messagesError(400, 'invalid_request_error', 'x-api-key and Authorization exclude each other')
    if (needsVersion && request.headers['anthropic-version'] === undefined)
      return messagesError(400, 'invalid_request_error', 'anthropic-version: header is required')
    if (isOpen && sent === 'none') return undefined
    if (sent === 'none') return refused(refusal, 'x-api-key header is required')
    if (sent.value.startsWith(OAUTH_TOKEN) && !request.headers['anthropic-beta']?.split(/\s*,\s*/).includes(OAUTH_BETA))
      return refused(refusal, 'OAuth authentication is currently not supported.')
    if (isTaken(sent, credentials, world)) return undefined
    return refused(refusal, sent.header === 'authorization' ? 'Invalid bearer token' : 'invalid x-api-key')
  }
}

function refused(refusal: Refusal | undefined, message: string): Reply {
  return refusal ? json(refusal.status, refusal.body) : messagesError(401, 'authentication_error', message)
}
