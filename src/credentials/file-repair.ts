import { join } from 'node:path'
import { createPrivate, errnoOf, judgeDirectories, lstat, readRegularFile, readdir, removeIfThere, rename, replaceDurably } from '../platform/files.ts'
import { ShapeError } from './json-shape.ts'
import { decodeDocument, encodeDocument, salvageDocument } from './record-codec.ts'
import type { StoreInspection } from './store.ts'

/** A temporary file this old belongs to nobody who is still writing it. */
const LEFTOVER_MS = 10 * 60_000
const MOST_CORRUPT_BYTES = 16 * 1024 * 1024

/** What doctor reports of a file store. Changes nothing. */
export async function inspectFiles(dir: string, path: string, uid: number): Promise<StoreInspection> {
  const names = await namesIn(dir)
  if (names === undefined) {
    return { exists: false, protection: 'nothing is stored yet', unsafe: null, groupWritable: null, modeProblem: null, leftovers: [], quarantined: [] }
  }
  const { unsafe, groupWritable } = await judgeDirectories(dir, uid)
  const facts = await lstat(path).catch((thrown: unknown) => {
    if (errnoOf(thrown) === 'ENOENT') return undefined
    throw thrown
  })
  const mode = facts ? facts.mode & 0o777 : 0o600
  const dirMode = (await lstat(dir)).mode & 0o777
  const shown = (bits: number) => `0${bits.toString(8)}`
  return {
    exists: facts !== undefined,
    protection: `a file, mode ${shown(mode)}, not encrypted`,
    unsafe: unsafe && `\`${unsafe.path}\`: ${unsafe.why}`,
    groupWritable,
    modeProblem: (mode & 0o077) !== 0 ? `\`${path}\` has mode ${shown(mode)}` : (dirMode & 0o077) !== 0 ? `\`${dir}\` has mode ${shown(dirMode)}` : null,
    leftovers: names.filter((name) => name.endsWith('.tmp')),
    quarantined: names.filter((name) => name.includes('.corrupt-')),
  }
}

/** Repairs modes, leftovers and a corrupt document. The caller holds the store's lock; `now` is the file system's time. */
export async function repairFiles(dir: string, path: string, now: number): Promise<readonly string[]> {
  const done: string[] = []
  for (const name of (await namesIn(dir)) ?? []) {
    if (!name.endsWith('.tmp')) continue
    const leftover = join(dir, name)
    if (now - (await lstat(leftover)).mtimeMs < LEFTOVER_MS) continue
    await removeIfThere(leftover)
    done.push(`removed the leftover \`${leftover}\``)
  }
  const file = await readRegularFile(path, { maxBytes: MOST_CORRUPT_BYTES, followSymlinks: false, code: 'CLAW_STORE_UNREADABLE' })
  if (!file) return done
  try {
    const document = decodeDocument(file.bytes)
    if ((file.mode & 0o077) !== 0) {
      await replaceDurably(path, encodeDocument(document))
      done.push(`made \`${path}\` readable for this user only`)
    }
  } catch (thrown) {
    if (!(thrown instanceof ShapeError)) throw thrown
    const salvaged = salvageDocument(file.bytes)
    const aside = `${path}.corrupt-${new Date(now).toISOString().replaceAll(':', '').slice(0, 17)}`
    await keepAside(aside, file.bytes)
    await replaceDurably(path, encodeDocument(salvaged))
    done.push(`kept ${salvaged.records.length} whole records of \`${path}\`, and moved the corrupt file to \`${aside}\``)
  }
  return done
}

/** A copy: the corrupt bytes are never without a name, and the store is never absent. */
async function keepAside(aside: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${aside}.tmp`
  await removeIfThere(temporary)
  const handle = await createPrivate(temporary)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, aside)
}

async function namesIn(dir: string): Promise<string[] | undefined> {
  try {
    return await readdir(dir)
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return undefined
    throw thrown
  }
}
