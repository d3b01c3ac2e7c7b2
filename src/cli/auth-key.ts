import { formatInstant } from '../core/duration.ts'
import { ClawError } from '../core/errors.ts'
import { slotName } from '../core/vocabulary.ts'
import { checkPresent, type CheckedSignIn } from '../app/sign-in/check-sign-in.ts'
import { accountChange } from '../app/sign-in/account-change.ts'
import { keyFrom, keyFromFile, keyFromVariable, orSay } from '../app/sign-in/given-key.ts'
import { storeKey, type StoredKey } from '../app/sign-in/store-key.ts'
import { keepOnLine } from '../app/sign-in/switched-on.ts'
import { storedCredential } from '../app/credential/stored-credential.ts'
import { profileOf } from '../app/credential/wanted-credential.ts'
import type { Session } from '../app/session.ts'
import { authResult } from './auth-result.ts'
import { sayCheck } from './finish-sign-in.ts'
import { WriteQueue } from './write-queue.ts'
import type { KeyOutput } from './auth-output.ts'
import type { Shell } from './context.ts'

export interface KeyCommandOptions {
  readonly provider: string
  readonly method: 'api_key' | 'token'
  readonly stdin: boolean
  readonly fromEnv: string | undefined
  readonly fromFile: string | undefined
  readonly lifetimeMs: number | undefined
  readonly check: boolean
  readonly mayAsk: boolean
  readonly signal: AbortSignal
}

const MOST_KEY_BYTES = 64 * 1024
const STDIN_WITHIN_MS = 10_000

/** Takes a key from where the flags say, and stores it. */
export async function store(session: Session, shell: Shell, output: KeyOutput, options: KeyCommandOptions): Promise<number> {
  const sources = [options.stdin, options.fromEnv !== undefined, options.fromFile !== undefined].filter(Boolean).length
  if (sources > 1) throw new ClawError('CLAW_USAGE', { what: '`--stdin`, `--from-env` and `--from-file` exclude each other' })
  const kind = options.method === 'api_key' ? 'api-key' : 'token'
  const writes = new WriteQueue()
  const stored = await storeKey(session, {
    name: options.provider,
    profile: profileOf(session, options.provider),
    method: options.method,
    check: options.check,
    lifetimeMs: options.lifetimeMs,
    readKey: async () => {
      const { stdin, fromEnv, fromFile, signal } = options
      const again = `claw auth ${options.method === 'api_key' ? '--api-key' : '--token'} ${options.provider}`
      const read = async () =>
        keyFrom(await shell.input.readAll({ maxBytes: MOST_KEY_BYTES, withinMs: STDIN_WITHIN_MS, signal }), 'stdin', kind)
      if (stdin) return orSay(read(), `printf %s "$KEY" | ${again} --stdin`)
      if (fromEnv !== undefined)
        return orSay(keyFromVariable(session, fromEnv, kind), `set ${fromEnv} to the value, then: ${again} --from-env ${fromEnv}`)
      if (fromFile !== undefined)
        return orSay(
          keyFromFile(session, fromFile, kind),
          `put the value into the file as one line, then: ${again} --from-file ${fromFile}`,
        )
      if (!options.mayAsk) return null
      const words = options.method === 'api_key' ? 'API key' : 'token'
      const typed = await shell.input.readHidden(`${words} for ${options.provider} (not shown): `, signal)
      return typed === '' ? null : orSay((async () => keyFrom(typed, 'the terminal', kind))(), again)
    },
    onDoubt: (message) => writes.add(() => output.say(`warning: ${message}`)),
  })
  await writes.drain()
  const { route, record, replaced, change, terms } = stored
  const check = change === 'kept' && options.check ? await checkPresent(session, storedCredential(session, route, record)) : checkOf(stored)
  const otherAccount = accountChange(replaced, record)
  if (otherAccount !== null) await output.say(`warning: ${otherAccount}`)
  if (terms !== null && change !== 'kept') await output.note(terms)
  const place = slotName(record)
  const until = record.expiresAt === null ? '' : `, until ${formatInstant(record.expiresAt)}`
  const isChanged = change === 'stored' || change === 'replaced'
  if (output.json) {
    await output.print(authResult(record, { store: session.ports.store.backend, changed: isChanged, check }))
  } else {
    await output.note(
      {
        stored: `stored for ${place}${until}`,
        replaced: `replaced the one that was stored for ${place}${until}`,
        unchanged: `unchanged: the same is stored for ${place}${until}`,
        kept: `kept the one that is stored for ${place}${until}`,
      }[change],
    )
    if (check && change === 'kept') await sayCheck(output, check, 'kept')
  }
  const keepOn = isChanged ? keepOnLine(route, record.auth) : null
  if (keepOn !== null) await output.say(keepOn)
  return change === 'kept' && check?.status === 'fail' ? 1 : 0
}

/** What was found before the key was stored. */
function checkOf({ checked }: StoredKey): CheckedSignIn | null {
  if (!checked) return null
  const isAccepted = checked.kind === 'accepted'
  return {
    status: isAccepted ? 'pass' : 'warn',
    evidence: isAccepted ? 'accepted' : 'resolved',
    detail: 'detail' in checked ? checked.detail : '',
  }
}
