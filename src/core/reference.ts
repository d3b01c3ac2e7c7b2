import type { Secret } from './secret.ts'

/**
 * A reference to a secret, or a literal one. The text of a reference is not secret; a literal is held as it was read.
 */
export type Reference =
  | { readonly scheme: 'env'; readonly name: string }
  | { readonly scheme: 'file'; readonly path: string }
  | { readonly scheme: 'cmd'; readonly argv: readonly string[]; readonly env: readonly string[] }
  | { readonly scheme: 'cred'; readonly name: string }
  | { readonly scheme: 'keyring'; readonly name: string }
  | { readonly scheme: 'oidc'; readonly source: string; readonly audience: string | undefined }
  | { readonly scheme: 'literal'; readonly secret: Secret }

/** A reference as people wrote it, without what a literal holds: for errors and tables. */
export function referenceName(reference: Reference): string {
  switch (reference.scheme) {
    case 'env':
    case 'cred':
    case 'keyring':
      return `${reference.scheme}:${reference.name}`
    case 'file':
      return `file:${reference.path}`
    case 'cmd':
      return `cmd:[${reference.argv.map((part, index) => (index === 0 ? JSON.stringify(part) : '…')).join(',')}]`
    case 'oidc':
      return `oidc:${reference.source}`
    case 'literal':
      return 'a literal'
  }
}
