import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { ClawError } from '../core/errors.ts'
import { createPrivate, errnoOf, makePrivateDirectory, readRegularFile, readdir, removeIfThere, syncDirectory } from '../platform/files.ts'
import { ShapeError } from './json-shape.ts'
import { decodeAnswer, encodeAnswer } from './record-codec.ts'
import type { AnswerSpool, Reservation, SavedAnswer } from './store.ts'

/** Enough for any answer: the space is taken before the request goes out, so that a full disk cannot lose what comes back. */
const RESERVED_BYTES = 64 * 1024
/** Checksum, a newline, the answer, a newline; the rest of the reserved space is left as it was. */
const HEADER = /^([0-9a-f]{64}) (\d{1,5})\n/

/** Answers as files beside the store, one per refresh: `GRANT.NONCE.answer`. */
export class FileSpool implements AnswerSpool {
  readonly #dir: string

  constructor(stateDir: string) {
    this.#dir = join(stateDir, 'spool')
  }

  async reserve(grantId: string, nonce: string): Promise<Reservation> {
    const path = join(this.#dir, `${keyOf(grantId)}.${nonce}.answer`)
    try {
      await makePrivateDirectory(this.#dir)
      const handle = await createPrivate(path)
      try {
        await handle.writeFile(Buffer.alloc(RESERVED_BYTES, 0x20))
        await handle.datasync()
      } catch (thrown) {
        await handle.close()
        await removeIfThere(path)
        throw thrown
      }
      await syncDirectory(this.#dir)
      let isOpen = true
      const close = async () => {
        if (isOpen) await handle.close()
        isOpen = false
      }
      return {
        async save(answer) {
          const text = encodeAnswer(answer)
          const bytes = Buffer.from(`${checksumOf(text)} ${Buffer.byteLength(text)}\n${text}`)
          await handle.write(bytes, 0, bytes.length, 0)
          await handle.datasync()
          await close()
        },
        async discard() {
          await close()
          await removeIfThere(path)
        },
      }
    } catch (thrown) {
      throw new ClawError('CLAW_STORE_UNWRITABLE', {
        what: `no space could be reserved in \`${this.#dir}\` for the answer to a refresh`,
        why: errnoOf(thrown),
        fix: 'make the state directory writable and give it space',
        cause: thrown,
      })
    }
  }

  async find(grantId: string): Promise<readonly SavedAnswer[]> {
    const answers: SavedAnswer[] = []
    for (const name of await this.#names(grantId)) {
      const file = await readRegularFile(join(this.#dir, name), { maxBytes: 2 * RESERVED_BYTES, followSymlinks: false, code: 'CLAW_STORE_UNREADABLE' })
      const answer = file && decodeFile(file.bytes)
      if (answer) answers.push({ ...answer, savedAt: file.modifiedAt })
    }
    return answers
  }

  async discard(answer: SavedAnswer): Promise<void> {
    await removeIfThere(join(this.#dir, `${keyOf(answer.grantId)}.${answer.intent.nonce}.answer`))
  }

  async #names(grantId: string): Promise<string[]> {
    try {
      return (await readdir(this.#dir)).filter((name) => name.startsWith(`${keyOf(grantId)}.`) && name.endsWith('.answer'))
    } catch (thrown) {
      if (errnoOf(thrown) === 'ENOENT') return []
      throw new ClawError('CLAW_STORE_UNREADABLE', { what: `cannot read \`${this.#dir}\``, why: errnoOf(thrown), cause: thrown })
    }
  }
}

function keyOf(grantId: string): string {
  return createHash('sha256').update(grantId).digest('hex').slice(0, 24)
}

function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** An answer that is complete; a torn or merely reserved file is none. */
function decodeFile(bytes: Buffer): Omit<SavedAnswer, 'savedAt'> | undefined {
  const head = HEADER.exec(bytes.subarray(0, 80).toString('latin1'))
  if (!head?.[1]) return undefined
  const text = bytes.subarray(head[0].length, head[0].length + Number(head[2])).toString('utf8')
  if (checksumOf(text) !== head[1]) return undefined
  try {
    return decodeAnswer(text)
  } catch (thrown) {
    if (thrown instanceof ShapeError) return undefined
    throw thrown
  }
}
