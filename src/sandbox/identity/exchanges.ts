import type { ExchangeFault, Scenario } from '../scenarios.ts'

/** What the vendors remember of exchanges: tokens that were spent, and the faults that are still to come. */
export class Exchanges {
  readonly #scenario: Scenario
  readonly #spent = new Set<string>()
  readonly #coming: ExchangeFault[]
  #count = 0

  constructor(scenario: Scenario) {
    this.#scenario = scenario
    this.#coming = scenario.firstExchange === undefined ? [] : [scenario.firstExchange]
  }

  /** Has the next exchanges fail, one fault each. */
  failNext(...faults: readonly ExchangeFault[]): void {
    this.#coming.push(...faults)
  }

  /** What happens to this exchange. */
  nextFault(): ExchangeFault | undefined {
    const coming = this.#coming.shift()
    if (coming) return coming
    const { exchange } = this.#scenario
    const isFirst = this.#count++ === 0
    return exchange === 'other_account' && isFirst ? undefined : exchange
  }

  /** Whether a token with this `jti` comes for the first time to a vendor. */
  spend(realm: string, issuer: string, jti: string): boolean {
    const key = JSON.stringify([realm, issuer, jti])
    if (this.#spent.has(key)) return false
    this.#spent.add(key)
    return true
  }
}
