import type { Clock } from '../../platform/clock.ts'
import type { Scenario } from '../scenarios.ts'

/** What the server's clock shows, s since 1970: that of its Date header. */
export function serverSeconds({ clock, scenario }: { readonly clock: Pick<Clock, 'wall'>; readonly scenario: Scenario }): number {
  return Math.floor((clock.wall() + (scenario.clockSkewMs ?? 0)) / 1_000)
}
