import type { ServedRequest } from '../../platform/served-request.ts'
import { type Dialect, formOf, page, type Reply, type SandboxWorld } from '../dialect.ts'

/** How authorization pages differ. */
export interface AuthorizationPageRules {
  readonly name: string
  readonly path: string
  /** The clients that are known; `null` = the page knows no client ids. */
  readonly clients: readonly string[] | null
  /** The redirects that are registered; their first group, where they have one, is free. */
  readonly redirects: readonly RegExp[]
  /** The name that this page has for a redirect. */
  readonly redirectParam?: string
  /** Without a redirect the code is shown. */
  readonly showsCode?: boolean
  /** What must come beside what RFC 6749 section 4.1.1 and RFC 7636 section 4.3 want. */
  readonly wants?: readonly string[]
  /** The client id that the redirect brings, for this installation alone. */
  issues?(request: ServedRequest): string
  /** RFC 9207: named in every response. */
  issuer?(world: SandboxWorld): string
}

const CHALLENGE = /^[A-Za-z0-9_-]{43}$/

/** The page at which somebody signs in and approves: what is wrong with the address is said there, and sent nowhere. */
export function authorizationPage(rules: AuthorizationPageRules): Dialect {
  return {
    name: rules.name,
    answer(request, world) {
      if (request.path !== rules.path) return undefined
      const fault = faultOf(request, rules)
      if (fault !== null) return { ...withAnyTarget(page(400, 'Not this way', `<h1>${fault}</h1>`)), note: { note: 'invalid_request' } }
      if (request.method === 'GET') return withAnyTarget(page(200, 'Sign in', FORM))
      if (request.method !== 'POST') return page(405, 'Not allowed', '<h1>Not allowed</h1>')
      const action = formOf(request)?.get('action')
      if (action !== 'approve' && action !== 'deny') return page(400, 'No decision', '<h1>Neither approved nor denied</h1>')
      return decided(request, world, rules, action === 'approve' && world.scenario.denies !== true)
    },
  }
}

const FORM =
  '<h1>Sign in</h1><form method="post"><button name="action" value="approve">Approve</button><button name="action" value="deny">Deny</button></form>'

/** A browser holds a form's redirect against the form's own target too. */
function withAnyTarget(reply: Reply): Reply {
  return { ...reply, headers: { ...reply.headers, 'content-security-policy': "default-src 'none'" } }
}

function faultOf({ query }: ServedRequest, rules: AuthorizationPageRules): string | null {
  const { clients, redirects, redirectParam = 'redirect_uri', showsCode = false, wants = [] } = rules
  for (const name of query.keys()) if (query.getAll(name).length > 1) return 'A parameter came twice'
  if (clients && !clients.includes(query.get('client_id') ?? '')) return 'This client is not known'
  if (clients && query.get('response_type') !== 'code') return 'response_type must be code'
  if (query.get('code_challenge_method') !== 'S256' || !CHALLENGE.test(query.get('code_challenge') ?? ''))
    return 'A challenge by S256 is missing'
  const redirect = query.get(redirectParam)
  if (redirect === null ? !showsCode : !redirects.some((known) => known.test(redirect))) return 'This redirect is not registered'
  return wants.every((name) => (query.get(name) ?? '') !== '') ? null : 'A parameter is missing'
}

function decided(request: ServedRequest, world: SandboxWorld, rules: AuthorizationPageRules, isApproved: boolean): Reply {
  const { query } = request
  const redirect = query.get(rules.redirectParam ?? 'redirect_uri')
  const issued = rules.issues?.(request)
  const note = { note: isApproved ? 'approved' : 'denied' }
  const code = isApproved
    ? world.authorization.codes.issue({
        clientId: issued ?? query.get('client_id'),
        redirectUri: redirect,
        challenge: query.get('code_challenge') ?? '',
        scope: query.get('scope') ?? undefined,
        nonce: query.get('nonce') ?? undefined,
        state: query.get('state') ?? undefined,
      })
    : undefined
  if (redirect === null)
    return { ...page(200, 'Your code', code === undefined ? '<h1>Denied</h1>' : `<h1>Your code</h1><code>${code}</code>`), note }
  const url = new URL(redirect)
  const state = query.get('state')
  const iss = rules.issuer?.(world)
  const answer = {
    ...(code === undefined ? { error: 'access_denied', error_description: 'denied by the person' } : { code }),
    ...(state === null ? {} : { state }),
    ...(iss === undefined ? {} : { iss }),
    ...(issued === undefined ? {} : { client_id: issued }),
  }
  for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value)
  return { status: 303, headers: { location: url.href, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }, body: '', note }
}
