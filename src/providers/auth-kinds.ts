import type { Kind, Method } from '../core/vocabulary.ts'
import type { AuthEntry, AuthKind } from './entry.ts'

/** The method that a kind of auth entry is, in the words of the commands. */
export const METHOD_OF: Readonly<Record<AuthKind, Method>> = {
  api_key: 'api_key',
  bearer: 'token',
  oauth_device: 'device',
  openai_device: 'device',
  minimax_device: 'device',
  oauth_pkce: 'pkce',
  pkce_key_mint: 'pkce',
  copilot_direct: 'token',
  copilot_exchange: 'none',
  workload_identity: 'identity',
  none: 'none',
}

/** The kind of credential that an auth entry yields. */
export const KIND_OF: Readonly<Record<AuthKind, Kind>> = {
  api_key: 'api_key',
  bearer: 'token',
  oauth_device: 'oauth',
  openai_device: 'oauth',
  minimax_device: 'oauth',
  oauth_pkce: 'oauth',
  pkce_key_mint: 'api_key',
  copilot_direct: 'token',
  copilot_exchange: 'none',
  workload_identity: 'identity',
  none: 'none',
}

/** The auth entry that a method of the configuration asks for. */
export const AUTH_KIND_OF: Readonly<Record<Method, AuthKind>> = {
  api_key: 'api_key',
  token: 'bearer',
  device: 'oauth_device',
  pkce: 'oauth_pkce',
  identity: 'workload_identity',
  none: 'none',
}

/** Whether an entry is a way to sign in. One that needs another entry only says how the credential of that one is used. */
export function isSignIn(auth: Pick<AuthEntry, 'needs'>): boolean {
  return auth.needs === undefined
}
