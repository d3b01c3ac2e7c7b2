import { ClawError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'
import type { KeyJudgement } from '../../machines/api-key.machine.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import { strangerNote } from '../access/access-step.ts'
import { kindWords } from '../credential/candidates.ts'
import type { Catalogue, Route } from '../catalogue/catalogue.ts'
import { warningOf } from './key-warning.ts'
import { foreignTo, type KeyOrigin, originOf } from './key-origin.ts'
import { signInCommand } from './sign-in-command.ts'

/** Where a value was handed over for, and what it is to be. */
export interface KeyPlace {
  readonly catalogue: Catalogue
  readonly route: Route
  readonly auth: AuthEntry
  readonly kind: 'api_key' | 'token'
  readonly profile: string
}

/**
 * What the shape of a value says. The prefix of another vendor or kind is evidence enough to stop, and names where the value
 * belongs; one without a known prefix is taken as it is. No part of the value beyond a public prefix is repeated.
 */
export function judgeKey(place: KeyPlace, key: Secret): KeyJudgement {
  const { catalogue, route, auth, kind } = place
  const value = key.reveal()
  const prefix = foreignTo(catalogue, route, auth, value)
  if (prefix !== undefined) return { kind: 'wrong', error: wrongKey(place, value, prefix) }
  const stranger = strangerNote(route, auth, key)
  if (stranger !== undefined) return { kind: 'wrong', error: strangeKey(place, stranger) }
  const own = auth.prefixes ?? []
  const warning = warningOf(auth, value)
  if (warning !== undefined) return { kind: 'doubtful', message: warning }
  if (own.some((each) => value.startsWith(each))) return { kind: 'fits' }
  const origin = originOf(catalogue, value)
  if (origin && origin.route.id !== route.id)
    return { kind: 'doubtful', message: `this looks like ${described(origin)}, and is stored for \`${route.id}\`` }
  return own.length === 0
    ? { kind: 'fits' }
    : { kind: 'doubtful', message: `the ${kindWords(kind)} does not begin as those of \`${route.id}\` do (${own.join(', ')})` }
}

function wrongKey({ catalogue, route, auth, kind, profile }: KeyPlace, value: string, prefix: string): ClawError {
  const begins = `it begins with \`${prefix}\``
  const note = auth.rejectNotes?.[prefix]
  const origin = note === undefined ? originOf(catalogue, value) : undefined
  const wanted = `\`${route.id}\` wants ${withArticle(kind)}${wantedShape(auth, origin !== undefined && origin.route.id !== route.id)}`
  // The page of a provider is for its keys, where it has any.
  const isPageForIt = kind === 'api_key' || route.entry.auth.every((each) => each.kind !== 'api_key')
  const get = route.entry.keyUrl && isPageForIt ? `get ${withArticle(kind)} at ${route.entry.keyUrl}` : 'claw auth list'
  return new ClawError('CLAW_KEY_INVALID', {
    what: origin ? `this looks like ${described(origin)}, and ${wanted}` : `this looks like ${note ?? 'something else'}, and ${wanted}`,
    why: begins,
    fix: origin ? signInCommand({ method: origin.method, route: origin.route.id, profile }) : get,
    data: origin ? { looksLike: { provider: origin.route.id, kind: origin.method } } : undefined,
  })
}

function strangeKey({ route, auth, kind }: KeyPlace, stranger: string): ClawError {
  return new ClawError('CLAW_KEY_INVALID', {
    what: `this looks like ${stranger}, and \`${route.id}\` wants ${withArticle(kind)}${wantedShape(auth, false)}`,
    why: 'it names no account',
    fix: 'claw auth list',
  })
}

function described({ route, method }: KeyOrigin): string {
  return `${withArticle(method)} for \`${route.id}\` (${route.entry.name})`
}

function withArticle(kind: 'api_key' | 'token'): string {
  return { api_key: 'an API key', token: 'a token' }[kind]
}

function wantedShape({ prefixes = [] }: AuthEntry, isForeign: boolean): string {
  if (prefixes.length === 0) return isForeign ? ' of its own' : ''
  return ` that begins with ${prefixes.map((each) => `\`${each}\``).join(' or ')}`
}
