import type { ClawError } from '../../core/errors.ts'
import type { Snapshot } from '../../credentials/store.ts'
import { WITHDRAWN } from '../../providers/catalogue.ts'
import type { ProviderEntry } from '../../providers/entry.ts'
import type { Named } from './catalogue.ts'
import { type MethodChoice, methodsOf } from '../sign-in/choose-method.ts'
import { type Here, recommended } from '../sign-in/choose-unattended.ts'
import { readStore } from '../credential/credential-question.ts'
import { surveyCredentials } from '../credential/find-credential.ts'
import type { Session } from '../session.ts'
import { storedRecords } from '../credential/stored-records.ts'
import { reasonOf, termsOf } from '../sign-in/terms.ts'

export interface MethodRow {
  readonly id: string
  readonly method: string
  readonly headless: boolean
  readonly enabled: boolean
  /** The one that `claw auth PROVIDER` would choose here, or advise. */
  readonly recommended: boolean
  readonly terms: string
  readonly route: string
  /** Why it is off; null for one that is on. */
  readonly reason: string | null
}

export interface CredentialRow {
  readonly source: string
  readonly kind: string
  readonly route: string
  readonly profile: string
  readonly state: string
}

export interface ProviderRow {
  readonly id: string
  readonly name: string
  readonly aliases: readonly string[]
  readonly routes: readonly string[]
  readonly methods: readonly MethodRow[]
  readonly env: readonly string[]
  readonly keyUrl: string | null
  readonly terms: string
  readonly note: string | null
  /** Sources at which a credential was found. */
  readonly credentials: readonly CredentialRow[]
}

/** Every provider with its methods, its variables, where to get a key, and which credentials are there. */
export async function listProviders(session: Session, here: Here): Promise<ProviderRow[]> {
  const { routes } = session.catalogue
  const snapshot = await readStore(session)
  const ids = [...new Set([...routes.values()].map(({ provider }) => provider))]
  const built = await Promise.all(ids.map((id) => providerRow(session, id, here, snapshot)))
  return [...built, ...[...WITHDRAWN.values()].filter(({ id }) => !routes.has(id)).map(withdrawnRow)]
}

/** A sign-in that is named in the catalogue and not built: it stands in the list with the reason. */
function withdrawnRow({ id, name, aliases = [], terms, withdrawn }: ProviderEntry): ProviderRow {
  const nothing = { routes: [], methods: [], env: [], keyUrl: null, credentials: [] }
  return { id, name, aliases, terms, note: withdrawn?.why ?? null, ...nothing }
}

async function providerRow(session: Session, id: string, here: Here, snapshot: Snapshot | ClawError): Promise<ProviderRow> {
  const { catalogue } = session
  const named = catalogue.find(id)
  const apart = [...catalogue.routes.values()].filter((route) => route.provider === id && route.namedOnly)
  const all = [named, ...apart.map((route) => catalogue.find(route.id))]
  const methods = all.flatMap(methodsOf)
  const best = recommended(methodsOf(named), here)
  const own = catalogue.route(id).entry
  const credentials = await Promise.all(all.map((each) => credentialRows(session, each, snapshot)))
  return {
    id,
    name: own.name,
    aliases: own.aliases ?? [],
    routes: all.flatMap((each) => each.routes.map((route) => route.id)),
    methods: methods.map((choice) => methodRow(choice, best)),
    env: [...new Set(methods.filter(({ auth }) => auth.enabled).flatMap(({ auth }) => [...(auth.env ?? []), ...(auth.envChina ?? [])]))],
    keyUrl: own.keyUrl ?? null,
    terms: own.terms,
    note: own.termsNote ?? null,
    credentials: credentials.flat(),
  }
}

function methodRow(choice: MethodChoice, best: MethodChoice | undefined): MethodRow {
  const { auth, method, route } = choice
  return {
    id: auth.id,
    method,
    headless: auth.headless,
    enabled: auth.enabled,
    recommended: best !== undefined && auth === best.auth,
    terms: termsOf(choice),
    route: route.id,
    reason: auth.enabled ? null : reasonOf(choice),
  }
}

/** What is there, of every profile: the one in force as it would be used, the others as they are kept. */
async function credentialRows(session: Session, named: Named, snapshot: Snapshot | ClawError): Promise<CredentialRow[]> {
  const { rows, wanted } = await surveyCredentials(session, { named, model: null, snapshot })
  const found = rows
    .filter(({ state, source }) => state !== 'missing' && source !== 'none')
    .map(({ source, kind, route, profile, state }) => ({ source, kind, route, profile, state }))
  if (!('records' in snapshot)) return found
  const source = `store:${session.ports.store.backend}`
  const kept = storedRecords(snapshot, session.catalogue, { name: named.name })
    .filter(({ profile, route }) => profile !== wanted.profile && named.routes.some(({ id }) => id === route))
    .map(({ kind, route, profile, state }) => ({ source, kind, route, profile, state: state === 'rejected' ? 'refused' : 'shadowed' }))
  return [...found, ...kept]
}
