import { matrix } from './matrix.ts'
import { WRONG_BY_MS, wrongClock } from './scenarios/wrong-clock.ts'

/** Those whose answers say each in another way when a token ends: a duration, an instant, an instant of a second step, neither. */
const DATED_DIFFERENTLY = ['anthropic', 'openai', 'google-vertex', 'openrouter']

for (const [scenario, aheadMs] of [
  ['ten minutes ahead', WRONG_BY_MS],
  ['ten minutes behind', -WRONG_BY_MS],
] as const)
  matrix(scenario, wrongClock(aheadMs), { aheadMs, vendors: DATED_DIFFERENTLY })
