import { at, isFields, listAt, numberAt, parseJson, textAt } from './wire-json.ts'

/** An error of a provider, whatever shape its body had. All of it is untrusted text. */
export interface ProviderError {
  /** Of the response; of the body where the response was a 200. */
  readonly status: number | undefined
  /** The provider's own codes and types, most specific first. */
  readonly codes: readonly string[]
  /** Number of MiniMax's own table. */
  readonly miniMaxCode: string | undefined
  /** The provider's words; empty where there are none. */
  readonly message: string
  /** The object that held the error: times until a reset stand in it. */
  readonly source: unknown
}

const LONGEST_PLAIN_TEXT = 300
/** Characters of a page in which its title must stand. */
const LONGEST_HEAD = 8 * 1024

/** The error in the body of a response that is no success: JSON of any known shape, HTML, a line of text, or nothing. */
export function errorOfBody(text: string, status: number | undefined): ProviderError {
  const trimmed = text.trim()
  const found = errorOfValue(parseJson(trimmed)?.value, status)
  if (found) return found
  const none = { status, codes: [], miniMaxCode: undefined, source: undefined }
  if (trimmed.startsWith('<'))
    return { ...none, message: /<title[^>]*>([^<]*)<\/title>/i.exec(trimmed.slice(0, LONGEST_HEAD))?.[1]?.trim() ?? '' }
  const isLine = trimmed.length <= LONGEST_PLAIN_TEXT && !/[\r\n{[]/.test(trimmed)
  return { ...none, message: isLine ? trimmed : '' }
}

/**
 * The error that a JSON value is, in the order in which shapes exclude each other: Google's array, `error` as an object
 * (Anthropic, OpenAI, OpenRouter, Z.AI, Groq) or as a text (xAI), `detail` (Mistral, FastAPI), `base_resp` (MiniMax), and
 * flat fields (Alibaba, vLLM).
 */
export function errorOfValue(value: unknown, status: number | undefined): ProviderError | undefined {
  if (Array.isArray(value)) return errorOfValue(value[0], status)
  if (!isFields(value)) return undefined
  const error = at(value, 'error')
  if (isFields(error)) return errorOfObject(error, value, status)
  if (typeof error === 'string' && error !== '') return plain(value, error, status)
  const detail = detailOf(at(value, 'detail'))
  if (detail !== undefined) return plain(value, detail, status)
  const baseCode = numberAt(value, 'base_resp', 'status_code')
  if (baseCode !== undefined && baseCode !== 0) {
    return { status, codes: [], miniMaxCode: String(baseCode), message: textAt(value, 'base_resp', 'status_msg') ?? '', source: value }
  }
  const message = textAt(value, 'message') ?? textAt(value, 'msg')
  return message === undefined ? undefined : plain(value, message, status)
}

/** The error that a frame of a stream under status 200 holds; `undefined` for any other frame. */
export function errorOfFrame(frame: unknown, eventName: string | undefined): ProviderError | undefined {
  if (eventName === 'error' || at(frame, 'type') === 'error' || at(frame, 'object') === 'error') {
    return errorOfValue(frame, undefined) ?? { status: undefined, codes: [], miniMaxCode: undefined, message: '', source: frame }
  }
  for (const error of [at(frame, 'error'), at(frame, 'x_groq', 'error'), at(frame, 'choices', 0, 'error')]) {
    if (isFields(error) || (typeof error === 'string' && error !== '')) return errorOfValue({ code: at(frame, 'code'), error }, undefined)
  }
  const isFailedMiniMax = (numberAt(frame, 'base_resp', 'status_code') ?? 0) !== 0
  return isFailedMiniMax || Array.isArray(frame) ? errorOfValue(frame, undefined) : undefined
}

function errorOfObject(error: unknown, whole: unknown, status: number | undefined): ProviderError {
  const own = textAt(error, 'message') ?? textAt(error, 'msg') ?? ''
  const raw = textAt(error, 'metadata', 'raw')
  // What the provider behind a router said; it may be JSON of any shape itself.
  const inner = raw === undefined ? undefined : errorOfValue(parseJson(raw)?.value, undefined)
  const innerMessage = inner?.message ?? raw
  const message = innerMessage === undefined || innerMessage === own ? own : own === '' ? innerMessage : `${own}: ${innerMessage}`
  const codes = [
    at(error, 'details', 'error_code'),
    at(error, 'code'),
    at(error, 'innererror', 'code'),
    at(error, 'type'),
    at(error, 'status'),
    at(whole, 'code'),
    // A router's refusal by moderation has no code of its own, only its reasons.
    listAt(error, 'metadata', 'reasons').length > 0 ? 'content_filter' : undefined,
  ]
  return {
    status: status ?? statusIn(at(error, 'status')) ?? statusIn(at(error, 'status_code')) ?? statusIn(at(error, 'code')),
    codes: [...codes.flatMap(codeOf), ...(inner?.codes ?? [])],
    miniMaxCode: at(whole, 'type') === 'error' ? numberAtEnd(own) : undefined,
    message,
    source: error,
  }
}

function plain(value: unknown, message: string, status: number | undefined): ProviderError {
  return {
    status: status ?? statusIn(at(value, 'status')) ?? statusIn(at(value, 'status_code')) ?? statusIn(at(value, 'code')),
    codes: [at(value, 'code'), at(value, 'detail', 'code'), at(value, 'type')].flatMap(codeOf),
    miniMaxCode: undefined,
    message,
    source: value,
  }
}

/** `{"detail":"text"}`, `{"detail":{"message"}}`, `{"detail":[{"msg","loc"}]}`. */
function detailOf(detail: unknown): string | undefined {
  if (typeof detail === 'string') return detail
  if (!Array.isArray(detail)) return textAt(detail, 'message') ?? textAt(detail, 'msg')
  const lines = detail.flatMap((entry) => {
    const message = textAt(entry, 'msg') ?? textAt(entry, 'message')
    const place = listAt(entry, 'loc').join('.')
    return message === undefined ? [] : [place === '' ? message : `${place}: ${message}`]
  })
  return lines.length > 0 ? lines.join('; ') : undefined
}

/** A code as text. A number between 400 and 599 is a status, not a code. */
function codeOf(value: unknown): string[] {
  if (typeof value === 'string' && value !== '') return [value]
  return typeof value === 'number' && statusIn(value) === undefined ? [String(value)] : []
}

function statusIn(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) && number >= 400 && number <= 599 ? number : undefined
}

/** MiniMax ends the message of its Anthropic style with its own code in brackets. */
function numberAtEnd(message: string): string | undefined {
  return /\(([12]0\d\d)\)\s*$/.exec(message)?.[1]
}
