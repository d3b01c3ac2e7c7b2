import { KIND_OF, METHOD_OF } from '../../../src/providers/auth-kinds.ts'
import type { JournalEntry } from '../../../src/sandbox/journal.ts'
import type { Rehearsed, RehearsalMachine } from '../../support/rehearsed.ts'
import type { Entry } from './entry.ts'

/** How a command line ended, without what a person reads. */
export function ending({ exitCode, result }: Rehearsed): { readonly exitCode: number; readonly said: unknown } {
  return { exitCode, said: result.type === 'error' ? result.code : (result.state ?? result.type) }
}

/** What was asked, in order, with what the server made of what was posted, `POST /path granted`; else with the status. */
export function steps(asked: readonly JournalEntry[]): string[] {
  return asked.map(({ method, path, status, note }) => `${method} ${path} ${method === 'POST' ? (note ?? status) : status}`)
}

export interface StoredRecord {
  readonly slot: string
  readonly kind: unknown
  readonly method: unknown
  readonly auth: unknown
  readonly refreshable: unknown
  readonly account: unknown
}

/** The credentials that are stored, and how many sign-ins wait. */
export async function stored(world: RehearsalMachine): Promise<{ readonly records: StoredRecord[]; readonly pending: number }> {
  const { records, flows } = await world.stored()
  return {
    records: records
      .filter(({ state }) => state !== 'logged_out')
      .map(({ provider, route, profile, kind, method, auth, refreshable, account }) => ({
        slot: `${provider}/${route}@${profile}`,
        kind,
        method,
        auth,
        refreshable,
        account: account ? Object.values(account).filter((part) => typeof part === 'string') : [],
      })),
    pending: flows.length,
  }
}

/** Sign-ins whose server says whose they are. */
export const WHOSE: Readonly<Record<string, readonly string[]>> = {
  'openai-codex/oauth': ['sandbox-account', 'somebody@sandbox.example', 'plus'],
  'openai-codex/device': ['sandbox-account', 'somebody@sandbox.example', 'plus'],
  'openai-chatgpt/siwc': ['sandbox-user', 'somebody@sandbox.example'],
  'xai/oauth': ['sandbox-user'],
  'openrouter/pkce': ['sandbox-user'],
  'github-copilot/device': ['sandbox', 'sandbox', 'individual'],
}

/** GitHub's tokens have no end, and come without a refresh token, unless the app asks for both. */
const NEVER_REFRESHED: readonly string[] = ['github-copilot/device']

/** What a sign-in in the name of an account leaves behind. */
export function storedGrant({ id, route, auth }: Entry): StoredRecord {
  return {
    slot: `${route.provider}/${route.id}@default`,
    kind: KIND_OF[auth.kind],
    method: METHOD_OF[auth.kind],
    auth: auth.id,
    refreshable: auth.refreshBody !== undefined && !NEVER_REFRESHED.includes(id),
    account: WHOSE[id] ?? [],
  }
}

/** Every secret in the store. */
export async function secretsIn(world: RehearsalMachine): Promise<string[]> {
  const { records, flows } = await world.stored()
  return [...records, ...flows].flatMap(({ secrets }) => revealed(secrets))
}

/** The pair that a refresh replaces. */
export async function pairIn(world: RehearsalMachine): Promise<string[]> {
  const { records } = await world.stored()
  return records.flatMap(({ secrets }) => [secrets?.access, secrets?.refresh]).flatMap((secret) => (secret ? [secret.reveal()] : []))
}

/** Secrets of any depth; what cannot be revealed is none. */
function revealed(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  if ('reveal' in value && typeof value.reveal === 'function') return [String(value.reveal())]
  return Object.values(value).flatMap(revealed)
}

/** Everything that looks like a secret of the sandbox. */
const SECRET = /sandbox-(?:at|rt|dc|code)-[\w-]+|eyJ[\w-]+\.[\w-]+\.[\w-]*/g

/** Secrets that a text shows: those that were given, and whatever looks like one of the sandbox's. */
export function leaks(text: string, given: readonly string[]): string[] {
  return [...given.filter((secret) => secret !== '' && text.includes(secret)), ...(text.match(SECRET) ?? [])]
}
