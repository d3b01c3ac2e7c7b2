import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { authSchema, federationShape, IDENTITY_IDS } from '../../src/config/schema-auth.ts'
import { camelCase } from '../../src/config/shape-walk.ts'

const ROOT = new URL('../..', import.meta.url).pathname

/** Keys of `[providers.ID.auth.NAME]` that no use case reads as a field of an entry, and why they may be set all the same. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  status: 'a fact for readers: how well the entry is known',
  quirks: 'facts for readers',
  header_alternatives: 'what the sandbox takes beside `header`',
  client_secret: "read from the user's settings alone, never from an entry",
  method: "becomes the kind of an entry of one's own",
  device_authorization_endpoint: 'another name of `device_url`',
  authorization_endpoint: 'another name of `authorize_url`',
  token_endpoint: 'another name of `token_url`',
  revocation_endpoint: 'another name of `revocation_url`',
  scope: 'another name of `scopes`',
  ...Object.fromEntries(IDENTITY_IDS.map((key) => [key, 'by its wire name, as a vendor asks for it'])),
}

/** Where reading a field gives it no effect: the catalogue, what writes it, and the sandbox that plays the other side. */
const NO_EFFECT = /^src\/(?:providers|config|sandbox|app\/rehearsal)\//

let read: ReadonlySet<string>
let scratch: string
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'claw-fields-'))
  for (const name of ['src', 'tsconfig.json', 'package.json']) await cp(join(ROOT, name), join(scratch, name), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(scratch, 'node_modules'))
  read = await fieldsRead(scratch)
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

/** What the exchange reads is declared where it is sent and judged: an entry is handed over whole. */
const READERS = ['token-exchange', 'exchange-answer', 'exchange-refusal', 'subject-token', 'second-step']
const INTERFACES = { 'auth-entry': 'AuthEntry', 'federation-entry': 'FederationEntry' }

async function fieldsRead(directory: string): Promise<Set<string>> {
  const declared = await Promise.all(READERS.map((file) => readFile(join(directory, `src/protocols/oauth/${file}.ts`), 'utf8')))
  const read = declared.flatMap((text) => [...text.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field = '']) => field))
  for (const [file, name] of Object.entries(INTERFACES)) read.push(...(await missedIn(directory, file, name)))
  return new Set(read)
}

/** Takes every field out of an interface: what the compiler then misses, and where, is what is read. */
async function missedIn(directory: string, file: string, name: string): Promise<string[]> {
  const path = join(directory, `src/providers/${file}.ts`)
  const source = await readFile(path, 'utf8')
  await writeFile(
    path,
    source.replace(new RegExp(`(export interface ${name} \\{\\n)[\\s\\S]*?(\\n\\})`), '$1  readonly nothingElse: never$2'),
  )
  const said = await new Promise<string>((resolve) => {
    const compiler = join(directory, 'node_modules/.bin/tsc')
    execFile(compiler, ['-p', 'tsconfig.json', '--noEmit', '--pretty', 'false'], { cwd: directory, maxBuffer: 2 ** 26 }, (_, out) =>
      resolve(out),
    )
  })
  await writeFile(path, source)
  const lines = said.split('\n').filter((line) => line.startsWith('src/') && !NO_EFFECT.test(line))
  // A field that is read, and one that is picked or indexed by its name.
  return lines.flatMap((line) => {
    const missing = /Property '(\w+)' does not exist/.exec(line)?.[1]
    const named = /'((?:"\w+"(?: \| )?)+)'/.exec(line)?.[1]?.match(/\w+/g) ?? []
    return missing === undefined ? named : [missing]
  })
}

describe('the keys of a method that the user may set', () => {
  it('have an effect: each is read by name, but for those with a reason', () => {
    const { members } = authSchema
    const keys = members.type === 'table' ? Object.keys(members.keys) : []
    expect(keys.filter((key) => !read.has(camelCase(key)) && EXCEPTIONS[key] === undefined)).toEqual([])
    expect(Object.keys(EXCEPTIONS).filter((key) => !keys.includes(key))).toEqual([])
  })

  it('are not made exceptions without need', () => {
    const shared = [...Object.keys(federationShape), ...IDENTITY_IDS]
    expect(Object.keys(EXCEPTIONS).filter((key) => read.has(camelCase(key)) && !shared.includes(key))).toEqual([])
  })

  it('would be told if they were read by nothing', () => {
    expect([read.has('clientId'), read.has('safetyMarginS'), read.has('quirks'), read.has('nothingElse')]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})
