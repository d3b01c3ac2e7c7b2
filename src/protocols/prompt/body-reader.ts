import type { ClawError } from '../../core/errors.ts'
import type { Clock } from '../../platform/clock.ts'
import type { HttpResponse } from '../../platform/http.ts'

/** How long the other side may be silent. */
export interface Patience {
  readonly clock: Clock
  /** Asked before every read. */
  readonly silence: () => { readonly ms: number; readonly overdue: () => ClawError }
}

/** A body read to its end, to a limit, or to what broke it. */
export interface BodyText {
  readonly text: string
  /** False: it is longer than the limit. */
  readonly isWhole: boolean
  /** What broke it, when something did. */
  readonly thrown?: unknown
}

/** A body as text (UTF-8), at most `mostBytes` of it. Never throws: what came before a failure is kept beside it. */
export async function readBody(response: HttpResponse, patience: Patience, mostBytes: number): Promise<BodyText> {
  const decoder = new TextDecoder('utf-8')
  const chunks = response.body[Symbol.asyncIterator]()
  let text = ''
  let left = mostBytes
  try {
    for (;;) {
      const { done, value } = await nextChunk(chunks, patience)
      if (done) return { text: text + decoder.decode(), isWhole: true }
      text += decoder.decode(value.subarray(0, left), { stream: true })
      left -= value.byteLength
      if (left < 0) return { text, isWhole: false }
    }
  } catch (thrown) {
    return { text, isWhole: true, thrown }
  } finally {
    response.discard()
    // Not awaited: a read that nobody ends would hold it up.
    chunks.return?.().catch(() => {})
  }
}

/**
 * The next chunk of a body, within the silence that is allowed now.
 *
 * @throws {ClawError} what `silence` makes when nothing comes; what the body throws.
 */
export function nextChunk(chunks: AsyncIterator<Uint8Array>, { clock, silence }: Patience): Promise<IteratorResult<Uint8Array>> {
  const { ms, overdue } = silence()
  return new Promise((resolve, reject) => {
    let isOver = false
    const timer = clock.setTimeout(() => {
      // After a stall of this process the socket is read before the timer is believed.
      setImmediate(() =>
        setImmediate(() => {
          if (!isOver) reject(overdue())
        }),
      )
    }, ms)
    const over = () => {
      isOver = true
      clock.clearTimeout(timer)
    }
    chunks.next().then(
      (result) => {
        over()
        resolve(result)
      },
      (thrown) => {
        over()
        reject(thrown)
      },
    )
  })
}
