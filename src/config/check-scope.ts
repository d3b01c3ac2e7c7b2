import { dirname } from 'node:path'
import { dottedKey, type Problem } from './problem.ts'
import type { RawDocument } from './read-document.ts'
import { scopeOf } from './scopes.ts'
import { leavesOf } from './toml-values.ts'

const SECRETS: readonly string[] = ['api_key', 'auth_token', 'client_secret', 'subject_token']

/** What a project file says that it may not say, before anything of it is used (S-16, S-18). */
export function checkScope({ file, table, locate }: RawDocument, isTrusted: boolean, isOwn: (provider: string) => boolean): Problem[] {
  return leavesOf(table).flatMap(([path, value]) => {
    const scope = scopeOf(path)
    const forbidden = (message: string, fix?: string): Problem[] => [
      { file, ...locate(path), key: dottedKey(path), message, nearest: null, kind: 'forbidden', ...(fix === undefined ? {} : { fix }) },
    ]
    if (scope === 'user') return forbidden('may not be set by a project file')
    if (scope === 'own' && !isOwn(path[1] ?? '')) return forbidden('may not be set by a project file that does not define the provider')
    if (scope !== 'project' && !isTrusted)
      return forbidden('may be set only by a project file that is trusted', `claw trust ${dirname(file)}`)
    if (SECRETS.includes(path.at(-1) ?? '') && typeof value === 'string' && !/^(?:env|file|oidc):/.test(value)) {
      return forbidden('may be only a reference with `env:`, `file:` or `oidc:` in a project file')
    }
    if (path[0] === 'prompt' && typeof value === 'string' && value.startsWith('@'))
      return forbidden('may not name a file in a project file')
    return []
  })
}
