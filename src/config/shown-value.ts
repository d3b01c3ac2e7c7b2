import { referenceName } from '../core/reference.ts'
import { parseReference, parseStoreUrl, type ReferenceText } from './reference.ts'
import { isTable } from './toml-values.ts'

const LITERAL = '(literal, masked)'
const REFERENCES: readonly string[] = ['api_key', 'auth_token', 'client_secret', 'subject_token']
/** Tables with keys that the user chose: some of them are the names of secrets. */
const FREE_TABLES = /(?:^|_)(?:headers|params|body|headers_by_prefix)$/
const SECRET_NAME = /secret|password|token|key|auth|cookie|credential/i

/** A value as `claw config show` prints it: the name of a reference, never a secret. */
export function shownValue(path: readonly string[], value: unknown): unknown {
  const last = path.at(-1) ?? ''
  const isStore = path[0] === 'store' && path.length === 2
  if (REFERENCES.includes(last) || (isStore && (last === 'url' || last === 'key'))) return shownReference(last, value)
  if (path[0] === 'network' && last === 'proxy' && typeof value === 'string') return value.replace(/\/\/[^/]*@/, '//(masked)@')
  if (path.slice(0, -1).some((part) => FREE_TABLES.test(part)) && SECRET_NAME.test(last)) return '(masked)'
  return value
}

function shownReference(last: string, value: unknown): string {
  const written = referenceText(value)
  const parsed = written === undefined ? undefined : last === 'url' ? parseStoreUrl(written) : parseReference(written, 'token')
  if (!parsed || !('reference' in parsed) || parsed.reference.scheme === 'literal') return LITERAL
  return referenceName(parsed.reference)
}

function referenceText(value: unknown): ReferenceText | undefined {
  if (typeof value === 'string') return value
  const argv = isTable(value) ? value.cmd : undefined
  return Array.isArray(argv) && argv.every((part) => typeof part === 'string') ? { cmd: argv } : undefined
}
