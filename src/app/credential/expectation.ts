import type { Expectation } from '../../config/config.ts'
import type { Catalogue, Named } from '../catalogue/catalogue.ts'

/** What the user's configuration says of the credential that a provider shall use: under the name that was used, or the provider's. */
export function expectationFor(catalogue: Catalogue, named: Named): Expectation | undefined {
  return named.settings?.expect ?? catalogue.routes.get(named.provider)?.settings?.expect
}
