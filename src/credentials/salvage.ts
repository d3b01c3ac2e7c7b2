import { decodeDocument, decodeFlow, DOCUMENT_VERSION, EMPTY_DOCUMENT, type StoreDocument } from './document-codec.ts'
import { JsonObject, parseJson, ShapeError } from './json-shape.ts'
import type { CredentialRecord, PendingFlow } from './record.ts'
import { decodeRecord } from './record-codec.ts'

/** A brace that damage left open pushes all that follows one deeper. */
const DEEPEST = 32
const LONGEST = 256 * 1024

/**
 * What is whole by itself in a broken document, for `doctor --fix`: each record and flow that validates, of records with
 * one id the one of the highest generation.
 */
export function salvageDocument(bytes: Uint8Array): StoreDocument {
  const text = new TextDecoder('utf-8').decode(bytes)
  const records = new Map<string, CredentialRecord>()
  const flows = new Map<string, PendingFlow>()
  for (const candidate of objectsIn(text)) {
    const record = candidate.includes('"generation"') ? attempt(candidate, decodeRecord) : undefined
    if (record && record.generation >= (records.get(record.id)?.generation ?? 0)) records.set(record.id, record)
    const flow = candidate.includes('"verificationUri"') ? attempt(candidate, decodeFlow) : undefined
    if (flow) flows.set(flow.id, flow)
  }
  return { ...frameOf(bytes), records: [...records.values()], flows: [...flows.values()] }
}

/** Whether a broken document was a newer claw's: what this one cannot tell from damage must not be thrown away. */
export function wasNewer(bytes: Uint8Array): boolean {
  const version = /"version"\s*:\s*(\d{1,9})/.exec(new TextDecoder('utf-8').decode(bytes))?.[1]
  return version !== undefined && Number(version) > DOCUMENT_VERSION
}

/** The document around the records, where that much can be read. */
function frameOf(bytes: Uint8Array): StoreDocument {
  try {
    const fields = new JsonObject(parseJson(bytes), 'document')
    const frame = Object.fromEntries(Object.entries(fields.rest()).filter(([name]) => name !== 'records' && name !== 'flows'))
    return decodeDocument(Buffer.from(JSON.stringify(frame)))
  } catch (thrown) {
    if (thrown instanceof ShapeError) return EMPTY_DOCUMENT
    throw thrown
  }
}

function attempt<Part>(text: string, decode: (fields: JsonObject) => Part): Part | undefined {
  try {
    return decode(new JsonObject(parseJson(Buffer.from(text)), 'salvage'))
  } catch (thrown) {
    if (thrown instanceof ShapeError) return undefined
    throw thrown
  }
}

/** Balanced `{…}` texts, inner before outer, in one pass. The document has line breaks between strings only: each one ends a string that damage left open. */
function* objectsIn(text: string): Iterable<string> {
  const starts: number[] = []
  let isString = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '\n') isString = false
    else if (isString && character === '\\') at++
    else if (character === '"') isString = !isString
    else if (isString) continue
    else if (character === '{') starts.push(at)
    else if (character === '}') {
      const start = starts.pop()
      if (start !== undefined && starts.length < DEEPEST && at - start < LONGEST) yield text.slice(start, at + 1)
    }
  }
}
