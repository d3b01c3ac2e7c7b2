import { visible } from '../core/visible.ts'
import { writeOutFile } from '../app/prompt/out-file.ts'
import { CiEscape } from './ci-escape.ts'
import type { Shell, TextOutput } from './context.ts'

/** Where the text of a model goes. */
export interface AnswerSink {
  text(piece: string): Promise<void>
  event(object: Readonly<Record<string, unknown>>): Promise<void>
  /** The answer is whole. */
  end(text: string): Promise<void>
  /** It will not become whole: what is open is closed. */
  abandon(): Promise<void>
  /** Nobody reads any more. */
  readonly isClosed: boolean
}

export interface SinkOptions {
  readonly out: TextOutput
  readonly random: Shell['world']['random']
  readonly vendor: string | null
  readonly mode: 'stream' | 'at-the-end' | 'events' | 'nothing'
  readonly isRaw: boolean
  readonly isFenced: boolean
  readonly outFile: string | undefined
  print(object: Readonly<Record<string, unknown>>): Promise<void>
  say(line: string): Promise<void>
}

/**
 * Model text as its reader may have it: byte-exact in a file or a pipe, without control characters on a terminal, and
 * without anything that the log of a CI system would act on.
 */
export function answerSink(options: SinkOptions): AnswerSink {
  const { out, mode } = options
  const filter = options.outFile === undefined ? filterFor(options) : passing()
  let hasBegun = false
  let lastCharacter = ''
  const write = async (text: string) => {
    if (text === '') return
    if (!hasBegun) await out.write(filter.open)
    hasBegun = true
    lastCharacter = text.at(-1) ?? lastCharacter
    await out.write(text)
  }
  const close = async () => {
    await write(filter.end())
    if (hasBegun && lastCharacter !== '\n') await out.write('\n')
    if (hasBegun && filter.close !== '') await out.write(filter.close)
    if (filter.escaped() > 0)
      await options.say(`warning: ${filter.escaped()} places that the CI log would act on were escaped; --raw prints them as they are`)
  }
  return {
    get isClosed() {
      return out.isClosed
    },
    async text(piece) {
      if (mode === 'stream') await write(filter.push(piece))
    },
    async event(object) {
      if (mode === 'events') await options.print(object)
    },
    async end(text) {
      if (options.outFile !== undefined) return writeOutFile(options.outFile, text.endsWith('\n') ? text : `${text}\n`)
      if (mode === 'at-the-end') await write(filter.push(text))
      if (mode === 'stream' || mode === 'at-the-end') await close()
    },
    async abandon() {
      if (mode === 'stream' && hasBegun) await close()
    },
  }
}

interface Filter {
  readonly open: string
  readonly close: string
  push(piece: string): string
  end(): string
  escaped(): number
}

function filterFor({ out, vendor, isRaw, isFenced, random }: SinkOptions): Filter {
  if (isRaw || out.isRegularFile) return passing()
  if (vendor === null) return out.isTTY ? { ...passing(), push: visible } : passing()
  if (isFenced && vendor === 'github') {
    const token = random.bytes(16).toString('hex')
    return { ...passing(), open: `::stop-commands::${token}\n`, close: `::${token}::\n`, push: (piece) => piece.replaceAll(token, '') }
  }
  const log = new CiEscape(vendor)
  return { open: '', close: '', push: (piece) => log.push(visible(piece)), end: () => log.end(), escaped: () => log.count }
}

function passing(): Filter {
  return { open: '', close: '', push: (piece) => piece, end: () => '', escaped: () => 0 }
}
