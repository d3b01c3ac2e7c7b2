import { ClawError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { RESERVED_IDS } from '../core/vocabulary.ts'
import { keyAsArgument } from './key-as-argument.ts'
import type { MethodFlag } from './auth-options.ts'

/** What a word that names no provider may have been meant for: a command below `auth`, or the key itself. */
export async function unknownWord(thrown: unknown, word: string, method: MethodFlag | undefined): Promise<unknown> {
  if (!(thrown instanceof ClawError) || thrown.code !== 'CLAW_PROVIDER_UNKNOWN') return thrown
  if (method === '--api-key' || method === '--token') {
    const { beginsLikeKey } = await import('../app/sign-in/key-origin.ts')
    return beginsLikeKey(word) ? keyAsArgument(['auth', method]) : thrown
  }
  const [command] = nearest(word, RESERVED_IDS, 1)
  if (method !== undefined || command === undefined) return thrown
  const { why } = thrown
  const near = `\`claw auth ${command}\` is a command`
  return thrown.reworded({ why: why === undefined ? near : `${near}; ${why}`, fix: `claw auth ${command}` })
}
