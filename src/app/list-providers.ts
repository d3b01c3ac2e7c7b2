import { surveyCredentials } from './find-credential.ts'
import { FLAG, type MethodChoice, methodsOf } from './choose-method.ts'
import type { Session } from './session.ts'

export interface MethodRow {
  readonly id: string
  readonly method: string
  readonly headless: boolean
  readonly enabled: boolean
  /** The one that `claw auth PROVIDER` would choose here. */
  readonly recommended: boolean
  readonly terms: string
  readonly route: string
}

export interface ProviderRow {
  readonly id: string
  readonly name: string
  readonly aliases: readonly string[]
  readonly routes: readonly string[]
  readonly methods: readonly MethodRow[]
  readonly env: readonly string[]
  readonly keyUrl: string | null
  /** Sources at which a credential was found. */
  readonly credentials: readonly { readonly source: string; readonly kind: string; readonly route: string; readonly state: string }[]
}

/** Every provider with its methods, its variables, where to get a key, and which credentials are there. */
export async function listProviders(session: Session): Promise<ProviderRow[]> {
  const { catalogue } = session
  const snapshot = await session.ports.store.read()
  const ids = [...new Set([...catalogue.routes.values()].map(({ provider }) => provider))]
  return Promise.all(
    ids.map(async (id) => {
      const named = catalogue.find(id)
      const [own] = named.routes
      const methods = methodsOf(named)
      const best = recommended(methods, false)
      const { rows } = await surveyCredentials(session, { named, model: null, snapshot })
      return {
        id,
        name: own?.entry.name ?? id,
        aliases: own?.entry.aliases ?? [],
        routes: named.routes.map((route) => route.id),
        methods: methods.map((choice) => ({
          id: choice.auth.id,
          method: choice.method,
          headless: choice.auth.headless,
          enabled: choice.auth.enabled,
          recommended: choice === best,
          terms: choice.auth.terms ?? choice.route.entry.terms,
          route: choice.route.id,
        })),
        env: [...new Set(methods.flatMap(({ auth }) => auth.env ?? []))],
        keyUrl: own?.entry.keyUrl ?? null,
        credentials: rows
          .filter(({ state, source }) => state !== 'missing' && source !== 'none')
          .map(({ source, kind, route, state }) => ({ source, kind, route, state })),
      }
    }),
  )
}

/**
 * The method that works with nobody at the keyboard: a device code, but never chosen in CI, where its code would be printed
 * for anybody to approve; a key only where somebody hands one over.
 */
export function recommended(methods: readonly MethodChoice[], isCi: boolean): MethodChoice | undefined {
  const usable = methods.filter(({ auth }) => auth.enabled && auth.headless)
  return (
    usable.find(({ method }) => method === 'none') ??
    (isCi ? undefined : usable.find(({ method }) => method === 'device')) ??
    usable.find(({ method }) => method === 'api_key')
  )
}

/** The flag of a method, as it is typed. */
export function flagOf(choice: MethodChoice): string {
  return FLAG[choice.method]
}
