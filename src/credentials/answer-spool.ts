import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { ClawError } from '../core/errors.ts'
import type { Clock } from '../platform/clock.ts'
import {
  createPrivate,
  errnoOf,
  lstat,
  makePrivateDirectory,
  namesIn,
  readRegularFile,
  removeIfThere,
  replaceDurably,
  syncDirectory,
} from '../platform/files.ts'
import type { Machine } from '../platform/machine.ts'
import { pauseAt } from '../platform/pause.ts'
import { decodeAnswer, encodeAnswer } from './answer-codec.ts'
import { sightOf } from './holder.ts'
import { ShapeError } from './json-shape.ts'
import type { AnswerSpool, Reservation, SavedAnswer } from './store.ts'

/** Enough for any answer: the space is taken before the request goes out, so that a full disk cannot lose what comes back. */
const RESERVED_BYTES = 64 * 1024
const MOST_ANSWER_BYTES = 1024 * 1024
/** Checksum, length in bytes, a newline, then the answer; the rest of the reserved space is left as it was. */
const HEADER = /^([0-9a-f]{64}) (\d{1,7})\n/
const MOST_HEADER_BYTES = 80
/** Whoever lives and saved an answer this long ago has failed to commit it, or stands still. */
const ABOUT_TO_COMMIT_MS = 60_000
const LEFTOVER_MS = 10 * 60_000

export interface FileSpoolOptions {
  /** The state directory, absolute. */
  readonly dir: string
  readonly clock: Clock
  readonly machine: Machine
}

/** Answers as files beside the store, one per refresh: `GRANT.NONCE.answer`. */
export class FileSpool implements AnswerSpool {
  readonly #dir: string
  readonly #stateDir: string
  readonly #clock: Clock
  readonly #machine: Machine

  constructor({ dir, clock, machine }: FileSpoolOptions) {
    this.#stateDir = dir
    this.#dir = join(dir, 'spool')
    this.#clock = clock
    this.#machine = machine
  }

  async reserve(grantId: string, nonce: string): Promise<Reservation> {
    const name = nameOf(grantId, nonce)
    const path = join(this.#dir, name)
    try {
      await makePrivateDirectory(this.#dir)
      await removeIfThere(path)
      const file = await createPrivate(path)
      try {
        await file.writeFile(Buffer.alloc(RESERVED_BYTES, 0x20))
        await file.datasync()
        await syncDirectory(this.#dir)
        await this.#sweep(grantId, (await file.stat()).mtimeMs)
      } catch (thrown) {
        await file.close()
        await removeIfThere(path)
        throw thrown
      }
      const write = async (bytes: Buffer) => {
        for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at, at)).bytesWritten
        await file.datasync()
      }
      // The reserved space, once more, a new file, one in the directory above: an answer cannot be had again.
      const ways = [
        write,
        write,
        (bytes: Buffer) => replaceDurably(path, bytes),
        (bytes: Buffer) => replaceDurably(join(this.#stateDir, name), bytes),
      ]
      let isOpen = true
      const close = async () => {
        if (isOpen) await file.close()
        isOpen = false
      }
      return {
        save: async (answer) => {
          try {
            await firstThatWorks(ways, frame(answer))
            if (__TEST_HOOKS__) await pauseAt('spool.saved')
          } finally {
            await close()
          }
        },
        discard: async () => {
          await close()
          await this.#remove(name)
        },
      }
    } catch (thrown) {
      throw new ClawError('CLAW_STORE_UNWRITABLE', {
        what: `no space could be reserved in \`${this.#dir}\` for the answer to a refresh`,
        why: errnoOf(thrown),
        fix: 'make the state directory writable and give it space',
        data: { path: this.#dir, errno: errnoOf(thrown) },
        cause: thrown,
      })
    }
  }

  async find(grantId: string): Promise<readonly SavedAnswer[]> {
    const answers: SavedAnswer[] = []
    for (const path of await this.#paths(grantId)) {
      const file = await readRegularFile(path, {
        maxBytes: MOST_ANSWER_BYTES,
        followSymlinks: false,
        code: 'CLAW_STORE_UNREADABLE',
        unsafeCode: 'CLAW_STORE_UNSAFE',
      })
      const answer = file && unframe(file.bytes)
      if (!answer) continue
      const ageMs = Math.max(0, this.#clock.wall() - file.modifiedAt)
      const isOwn = answer.intent.holder.pid === this.#machine.pid
      if (!isOwn && ageMs < ABOUT_TO_COMMIT_MS && sightOf(answer.intent.holder, this.#machine) === 'alive') continue
      // It has been lying here: its lifetime counts from the sending of the request.
      const credential = { ...answer.credential, sentAgoMs: answer.credential.sentAgoMs + ageMs }
      answers.push({ ...answer, credential, savedAt: file.modifiedAt })
    }
    return answers
  }

  discard(answer: SavedAnswer): Promise<void> {
    return this.#remove(nameOf(answer.grantId, answer.intent.nonce))
  }

  async #remove(name: string): Promise<void> {
    await removeIfThere(join(this.#dir, name))
    await removeIfThere(join(this.#stateDir, name))
  }

  async #paths(grantId: string): Promise<string[]> {
    const paths: string[] = []
    for (const dir of [this.#dir, this.#stateDir]) {
      try {
        for (const name of await namesIn(dir))
          if (name.startsWith(`${keyOf(grantId)}.`) && name.endsWith('.answer')) paths.push(join(dir, name))
      } catch (thrown) {
        throw new ClawError('CLAW_STORE_UNREADABLE', {
          what: `cannot read \`${dir}\``,
          why: errnoOf(thrown),
          data: { path: dir, errno: errnoOf(thrown) },
          cause: thrown,
        })
      }
    }
    return paths
  }

  /** Removes reserved space in which nothing arrived, and answers to this grant that were of no use when the lease was taken. */
  async #sweep(grantId: string, now: number): Promise<void> {
    for (const name of await namesIn(this.#dir)) {
      const path = join(this.#dir, name)
      try {
        if (now - (await lstat(path)).mtimeMs < LEFTOVER_MS) continue
        const isOfThisGrant = name.startsWith(`${keyOf(grantId)}.`)
        const file = isOfThisGrant
          ? undefined
          : await readRegularFile(path, { maxBytes: MOST_ANSWER_BYTES, followSymlinks: false, code: 'CLAW_STORE_UNREADABLE' })
        if (!file || !unframe(file.bytes)) await removeIfThere(path)
      } catch {
        // Another process swept it, or it is none of ours: it costs a little space and nothing else.
      }
    }
  }
}

async function firstThatWorks(ways: readonly ((bytes: Buffer) => Promise<void>)[], bytes: Buffer): Promise<void> {
  let failure: unknown
  for (const way of ways) {
    try {
      return await way(bytes)
    } catch (thrown) {
      failure = thrown
    }
  }
  throw new ClawError('CLAW_STORE_UNWRITABLE', {
    what: 'the answer to a refresh could not be saved',
    why: errnoOf(failure),
    data: { errno: errnoOf(failure) },
    cause: failure,
  })
}

function nameOf(grantId: string, nonce: string): string {
  return `${keyOf(grantId)}.${keyOf(nonce)}.answer`
}

function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24)
}

function checksumOf(text: Uint8Array): string {
  return createHash('sha256').update(text).digest('hex')
}

function frame(answer: Omit<SavedAnswer, 'savedAt'>): Buffer {
  const text = Buffer.from(encodeAnswer(answer))
  return Buffer.concat([Buffer.from(`${checksumOf(text)} ${text.length}\n`), text])
}

/** An answer that is complete; a torn or merely reserved file is none. */
function unframe(bytes: Buffer): Omit<SavedAnswer, 'savedAt'> | undefined {
  const head = HEADER.exec(bytes.subarray(0, MOST_HEADER_BYTES).toString('latin1'))
  if (!head) return undefined
  const text = bytes.subarray(head[0].length, head[0].length + Number(head[2]))
  if (checksumOf(text) !== head[1]) return undefined
  try {
    return decodeAnswer(text)
  } catch (thrown) {
    if (thrown instanceof ShapeError) return undefined
    throw thrown
  }
}
