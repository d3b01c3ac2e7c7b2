import { createHash } from 'node:crypto'
import type { Random } from '../platform/random.ts'
import type { StoreDocument } from './document-codec.ts'

type Mark = StoreDocument['machine']

/** Where a store was written first: a salted hash, which does not tell the machine's id. Null where the system has none. */
export function newMark(machineId: string, random: Random): Mark {
  if (machineId === '') return null
  const salt = random.bytes(12).toString('hex')
  return { salt, hash: machineHash(salt, machineId) }
}

/** Whether a store came from another machine. */
export function isOfElsewhere(mark: Mark, machineId: string): boolean {
  return mark !== null && machineId !== '' && mark.hash !== machineHash(mark.salt, machineId)
}

/**
 * A copied store after a sign-in or a sign-out here. What is signed in here is marked as this machine's, in a field that
 * other versions keep; once no grant from elsewhere is left that two machines could refresh, the whole store is.
 *
 * @param signedIn the id of the record that was signed in here; null where none was
 */
export function settled(document: StoreDocument, signedIn: string | null, machineId: string, random: Random): StoreDocument {
  const { machine } = document
  if (machine === null || !isOfElsewhere(machine, machineId)) return document
  const own = machineHash(machine.salt, machineId)
  const records = document.records.map((record) =>
    record.id === signedIn ? { ...record, unknown: { ...record.unknown, machine: own } } : record,
  )
  if (records.some(({ refreshable, unknown }) => refreshable && unknown.machine !== own)) return { ...document, records }
  const unmarked = records.map(({ unknown: { machine: _, ...unknown }, ...record }) => ({ ...record, unknown }))
  return { ...document, machine: newMark(machineId, random), records: unmarked }
}

function machineHash(salt: string, machineId: string): string {
  return createHash('sha256').update(`${salt}:${machineId}`).digest('hex').slice(0, 32)
}
