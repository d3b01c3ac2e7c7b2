import type { Scenario } from './scenarios.ts'

/** What a scenario does a number of times, and how much of it is left. */
export class Script {
  #slowDowns: number
  #outages: number

  constructor({ slowDowns = 0, outages = 0 }: Scenario) {
    this.#slowDowns = slowDowns
    this.#outages = outages
  }

  /** Whether this poll is told to slow down. */
  slowsDown(): boolean {
    return this.#slowDowns > 0 && this.#slowDowns-- > 0
  }

  /** Whether this request to a token endpoint finds nobody at home. */
  isOut(): boolean {
    return this.#outages > 0 && this.#outages-- > 0
  }
}
