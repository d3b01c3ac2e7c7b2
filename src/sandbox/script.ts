import type { Scenario } from './scenarios.ts'

/** What a scenario does a number of times, and how much of it is left. */
export class Script {
  #slowDowns: number
  #outages: number
  #pages: number

  constructor({ slowDowns = 0, outages = 0, pages = 0 }: Scenario) {
    this.#slowDowns = slowDowns
    this.#outages = outages
    this.#pages = pages
  }

  /** Whether this poll is told to slow down. */
  slowsDown(): boolean {
    return this.#slowDowns > 0 && this.#slowDowns-- > 0
  }

  /** Whether this request to a token endpoint finds nobody at home. */
  isOut(): boolean {
    return this.#outages > 0 && this.#outages-- > 0
  }

  /** Whether this request of a device sign-in is answered by a page that only a browser gets past. */
  isChallenged(): boolean {
    return this.#pages > 0 && this.#pages-- > 0
  }
}
