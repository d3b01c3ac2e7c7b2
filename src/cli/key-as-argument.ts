import { catalogueNames } from '../app/catalogue/catalogue.ts'
import { ClawError } from '../core/errors.ts'

/** Where a key stands among the arguments, others read it. It is never repeated. */
export function keyAsArgument(argv: readonly string[]): ClawError {
  const flag = argv.includes('--token') ? '--token' : '--api-key'
  return new ClawError('CLAW_USAGE', {
    what: 'a secret does not belong on a command line',
    why: 'a key is never an argument: this one now stands in the shell history and in the process list, and should be replaced',
    fix: `printf %s "$KEY" | claw auth ${flag} ${providerOf(argv)} --stdin`,
  })
}

/** Whether more was given to `claw auth --api-key` or `--token` than a provider: that can only be the key. */
export function isKeyGiven(path: string, args: readonly string[]): boolean {
  if (path !== 'auth') return false
  const hasValue = args.some((word) => /^--(?:api-key|token)=/.test(word))
  const asks = args.includes('--api-key') || args.includes('--token')
  return hasValue || (asks && args.slice(1).filter((word) => !word.startsWith('-')).length > 1)
}

/** The provider that was named beside the key, else the word for one: what is no known name may be the key. */
function providerOf(argv: readonly string[]): string {
  const known = catalogueNames()
  return argv.find((word) => known.ids.includes(word) || known.aliases.has(word)) ?? 'PROVIDER'
}
