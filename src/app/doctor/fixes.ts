import type { ClawError, ErrorCode } from '../../core/errors.ts'
import type { Session } from '../session.ts'
import type { Fix } from './check.ts'

const COMMAND = /^(?:claw|chmod|chown|mv|rm) |^unset(?: [A-Z][A-Z0-9_]*)+$| \| claw /

/** A line to add, where, and what else there is to say of it. */
const ADDED = /^add (`[^`]+`) to ([^,;]+)(?:[,;] (.+))?$/

/** What only the issuer of a job's token can do. */
const MINTED = 'mint a new identity token'

/** What went wrong, in one line. */
export function describe(error: ClawError): string {
  return [error.message, error.why?.split('\n')[0]].filter(Boolean).join(': ')
}

/** A remedy that can be typed, written or had somewhere; `undefined` for one that is only words. */
export function fixFrom(text: string | undefined): Fix | undefined {
  if (text === undefined) return undefined
  const variable = /^set ([A-Z][A-Z0-9_]+)(?:[= ]|$)/.exec(text)?.[1]
  if (variable) return { env: variable }
  if (COMMAND.test(text)) return { command: text }
  const [, line, place] = ADDED.exec(text) ?? []
  if (line !== undefined && place !== undefined) return { config: `${line} in ${place}` }
  if (text.startsWith(MINTED)) return { words: text }
  return text.startsWith('set `') ? { config: text.slice('set '.length) } : undefined
}

/** An error as a finding tells it: words that cannot be typed stand in the detail. */
export function told(error: ClawError): { readonly detail: string; readonly fix?: Fix } {
  return withRemedy(describe(error), error.fix)
}

/** What was found and what helps: as a fix where it can be typed or written somewhere, and what is only words in the detail. */
export function withRemedy(detail: string, text: string | undefined): { readonly detail: string; readonly fix?: Fix } {
  const fix = fixFrom(text)
  const words = text === undefined ? undefined : fix ? ADDED.exec(text)?.[3] : text
  return { detail: words === undefined ? detail : `${detail}; ${words}`, ...(fix && { fix }) }
}

/** The remedy where the configured store cannot be had: `claw config check` opens none, so it would find nothing. */
export function storeFix({ config }: Session, error: ClawError): { readonly fix?: Fix } {
  const origin = config.origins.get(config.store.key ? 'store.key' : 'store.backend')
  const { fix } = told(error)
  if (fix?.command === undefined && origin?.from === 'environment') return { fix: { command: `unset ${origin.name}` } }
  return fix ? { fix } : {}
}

/** The remedy where the credential is of another profile. */
export function profileFix(profile: string): Fix {
  return { command: `claw doctor --profile ${profile}`, env: 'CLAW_PROFILE' }
}

/** The remedy of an error about a credential, or the sign-in where only that helps. */
export function credentialFix(error: ClawError | null, provider: string, signIn?: string): { readonly fix?: Fix } {
  const needsSignIn = error?.exit.name === 'AUTH' && signIn !== undefined
  const text = needsSignIn ? signIn : (error?.fix ?? (error?.code === 'CLAW_NETWORK' ? undefined : signIn))
  if (text === undefined) return {}
  return { fix: fixFrom(text) ?? { config: text, command: `claw auth ${provider}` } }
}

/** The account is refused, or somebody else answers in the place of the provider: the credential is not to blame. */
const NO_SIGN_IN_HELPS: readonly ErrorCode[] = ['CLAW_FORBIDDEN', 'CLAW_PROTOCOL']

/** A refusal as a finding tells it: no new sign-in is advised where the provider means the account, and the error says what helps. */
export function refusalTold(
  error: ClawError | null,
  detail: string,
  provider: string,
  signIn: string | undefined,
): { readonly detail: string; readonly fix?: Fix } {
  if (error?.fix === undefined || !NO_SIGN_IN_HELPS.includes(error.code)) return { detail, ...credentialFix(error, provider, signIn) }
  const fix = fixFrom(error.fix)
  return fix ? { detail, fix } : { detail: `${detail}; ${error.fix}` }
}
