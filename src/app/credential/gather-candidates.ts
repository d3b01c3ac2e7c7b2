import { ClawError } from '../../core/errors.ts'
import { formatInstant } from '../../core/duration.ts'
import { referenceName } from '../../core/reference.ts'
import { type Bundle, readBundle } from '../../credentials/bundle.ts'
import { findVariable } from '../../credentials/environment-source.ts'
import { type ReferenceWorld, resolveReference } from '../../credentials/references.ts'
import { readSecretFile } from '../../credentials/secret-file.ts'
import type { Snapshot } from '../../credentials/store.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import { authFor, type Candidate, candidate, judgeModel, judgeValue, type Scope } from './candidates.ts'
import type { Route } from '../catalogue/catalogue.ts'
import { identityMethods } from '../identity/identity-methods.ts'
import type { CredentialWorld } from './credential-question.ts'

/** What was looked at, whether anything was there or not. */
export interface Gathered {
  readonly candidates: readonly Candidate[]
  readonly lookedAt: readonly string[]
}

/** Keys and tokens that the configuration holds or refers to. */
export async function fromConfig(scope: Scope, world: ReferenceWorld): Promise<Gathered> {
  const given = scope.family.flatMap((route) => {
    const { settings } = route
    const table = `${settings?.local ? 'local_providers' : 'providers'}.${route.id}`
    return [
      { route, key: `${table}.api_key`, reference: settings?.apiKey, auth: authFor(route, 'api_key') },
      { route, key: `${table}.auth_token`, reference: settings?.authToken, auth: authFor(route, 'token') },
    ]
  })
  const candidates = await Promise.all(
    given.map(async ({ route, key, reference, auth }) => {
      if (!reference) return []
      const isLiteral = reference.scheme === 'literal'
      const found = await judgeValue(
        {
          origin: 'config',
          source: 'config',
          reference: isLiteral ? null : referenceName(reference),
          setting: key,
          declared: route,
          auth: { ...auth, enabled: true },
          read: (kind) => resolveReference(reference, world, kind),
          isFixed: isLiteral || reference.scheme === 'env',
          isUnread: reference.scheme === 'cmd',
        },
        scope,
      )
      return inQuestion(scope, route, found)
    }),
  )
  return { candidates: candidates.flat(), lookedAt: given.filter(({ route }) => scope.named.routes.includes(route)).map(({ key }) => key) }
}

/** The variables of the provider, and `NAME_FILE` for each. @throws {ClawError} `CLAW_CONFIG_INVALID` where both are set. */
export async function fromEnvironment(scope: Scope, world: ReferenceWorld): Promise<Gathered> {
  const named = scope.family.flatMap((route) => route.entry.auth.flatMap((auth) => variablesOf(route, auth)))
  const candidates = await Promise.all(
    named.map(async ({ route, auth, name, region }) => {
      const variable = findVariable(world.environment, name, world.uid)
      if (!variable) return []
      const { source, read, isFile } = variable
      const found = await judgeValue(
        {
          origin: 'environment',
          source,
          reference: null,
          setting: variable.variable,
          declared: route,
          auth,
          read,
          isFixed: !isFile,
          isUnread: false,
          region,
        },
        scope,
      )
      return inQuestion(scope, route, found)
    }),
  )
  const lookedAt = named.filter(({ route, auth }) => scope.named.routes.includes(route) && auth.enabled).map(({ name }) => `env:${name}`)
  return { candidates: candidates.flat(), lookedAt }
}

const CHINA = 'china'

/** The variables of a method: those of one region only where no other one was chosen, and first where it was. */
function variablesOf(
  route: Route,
  auth: AuthEntry,
): { readonly route: Route; readonly auth: AuthEntry; readonly name: string; readonly region: string | null }[] {
  const chosen = route.settings?.region
  const general = (auth.env ?? []).map((name) => ({ route, auth, name, region: null }))
  const chinese = (auth.envChina ?? []).map((name) => ({ route, auth, name, region: CHINA }))
  if (chosen === CHINA) return [...chinese, ...general]
  return chosen === undefined ? [...general, ...chinese] : general
}

const BUNDLE_FILE = 'CLAW_BUNDLE_FILE'

/** The access-only credential that another machine gave to this job. It cannot be renewed here. */
export async function fromBundle(scope: Scope, world: ReferenceWorld): Promise<Gathered> {
  const path = world.environment.get(BUNDLE_FILE)
  if (path === undefined) return { candidates: [], lookedAt: [] }
  const source = `env:${BUNDLE_FILE}`
  const [first] = scope.named.routes
  try {
    const bundle = readBundle((await readSecretFile(path, source, world.uid)).toString('utf8'), source)
    const route = scope.named.routes.find(({ id }) => id === bundle.route)
    const found = route ? [judgeModel(bundled(bundle, route, scope, world), scope)] : []
    return { candidates: found, lookedAt: ['bundle'] }
  } catch (thrown) {
    if (!(thrown instanceof ClawError) || !first) throw thrown
    const auth = authFor(first, 'oauth')
    const broken = candidate({
      origin: 'bundle',
      kind: 'oauth',
      fact: 'missing',
      source: 'bundle',
      route: first,
      auth,
      profile: scope.profile,
      setting: BUNDLE_FILE,
      stops: true,
      error: thrown,
      reason: thrown.message,
    })
    return { candidates: [broken], lookedAt: ['bundle'] }
  }
}

function bundled(bundle: Bundle, route: Route, scope: Scope, world: ReferenceWorld): Candidate {
  const { kind, token, expiresAt, account } = bundle
  const base = candidate({
    origin: 'bundle',
    kind,
    fact: 'usable',
    source: 'bundle',
    route,
    auth: authFor(route, kind),
    profile: scope.profile,
    setting: BUNDLE_FILE,
    secret: token,
    bundle,
    expiresAt,
    account,
  })
  if (expiresAt === null || expiresAt > world.clock.wall()) return base
  const error = new ClawError('CLAW_CREDENTIAL_EXPIRED', {
    what: `the bundle for \`${scope.named.name}\` has expired`,
    why: `it ended at ${formatInstant(expiresAt)}, and a bundle is never renewed where it is used: the machine that holds the grant${account === null ? '' : ` of \`${account}\``} can`,
    fix: `claw token ${scope.named.name} --bundle FILE`,
  })
  return { ...base, fact: 'expired', stops: true, error, reason: error.message }
}

/** Identity methods that the user's file configures, or the variables of the vendor's own SDK. */
export async function fromIdentity(scope: Scope, world: CredentialWorld, snapshot: Snapshot | ClawError): Promise<Gathered> {
  const methods = scope.named.routes.flatMap((route) => identityMethods(route, world.ports.environment).map((auth) => ({ route, auth })))
  if (methods.length === 0) return { candidates: [], lookedAt: [] }
  const { identityCandidates } = await import('../identity/identity-candidates.ts')
  const known = snapshot instanceof ClawError ? null : snapshot
  const found = await Promise.all(methods.map((method) => identityCandidates(method, scope, world, known)))
  const candidates = found.flat()
  return { candidates, lookedAt: candidates.map(({ source }) => source) }
}

/** Routes that need no credential. */
export function fromNothing({ named, profile }: Scope): Gathered {
  const candidates = named.routes.flatMap((route) =>
    route.entry.auth
      .filter(({ kind, enabled }) => kind === 'none' && enabled)
      .map((auth) => candidate({ origin: 'none', kind: 'none', fact: 'usable', source: 'none', route, auth, profile })),
  )
  return { candidates, lookedAt: [] }
}

/** A value that was declared for a route outside the question counts only when it turned out to belong inside. */
function inQuestion({ named }: Scope, declared: Route, found: Candidate): Candidate[] {
  return named.routes.includes(declared) || named.routes.includes(found.route) ? [found] : []
}
