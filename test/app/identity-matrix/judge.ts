import { expect } from 'vitest'
import { shortHash } from '../../../src/sandbox/journal.ts'
import type { Rehearsed } from '../../support/rehearsed.ts'
import { secretsIn } from '../sign-in-matrix/judge.ts'
import type { Posted, Stage } from './stage.ts'

export function claimsOf(token: string | undefined): Record<string, unknown> {
  return JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString())
}

/** The journal of exchanges that were done, one for each of these tokens. */
export function granted({ vendor }: Stage, ...tokens: readonly (string | undefined)[]): Posted[] {
  return tokens.flatMap((token) => {
    const [first, ...more] = vendor.dialects
    const posted = { dialect: first, status: 200, token: shortHash(token ?? ''), note: 'granted' }
    return [posted, ...more.map((dialect) => ({ dialect, status: 200, token: expect.any(String), note: 'granted' }))]
  })
}

/** An error as `--json` has it, but for what the vendor said. */
export function failure({ exitCode, result }: Rehearsed) {
  const { code, message, fix } = result
  return { exitCode, code, message, fix }
}

/** Every secret of a job in a text: a token or a part of it that is nobody else's, and what leads to one. */
function shownOf({ given, play }: Stage, text: string): string[] {
  const parts = given.flatMap((token) => [token, ...token.split('.').slice(1)])
  return [...parts, ...play.secrets].filter((secret) => secret.length > 8 && text.includes(secret))
}

/** Nothing of a job's own token was said or kept, whatever came of it; nor was it said and struck. */
export async function expectNothingShown(stage: Stage, ...ended: readonly Rehearsed[]): Promise<void> {
  const said = ended.map(({ stdout, stderr }) => stdout + stderr).join('')
  const kept = JSON.stringify(await stage.world.stored()) + (await secretsIn(stage.world)).join(' ')
  expect(shownOf(stage, said + kept)).toEqual([])
  expect(said).not.toContain('[redacted')
}
