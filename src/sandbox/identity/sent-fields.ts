import type { ServedRequest } from '../../platform/served-request.ts'
import { formOf, jsonOf } from '../dialect.ts'

/** The body of a request to a token endpoint. */
export interface SentFields {
  /** `none`: neither, or a form in which a parameter came twice (RFC 6749 section 3.2). */
  readonly type: 'json' | 'form' | 'none'
  has(name: string): boolean
  /** Empty where it is missing or no text. */
  text(name: string): string
}

export function sentFields(request: ServedRequest): SentFields {
  const form = formOf(request)
  const isJson = /^application\/json(?:;|$)/i.test(request.headers['content-type'] ?? '')
  const fields: ReadonlyMap<string, unknown> = form ? new Map(form) : isJson ? jsonOf(request) : new Map()
  const isRepeated = form !== undefined && [...form.keys()].length > fields.size
  return {
    type: isRepeated ? 'none' : form ? 'form' : isJson ? 'json' : 'none',
    has: (name) => fields.has(name),
    text(name) {
      const value = fields.get(name)
      return typeof value === 'string' ? value : ''
    },
  }
}
