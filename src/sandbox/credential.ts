import type { ServedRequest } from '../platform/served-request.ts'
import type { SandboxWorld } from './dialect.ts'

export type SentCredential = { readonly header: 'authorization' | 'x-api-key'; readonly value: string } | 'none' | 'both'

/** The credential of a request, by the one header it came in. */
export function credentialOf(request: ServedRequest): SentCredential {
  const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  const key = request.headers['x-api-key']
  if (request.headers.authorization !== undefined && key !== undefined) return 'both'
  if (bearer !== undefined) return { header: 'authorization', value: bearer }
  return key === undefined ? 'none' : { header: 'x-api-key', value: key }
}

export function isKey(value: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => value.startsWith(prefix))
}

/** Whether it is a key of the sandbox, or an access token that the sandbox gave out and that is still good. */
export function accepts(value: string, prefixes: readonly string[], world: SandboxWorld): boolean {
  return isKey(value, prefixes) || world.authorization.accepts(value)
}
