import { ClawError } from '../../core/errors.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import type { Route } from '../catalogue/catalogue.ts'

/** A method, and the route that it leads to. */
interface Place {
  readonly route: Route
  readonly auth: AuthEntry
}

/** How far the vendor lets a tool like this one use a method. */
export function termsOf({ route, auth }: Place): NonNullable<AuthEntry['terms']> {
  return auth.terms ?? route.entry.terms
}

/** A sign-in that its vendor does not allow other tools: off until the user's own file or `CLAW_ENABLE` says otherwise. */
export function methodOff(place: Place): ClawError {
  const { route, auth } = place
  return new ClawError('CLAW_METHOD_OFF', {
    what: `the method \`${route.id}/${auth.id}\` is off`,
    why: `${reasonOf(place)} (${sourceOf(place)})`,
    fix: `set \`enabled = true\` in [providers.${route.id}.auth.${auth.id}] of your own file, or CLAW_ENABLE=${route.id}/${auth.id}`,
    data: { method: `${route.id}/${auth.id}`, terms: termsOf(place) },
  })
}

/** A sign-in that its vendor has ended: nothing switches it on. */
export function methodRetired(place: Place): ClawError {
  const { route, auth } = place
  return new ClawError('CLAW_METHOD_UNSUPPORTED', {
    what: `the method \`${route.id}/${auth.id}\` does not exist any more`,
    why: `${reasonOf(place)} (${sourceOf(place)})`,
    fix: 'see `claw auth list` for what there is',
    data: { method: `${route.id}/${auth.id}`, terms: termsOf(place) },
  })
}

/** Why a method is off, for a table. */
export function whyOff(place: Place): string {
  const { route, auth } = place
  const name = `${route.id}/${auth.id}`
  const by = termsOf(place) === 'forbidden' ? ' by the terms of the vendor' : ''
  const switchOn = termsOf(place) === 'retired' ? '' : `; CLAW_ENABLE=${name} switches it on`
  return `the method \`${name}\` is off${by}: ${reasonOf(place)}${switchOn}`
}

/** The reason by itself. */
export function reasonOf(place: Place): string {
  const { route, auth } = place
  const general = {
    forbidden: 'its vendor does not allow it for other tools',
    retired: 'its vendor has ended it',
    restricted: 'its vendor restricts what it may be used for',
    personal: 'it is for personal use only',
    ok: 'it is not offered by default',
  }[termsOf(place)]
  return auth.offReason ?? (auth.terms === undefined ? route.entry.termsNote : undefined) ?? general
}

/** The one line that a sign-in says where the vendor restricts what it leaves on. Null where there is nothing to say. */
export function termsLine(place: Place): string | null {
  const { route, auth } = place
  const terms = termsOf(place)
  if (terms === 'forbidden') return reasonOf(place)
  const { termsNote, termsNoteOn } = route.entry
  if (auth.terms !== 'ok' && termsNote !== undefined && termsNoteOn?.includes('auth')) return termsNote
  return terms === 'personal' || terms === 'restricted' ? `terms of ${route.entry.name}: ${reasonOf(place)}` : null
}

/** Where the terms were read. */
function sourceOf({ route, auth }: Place): string {
  const { sources } = route.entry
  return sources.terms ?? sources[`auth.${auth.id}`] ?? sources['*'] ?? 'the configuration'
}
