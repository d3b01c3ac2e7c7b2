import { dottedKey, type Problem } from './problem.ts'
import type { RawDocument } from './read-document.ts'
import { configSchema, type Document } from './schema.ts'
import type { Fault } from './shape.ts'

/** Holds a document against the schema. Its tables come from the parser, fresh and without a prototype. */
export function checkDocument({
  file,
  table,
  locate,
}: RawDocument): { readonly document: Document } | { readonly problems: readonly Problem[] } {
  const faults: Fault[] = []
  if (configSchema.accepts(table, [], faults)) return { document: table }
  return {
    problems: faults.map(({ path, message, nearest }) => ({
      file,
      ...locate(path),
      key: dottedKey(path),
      message,
      nearest,
      kind: 'invalid',
    })),
  }
}
