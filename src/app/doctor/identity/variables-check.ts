import type { Route } from '../../catalogue/catalogue.ts'
import type { Finding } from '../check.ts'
import type { CredentialUse, Ground } from '../ground.ts'
import { type ForeignVariable, foreignToken, foreignVariables } from './foreign-variables.ts'
import { unreadTold, unreadVariables } from './unread-variables.ts'

/** Whether there is anything to say of the variables of identities that are set here. */
export function hasVariables(route: Route, ground: Ground): boolean {
  return foreignVariables(route, ground).length > 0 || unreadVariables(route, ground).length > 0
}

/** What a use is told of those that do nothing for it: of another route, or second to the user's file. */
export function variables(route: Route, use: CredentialUse, ground: Ground): Finding {
  const foreign = foreignVariables(route, ground)
  const unread = unreadVariables(route, ground)
  const names = [...foreign, ...unread].map(({ variable }) => variable)
  if (names.length === 0) return { status: 'pass', evidence: 'static', detail: 'none is set in vain' }
  const path = use.chosen ? undefined : foreignToken(route, ground)
  return {
    status: 'warn',
    evidence: 'static',
    detail: [foreignTold(foreign, route), unreadTold(unread)].filter(Boolean).join('; '),
    fix:
      path === undefined
        ? { command: `unset ${names.join(' ')}` }
        : { config: `\`subject_token = "file:${path}"\` in [providers.${route.id}.auth.federation]` },
  }
}

function foreignTold(found: readonly ForeignVariable[], route: Route): string {
  const [first] = found
  if (!first) return ''
  const [belong, them] = found.length === 1 ? ['belongs', 'it'] : ['belong', 'them']
  const lacks = first.missing.length > 0 ? `, whose identity lacks ${first.missing.map((name) => `\`${name}\``).join(', ')}` : ''
  const all = found.map(({ variable }) => variable).join(', ')
  return `${all} ${belong} to \`${first.owner.id}\`${lacks}; \`${route.id}\` does not read ${them}`
}
