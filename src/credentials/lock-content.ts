import { createHash } from 'node:crypto'
import { ClawError } from '../core/errors.ts'
import { readRegularFile } from '../platform/files.ts'
import type { Machine } from '../platform/machine.ts'
import { JsonObject, ShapeError, parseJson } from './json-shape.ts'
import type { Holder } from './record.ts'

const LOCK_VERSION = 1
const MOST_LOCK_BYTES = 4_096

/** What a lock file holds from the moment it exists. */
export interface LockContent {
  readonly nonce: string
  readonly fence: number
  readonly holder: Holder
  /** Salted hash of the machine's id; '' where unknown. */
  readonly machine: string
  readonly durationMs: number
  readonly purpose: string
}

export interface FoundLock extends LockContent {
  readonly path: string
  /** When it was made, by the clock of the file system, ms. */
  readonly madeAt: number
}

/** A lock file of ours whose content was lost: a power failure leaves such ones, since nobody waits for a disk to lock. */
export interface BrokenLock {
  readonly path: string
  readonly madeAt: number
  readonly isBroken: true
}

export function machineMark(machine: Machine): string {
  return machine.machineId === '' ? '' : createHash('sha256').update(`lock:${machine.machineId}`).digest('hex').slice(0, 16)
}

/** @param at the wall clock, ms: for people, nothing is judged by it */
export function encodeLock(content: LockContent, at: number): Buffer {
  const { holder, ...known } = content
  const { pidNamespace, ...owner } = holder
  return Buffer.from(JSON.stringify({ v: LOCK_VERSION, ...known, ...owner, pidNs: pidNamespace, at: new Date(at).toISOString() }))
}

/**
 * Reads a lock file.
 *
 * @returns `undefined` where there is none.
 * @throws {ClawError} `CLAW_LEASE_BUSY` where something that no claw of this user made stands in its place.
 */
export async function readLock(path: string, uid: number): Promise<FoundLock | BrokenLock | undefined> {
  const file = await readRegularFile(path, { maxBytes: MOST_LOCK_BYTES, followSymlinks: false, code: 'CLAW_LEASE_BUSY' })
  if (!file) return undefined
  if (file.uid !== uid && uid >= 0) throw unusableLock(path, `it belongs to uid ${file.uid}`)
  try {
    const fields = new JsonObject(parseJson(file.bytes), 'lock')
    return {
      path,
      madeAt: file.modifiedAt,
      nonce: fields.string('nonce'),
      fence: fields.number('fence'),
      machine: fields.string('machine'),
      durationMs: fields.number('durationMs'),
      purpose: fields.string('purpose'),
      holder: {
        host: fields.string('host'),
        pid: fields.number('pid'),
        pidStart: fields.string('pidStart'),
        bootId: fields.string('bootId'),
        pidNamespace: fields.string('pidNs'),
      },
    }
  } catch (thrown) {
    if (thrown instanceof ShapeError) return { path, madeAt: file.modifiedAt, isBroken: true }
    throw thrown
  }
}

export function unusableLock(path: string, why: string): ClawError {
  return new ClawError('CLAW_LEASE_BUSY', {
    what: `the lock \`${path}\` cannot be used`,
    why,
    fix: `see what made it, and remove it: rm '${path}'`,
    data: { path },
  })
}
