import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'

const SRC = new URL('../src', import.meta.url).pathname

/** What a room may import beside itself: other rooms, and packages. */
const TABLE: Readonly<Record<string, readonly string[]>> = {
  core: [],
  platform: ['core', 'undici', '@napi-rs/keyring'],
  protocols: ['core', 'platform', 'eventsource-parser'],
  credentials: ['core', 'platform'],
  config: ['core', 'platform', 'smol-toml', 'zod'],
  providers: ['core', 'protocols'],
  machines: ['core', 'xstate'],
  sandbox: ['core', 'platform', 'protocols'],
  app: ['core', 'platform', 'protocols', 'credentials', 'config', 'providers', 'machines', 'xstate'],
  cli: ['core', 'app', 'clipanion'],
}
/** Modules of Node that compute and touch nothing outside. */
const PURE = ['node:crypto', 'node:path', 'node:util']
/** Time, chance, the process and the network have one door. */
const OUTSIDE = /(?<![.\w])(?:Date\.now|setTimeout(?!:)|setInterval|Math\.random|process\.|fetch\(|console\.)/
const LONGEST_FILE = 250

interface Source {
  readonly path: string
  readonly room: string
  readonly text: string
  /** Without comments and the content of strings, on the same lines. */
  readonly code: string
}

/** The same number of lines, and nothing on them. */
function blank(text: string): string {
  return "''".concat('\n'.repeat(text.split('\n').length - 1))
}

function sources(): Source[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .map((path) => {
      const text = readFileSync(join(SRC, path), 'utf8')
      const code = text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, blank).replace(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, blank)
      return { path, room: path.includes('/') ? (path.split('/')[0] ?? '') : 'main.ts', text, code }
    })
}

/** The rooms and packages that a file imports, types included. */
function imported({ path, text }: Source): { readonly from: string; readonly room: string }[] {
  return [...text.matchAll(/^(?:import|export) [^'"`=;]*?from '([^']+)'|\bimport\('([^']+)'\)/gm)].map(([, named, lazy]) => {
    const from = named ?? lazy ?? ''
    if (!from.startsWith('.')) return { from, room: from.startsWith('node:') ? from : (/^(?:@[^/]+\/)?[^/]+/.exec(from)?.[0] ?? from) }
    const [room = ''] = posix.join(posix.dirname(path), from).split('/')
    return { from, room }
  })
}

function offending({ path, code }: Source, pattern: RegExp): string[] {
  return code.split('\n').flatMap((line, n) => (pattern.test(line) ? [`${path}:${n + 1} ${line.trim()}`] : []))
}

const all = sources()

describe('the house', () => {
  it('has only the rooms of the table', () => {
    expect([...new Set(all.map(({ room }) => room))].sort()).toEqual([...Object.keys(TABLE), 'main.ts'].sort())
  })

  it('lets imports go one way', () => {
    const wrong = all
      .filter(({ room }) => room !== 'main.ts')
      .flatMap((source) => {
        const allowed = [source.room, ...(TABLE[source.room] ?? [])]
        return imported(source)
          .filter(({ room }) => !room.startsWith('node:') && !allowed.includes(room))
          .map(({ from }) => `${source.path} imports ${from}`)
      })
    expect(wrong).toEqual([])
  })

  it('keeps the modules of Node in platform', () => {
    const wrong = all
      .filter(({ room }) => room !== 'main.ts' && room !== 'platform')
      .flatMap((source) =>
        imported(source)
          .filter(({ room }) => room.startsWith('node:') && (source.room === 'machines' || !PURE.includes(room)))
          .map(({ from }) => `${source.path} imports ${from}`),
      )
    expect(wrong).toEqual([])
  })

  it('keeps time, chance, the process and the network in platform', () => {
    const wrong = all.filter(({ room }) => room !== 'main.ts' && room !== 'platform').flatMap((source) => offending(source, OUTSIDE))
    expect(wrong).toEqual([])
  })

  it('casts only where bytes become values, and in the declared types of a machine', () => {
    const wrong = all
      .filter(({ room, path }) => room !== 'platform' && room !== 'protocols' && path !== 'app/run-machine.ts')
      .flatMap((source) => offending(source, /\bas (?!const\b)[A-Za-z{(]/))
      .filter((line) => !/^\S+\.machine\.ts:\d+ \w+: \{\} as |^\S+ (?:import|export) /.test(line))
    expect(wrong).toEqual([])
  })

  it('has no file of more than 250 lines', () => {
    expect(all.filter(({ text }) => text.split('\n').length > LONGEST_FILE + 1).map(({ path }) => path)).toEqual([])
  })
})
