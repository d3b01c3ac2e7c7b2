import { parse, TomlError } from 'smol-toml'
import { DEEPEST, faultsOfLimits } from './document-limits.ts'
import { locateKeys, type Locate } from './locate-key.ts'
import { dottedKey, type Problem } from './problem.ts'
import { isTable, type Table } from './toml-values.ts'

/** A file that is TOML and within its limits; what its keys mean is not yet known. */
export interface RawDocument {
  readonly file: string
  readonly table: Table
  readonly locate: Locate
}

/**
 * Bytes to a document, or to faults; it never throws and repeats nothing of what it reads. The parser's own messages are
 * dropped: they hold the source lines (S-53).
 */
export function readDocument(
  file: string,
  bytes: Uint8Array,
): { readonly document: RawDocument } | { readonly problems: readonly Problem[] } {
  const fault = (message: string, place?: { line: number; column: number }, key = ''): Problem => ({
    file,
    line: place?.line ?? 1,
    column: place?.column ?? 1,
    key,
    message,
    nearest: null,
    kind: 'invalid',
  })
  let source: string
  try {
    source = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return { problems: [fault('the configuration file is not UTF-8')] }
  }
  try {
    const table = parse(source, { maxDepth: DEEPEST })
    const locate = locateKeys(source)
    const faults = faultsOfLimits(table)
    if (!isTable(table) || faults.length > 0)
      return { problems: faults.map(({ path, message }) => fault(message, locate(path), dottedKey(path))) }
    return { document: { file, table, locate } }
  } catch (thrown) {
    const place = thrown instanceof TomlError ? { line: thrown.line, column: thrown.column } : undefined
    return { problems: [fault('the configuration file is not TOML', place)] }
  }
}
