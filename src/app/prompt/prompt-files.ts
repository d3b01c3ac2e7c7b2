import { ClawError } from '../../core/errors.ts'
import { readRegularFile } from '../../platform/files.ts'
import type { Continuation, Message, Part, ToolCall, ToolDefinition } from '../../protocols/prompt/conversation.ts'
import type { Protocol } from '../../core/vocabulary.ts'

const MOST_FILE_BYTES = 32 * 1024 * 1024
const PROTOCOLS: readonly Protocol[] = ['anthropic-messages', 'openai-chat', 'openai-responses', 'codex-responses']

/** A text file that the user names. @throws {ClawError} `CLAW_FILE_UNREADABLE` */
export async function readUserText(path: string): Promise<string> {
  const file = await readRegularFile(path, { maxBytes: MOST_FILE_BYTES, followSymlinks: true, code: 'CLAW_FILE_UNREADABLE' })
  if (!file) throw new ClawError('CLAW_FILE_UNREADABLE', { what: `there is no file \`${path}\`` })
  return file.bytes.toString('utf8')
}

/** `--tools FILE`: definitions whose calls come out as data. @throws {ClawError} `CLAW_DATA_INVALID` naming the place. */
export function parseTools(text: string, path: string): ToolDefinition[] {
  return listIn(text, path).map((value, n) => {
    const tool = fieldsAt(value, path, `[${n}]`)
    const { name, description, parameters } = tool
    if (typeof name !== 'string' || !/^[a-zA-Z0-9_-]{1,64}$/.test(name))
      throw invalid(path, `[${n}].name`, 'must be 1 to 64 letters, digits, _ and -')
    if (description !== undefined && typeof description !== 'string') throw invalid(path, `[${n}].description`, 'must be text')
    return {
      name,
      parameters: fieldsAt(parameters ?? { type: 'object', properties: {} }, path, `[${n}].parameters`),
      ...(description === undefined ? {} : { description }),
    }
  })
}

/** `--messages FILE`: a whole conversation. Images are data URLs. @throws {ClawError} `CLAW_DATA_INVALID` naming the place. */
export async function parseMessages(text: string, path: string): Promise<Message[]> {
  return Promise.all(listIn(text, path).map((value, n) => messageOf(fieldsAt(value, path, `[${n}]`), path, `[${n}]`)))
}

async function messageOf(fields: Readonly<Record<string, unknown>>, path: string, at: string): Promise<Message> {
  const { role, content } = fields
  switch (role) {
    case 'system':
      return { role, content: textOf(content, path, `${at}.content`) }
    case 'user':
      return { role, content: await partsOf(content, path, `${at}.content`) }
    case 'assistant': {
      const continuation = continuationOf(fields.continuation, path, `${at}.continuation`)
      return {
        role,
        text: content === undefined ? '' : textOf(content, path, `${at}.content`),
        toolCalls: callsOf(fields.toolCalls, path, `${at}.toolCalls`),
        ...(continuation ? { continuation } : {}),
      }
    }
    case 'tool':
      return {
        role,
        toolCallId: textOf(fields.toolCallId, path, `${at}.toolCallId`),
        text: textOf(content, path, `${at}.content`),
        isError: fields.isError === true,
      }
    default:
      throw invalid(path, `${at}.role`, 'must be system, user, assistant or tool')
  }
}

async function partsOf(content: unknown, path: string, at: string): Promise<Part[]> {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (!Array.isArray(content)) throw invalid(path, at, 'must be text or a list of parts')
  return Promise.all(
    content.map(async (value: unknown, n): Promise<Part> => {
      const part = fieldsAt(value, path, `${at}[${n}]`)
      if (part.type === 'text') return { type: 'text', text: textOf(part.text, path, `${at}[${n}].text`) }
      if (part.type === 'image') return imageOf(part, path, `${at}[${n}]`)
      throw invalid(path, `${at}[${n}].type`, 'must be text or image')
    }),
  )
}

async function imageOf(part: Readonly<Record<string, unknown>>, path: string, at: string): Promise<Part> {
  if (typeof part.path === 'string') {
    const file = await readRegularFile(part.path, { maxBytes: MOST_FILE_BYTES, followSymlinks: true, code: 'CLAW_FILE_UNREADABLE' })
    if (!file) throw new ClawError('CLAW_FILE_UNREADABLE', { what: `there is no file \`${part.path}\`` })
    const mediaType = typeof part.mediaType === 'string' ? part.mediaType : typeByName(part.path)
    if (mediaType === undefined) throw invalid(path, `${at}.mediaType`, 'must say what kind of image it is')
    return { type: 'image', mediaType, base64: file.bytes.toString('base64') }
  }
  const url = /^data:([a-z]+\/[a-z0-9.+-]+);base64,([A-Za-z0-9+/=]+)$/.exec(typeof part.url === 'string' ? part.url : '')
  if (!url?.[1] || !url[2]) throw invalid(path, `${at}.url`, 'must be a data URL in base64')
  return { type: 'image', mediaType: url[1], base64: url[2] }
}

function typeByName(path: string): string | undefined {
  const types: Readonly<Record<string, string>> = {
    png: 'image/png',
    jpg: 'image/jpeg',
    jpeg: 'image/jpeg',
    gif: 'image/gif',
    webp: 'image/webp',
  }
  const ending = path.split('.').at(-1)?.toLowerCase() ?? ''
  return Object.hasOwn(types, ending) ? types[ending] : undefined
}

function callsOf(value: unknown, path: string, at: string): ToolCall[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw invalid(path, at, 'must be a list')
  return value.map((each: unknown, n) => {
    const call = fieldsAt(each, path, `${at}[${n}]`)
    return {
      id: textOf(call.id, path, `${at}[${n}].id`),
      name: textOf(call.name, path, `${at}[${n}].name`),
      arguments: call.arguments ?? {},
    }
  })
}

function continuationOf(value: unknown, path: string, at: string): Continuation | undefined {
  if (value === undefined || value === null) return undefined
  const { protocol, route, message } = fieldsAt(value, path, at)
  const known = PROTOCOLS.find((each) => each === protocol)
  if (!known || typeof route !== 'string' || message === undefined) throw invalid(path, at, 'is not the `continuation` of a result')
  return { protocol: known, route, message }
}

function listIn(text: string, path: string): unknown[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalid(path, 'the file', 'is not JSON')
  }
  if (!Array.isArray(value)) throw invalid(path, 'the file', 'must hold a list')
  return value
}

function fieldsAt(value: unknown, path: string, at: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(path, at, 'must be an object')
  return Object.fromEntries(Object.entries(value))
}

function textOf(value: unknown, path: string, at: string): string {
  if (typeof value !== 'string') throw invalid(path, at, 'must be text')
  return value
}

function invalid(path: string, at: string, what: string): ClawError {
  return new ClawError('CLAW_DATA_INVALID', { what: `\`${path}\` cannot be used`, why: `${at} ${what}` })
}
