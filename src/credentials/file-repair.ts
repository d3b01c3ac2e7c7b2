import { dirname, join } from 'node:path'
import { ClawError } from '../core/errors.ts'
import { judgeDirectories } from '../platform/directory-trust.ts'
import { networkFileSystem } from '../platform/network-file-system.ts'
import { chmod, errnoOf, lstat, namesIn, readRegularFile, removeIfThere, replaceDurably } from '../platform/files.ts'
import { decodeDocument, encodeDocument, type StoreDocument } from './document-codec.ts'
import { ShapeError } from './json-shape.ts'
import { salvageDocument, wasNewer } from './salvage.ts'
import { type StoreInspection, UNREMARKABLE } from './store.ts'

/** A temporary file this old belongs to nobody who is still writing it. */
const LEFTOVER_MS = 10 * 60_000
/** As `temporaryName` makes them: what another program put here is left alone. */
const TEMPORARY = /^\..+\.[0-9a-f]{24}\.tmp$/
const MOST_CORRUPT_BYTES = 16 * 1024 * 1024

/** What doctor reports of a file store, `now` by the clock of the file system, ms. Changes nothing. */
export async function inspectFiles(path: string, uid: number, now: number): Promise<StoreInspection> {
  const dir = dirname(path)
  const dirMode = await modeOf(dir)
  if (dirMode === undefined) {
    return {
      exists: false,
      protection: 'nothing is stored yet',
      ...UNREMARKABLE,
    }
  }
  const { unsafe, groupWritable } = await judgeDirectories(dir, uid)
  const mode = await modeOf(path)
  const shown = (bits: number) => `0${bits.toString(8)}`
  const open =
    mode !== undefined && (mode & 0o077) !== 0 ? { at: path, mode } : (dirMode & 0o077) !== 0 ? { at: dir, mode: dirMode } : undefined
  return {
    exists: mode !== undefined,
    protection: mode === undefined ? 'nothing is stored yet' : `a file, mode ${shown(mode)}, not encrypted`,
    unsafe: unsafe && `\`${unsafe.path}\`: ${unsafe.why}`,
    groupWritable,
    modeProblem: open ? `\`${open.at}\` has mode ${shown(open.mode)}` : null,
    leftovers: await leftoversIn(dir, now),
    sharedOn: await networkFileSystem(dir),
    quarantined: (await namesIn(dir)).filter((name) => name.includes('.corrupt-')).map((name) => join(dir, name)),
  }
}

/**
 * Removes temporary files of writers that died. The caller holds the store's lock.
 *
 * @param now by the clock of the file system, ms
 * @returns their paths
 */
export async function sweepLeftovers(path: string, now: number): Promise<readonly string[]> {
  const leftovers = await leftoversIn(dirname(path), now)
  for (const leftover of leftovers) await removeIfThere(leftover)
  return leftovers
}

/**
 * Repairs modes, leftovers and a corrupt document. The caller holds the store's lock.
 *
 * @param now by the clock of the file system, ms
 * @returns what was done, in sentences
 * @throws {ClawError} `CLAW_STORE_NEWER` where a newer claw wrote what this one cannot read
 */
export async function repairFiles(path: string, now: number): Promise<readonly string[]> {
  const done = (await sweepLeftovers(path, now)).map((leftover) => `removed the leftover \`${leftover}\``)
  const dir = dirname(path)
  if ((((await modeOf(dir)) ?? 0) & 0o077) !== 0) {
    await chmod(dir, 0o700)
    done.push(`made \`${dir}\` accessible for this user only`)
  }
  const file = await readRegularFile(path, {
    maxBytes: MOST_CORRUPT_BYTES,
    followSymlinks: false,
    code: 'CLAW_STORE_UNREADABLE',
    unsafeCode: 'CLAW_STORE_UNSAFE',
  })
  if (!file) return done
  if (isWhole(file.bytes)) {
    if ((file.mode & 0o077) === 0) return done
    // The same bytes in a new file: whoever opened the old one while it was open to all reads no later secret.
    await replaceDurably(path, file.bytes)
    return [...done, `made \`${path}\` readable for this user only`]
  }
  if (wasNewer(file.bytes))
    throw new ClawError('CLAW_STORE_NEWER', {
      what: `the credential store \`${path}\` was written by a newer claw`,
      fix: 'update claw on this machine',
    })
  const salvaged: StoreDocument = salvageDocument(file.bytes)
  const aside = `${path}.corrupt-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}`
  // A copy first: the corrupt bytes are never without a name, and the store is never absent.
  await replaceDurably(aside, file.bytes)
  await replaceDurably(path, encodeDocument({ ...salvaged, revision: salvaged.revision + 1 }))
  return [...done, `kept ${salvaged.records.length} whole records of \`${path}\`, and moved the corrupt file to \`${aside}\``]
}

function isWhole(bytes: Uint8Array): boolean {
  try {
    decodeDocument(bytes)
    return true
  } catch (thrown) {
    if (thrown instanceof ShapeError) return false
    throw thrown
  }
}

async function leftoversIn(dir: string, now: number): Promise<string[]> {
  const found: string[] = []
  for (const where of [dir, join(dir, 'locks')]) {
    for (const name of await namesIn(where))
      if (TEMPORARY.test(name) && (await isOlder(join(where, name), now - LEFTOVER_MS))) found.push(join(where, name))
  }
  return found.sort()
}

async function isOlder(path: string, than: number): Promise<boolean> {
  try {
    return (await lstat(path)).mtimeMs < than
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return false
    throw thrown
  }
}

async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await lstat(path)).mode & 0o777
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return undefined
    throw thrown
  }
}
