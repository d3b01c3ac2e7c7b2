import { parseDuration } from '../core/duration.ts'
import { isName } from '../core/vocabulary.ts'
import { isEndpoint, isHost, isProxyUrl, isServiceUrl } from './addresses.ts'
import { parseReference, parseStoreUrl, type ParsedReference, type ReferenceText } from './reference.ts'
import { choice, either, list, number, record, table, text, type Shape, type TextFault } from './shape.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be refused
const CONTROL = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/
const HEADER_VALUE = /^[\x20-\x7e]{0,8192}$/
/** Headers that carry credentials, or that the wire sets itself: claw sends exactly one credential. */
const KEPT_HEADERS: readonly string[] = [
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'cookie',
  'host',
  'connection',
  'content-length',
  'content-type',
  'transfer-encoding',
  'user-agent',
]

const matching = (isValid: (value: string) => boolean, message: string): Shape<string> =>
  text((value) => (isValid(value) ? undefined : message))

export const line = matching((value) => value.length > 0 && value.length <= 1024 && !CONTROL.test(value), 'must be one line of text')
/** A line, or `true` or `false`. */
export const lineOrFlag: Shape<string | boolean> = {
  members: { type: 'leaf' },
  json: () => ({ type: ['string', 'boolean'] }),
  accepts: (value, path, faults): value is string | boolean => typeof value === 'boolean' || line.accepts(value, path, faults),
}
export const prose = matching((value) => value.length > 0 && !value.includes('\0'), 'must be text')
export const name = matching(isName, 'is no name: lower-case letters, digits, `-` and `_`, at most 64')
export const modelReference = matching((value) => /^[\x21-\x7e]{1,256}$/.test(value), 'must be a model reference, as in `provider/model`')
export const serviceUrl = matching(
  isServiceUrl,
  'must be an address that begins with `https://` (or `http://`), without user name, query and fragment',
)
export const endpoint = matching(
  isEndpoint,
  'must be an https address, or a path that begins with `/`; http only for a literal loopback address',
)
export const path = matching((value) => value.startsWith('/') && !CONTROL.test(value), 'must be an absolute path')
export const proxy = matching(isProxyUrl, 'must be the address of a proxy, as in `http://proxy.example:3128`')
export const variable = matching((value) => /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(value), 'must be the name of a variable')
export const day = matching((value) => /^\d{4}-\d\d-\d\d$/.test(value), 'must be a day in quotes, as in `"2026-11-30"`')

export const amount = number(0, 1e12)
export const positive = number(1, 1e12)
export const port = number(0, 65_535)
export const statusCode = number(100, 599)

export const lines = list(line)
export const names = list(name)
export const endpoints = list(endpoint)
export const variables = list(variable)
export const hosts = list(matching(isHost, 'must be a host name, with a port where it has one'))
export const texts = record(line, line)
export const headers = record(
  matching(
    (value) => HEADER_NAME.test(value) && !KEPT_HEADERS.includes(value.toLowerCase()),
    'is no header that a configuration may set: a credential belongs in `api_key` or `auth_token`, a name in `user_agent`',
  ),
  matching((value) => HEADER_VALUE.test(value), 'must be visible ASCII'),
)

export const protocol = choice('anthropic-messages', 'openai-chat', 'openai-responses', 'codex-responses')
export const authMode = choice('auto', 'api_key', 'oauth')
export const preference = choice('api_key', 'oauth')
export const bodyForm = choice('form', 'json')
export const terms = choice('ok', 'personal', 'restricted', 'forbidden', 'retired')

const DURATION = 'must be a duration, as in `500ms`, `30s`, `10m`, `2h`, `7d`'
/** A duration as text, or a number of seconds. */
export const duration: Shape<string | number> = {
  members: { type: 'leaf' },
  json: () => ({ type: ['string', 'integer'] }),
  accepts(value, keyPath, faults): value is string | number {
    const isValid = (typeof value === 'string' || typeof value === 'number') && (parseDuration(String(value)) ?? 0) > 0
    if (!isValid) faults.push({ path: keyPath, message: DURATION, nearest: null })
    return isValid
  },
}

/** A secret or where to find it: syntax only, whether a literal may stand there depends on the file. */
const secretText = (parse: (value: ReferenceText) => ParsedReference): Shape<ReferenceText> => {
  const fault = (parsed: ParsedReference): TextFault => ('reference' in parsed ? undefined : parsed)
  const command = table({ cmd: list(text(() => undefined)), env: variables }, 'cmd')
  const checked: typeof command = {
    ...command,
    accepts(value, keyPath, faults): value is typeof value & { cmd: string[] } {
      if (!command.accepts(value, keyPath, faults)) return false
      const parsed = parse(value)
      if ('reference' in parsed) return true
      faults.push({ path: keyPath, message: parsed.message, nearest: null })
      return false
    },
  }
  return either(
    text((value) => fault(parse(value))),
    checked,
  )
}
export const reference = secretText((value) => parseReference(value, 'token'))
export const storeUrl = secretText(parseStoreUrl)
