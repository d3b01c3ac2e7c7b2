import type { ChosenCredential } from './find-credential.ts'

/** What brings a credential of this kind back. */
export function signInCommand({ kind, named }: Pick<ChosenCredential, 'kind' | 'named'>): string {
  const flags = { api_key: '--api-key', token: '--token', oauth: '--device', identity: '--identity', none: '' } as const
  return `claw auth ${flags[kind]} ${named.name}${kind === 'api_key' || kind === 'token' ? ' --stdin' : ''}`
}

/** What replaces a credential that the provider refuses: a variable would win over anything stored. */
export function replacement({ source, kind, named, route }: Pick<ChosenCredential, 'source' | 'kind' | 'named' | 'route'>): string {
  return source.startsWith('env:')
    ? `set ${source.slice('env:'.length)} to a key that \`${route.id}\` takes`
    : signInCommand({ kind, named })
}
