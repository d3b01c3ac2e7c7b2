import { beforeAll, describe, it } from 'vitest'
import { bundledCli } from '../../support/rehearsed.ts'
import { ENTRIES, isRetired } from './entry.ts'
import { PLANS } from './plan.ts'

/** Dialects that are on their way. */
const NOT_YET: string[] = []

const cells = ENTRIES.filter((entry) => !isRetired(entry) && !NOT_YET.includes(entry.id)).flatMap((entry) => {
  const plan = PLANS[entry.auth.kind]
  if (!plan) return []
  return 'why' in plan ? [] : plan.scenarios(entry).map((scenario) => ({ id: entry.id, scenario, run: () => plan.run(entry, scenario) }))
})

beforeAll(async () => {
  await bundledCli()
}, 60_000)

describe('every sign-in of the catalogue', () => {
  it.each(cells)('$id: $scenario', ({ run }) => run(), 60_000)
})
