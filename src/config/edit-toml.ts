import { isDeepStrictEqual } from 'node:util'
import { parse } from 'smol-toml'
import { ClawError } from '../core/errors.ts'
import { scanToml, type TomlKey } from './scan-toml.ts'
import { isTable } from './toml-values.ts'

type Path = readonly string[]

/** Sets the model of a tier, and changes nothing else of the text. The tier `default` may stand in its short form. */
export function setTierModel(source: string, tier: string, reference: string): string {
  const path = ['tiers', tier, 'model']
  const keys = scanToml(withoutMark(source).text)
  const isShort =
    tier === 'default' &&
    (keys.some((key) => isSame(key.path, ['default_model'])) || !keys.some((key) => startsWith(key.path, path.slice(0, 2))))
  return setValue(source, isShort ? ['default_model'] : path, reference)
}

/** Switches a sign-in method on, and changes nothing else of the text. */
export function enableMethod(source: string, provider: string, auth: string): string {
  return setValue(source, ['providers', provider, 'auth', auth, 'enabled'], true)
}

/**
 * Sets one key as text: comments, order and every other byte stay.
 * @throws {ClawError} `CLAW_CONFIG_INVALID` where the text is no TOML, or the key cannot be added to it by one line.
 */
function setValue(source: string, path: Path, value: string | boolean): string {
  const { mark, text } = withoutMark(source)
  const before = parsed(text, path)
  const after = mark + edit(text, scanToml(text), path, typeof value === 'string' ? tomlString(value) : String(value))
  if (!isDeepStrictEqual(parsed(withoutMark(after).text, path), withValue(before, path, value))) throw notByOneLine(path)
  return after
}

/** Adds text at the end, after an empty line. */
export function append(source: string, block: string): string {
  const eol = eolOf(source)
  const gap = source === '' ? '' : /\n\s*\n$/.test(source) ? '' : source.endsWith('\n') ? eol : eol + eol
  return source + gap + block.replaceAll('\n', eol)
}

function edit(text: string, keys: readonly TomlKey[], path: Path, value: string): string {
  const existing = keys.find((key) => key.kind === 'value' && isSame(key.path, path))
  if (existing) return splice(text, existing.from, existing.to, value)
  const parent = path.slice(0, -1)
  const line = `${keyText(path.slice(-1))} = ${value}`
  if (parent.length === 0) return insertAtTop(text, keys, line)

  const header = keys.find((key) => key.kind === 'table' && isSame(key.path, parent))
  if (header) return insertAfterLine(text, header.to, line)

  const inline = keys.find((key) => key.kind === 'value' && isSame(key.path, parent))
  if (inline) {
    if (text.charAt(inline.from) !== '{') throw notByOneLine(path)
    const last = keys.findLast(
      (key) => key.inline && key.kind === 'value' && key.path.length === path.length && startsWith(key.path, parent),
    )
    return last ? splice(text, last.to, last.to, `, ${line}`) : splice(text, inline.from, inline.to, `{ ${line} }`)
  }
  const isInsideInline = keys.some(
    (key) => key.kind === 'value' && key.path.length > 0 && key.path.length < parent.length && startsWith(parent, key.path),
  )
  if (isInsideInline) return edit(text, keys, parent, `{ ${line} }`)

  // A table that dotted keys have made cannot be opened by a header: the new key stands beside them in their own form.
  const dotted = keys.findLast(
    (key) =>
      key.kind === 'value' &&
      !key.inline &&
      key.path.length > parent.length &&
      startsWith(key.path, parent) &&
      tableOf(keys, key).length < parent.length,
  )
  if (dotted) return insertAfterLine(text, dotted.to, `${keyText(path.slice(tableOf(keys, dotted).length))} = ${value}`)
  return append(text, `[${keyText(parent)}]\n${line}\n`)
}

/** A top-level key goes below those that are there, else below a commented-out one of its name, else before everything. */
function insertAtTop(text: string, keys: readonly TomlKey[], line: string): string {
  const firstTable = keys.find((key) => key.kind === 'table')
  const top = keys.filter((key) => key.kind === 'value' && !key.inline && (!firstTable || key.to <= firstTable.from)).at(-1)
  if (top) return insertAfterLine(text, top.to, line)
  const head = text.slice(0, firstTable?.from ?? text.length)
  const comment = new RegExp(`^#[ \\t]*${line.split(' ', 1)[0]}[ \\t]*=.*$`, 'm').exec(head)
  if (comment) return insertAfterLine(text, comment.index + comment[0].trimEnd().length, line)
  return `${line}${eolOf(text)}${text}`
}

function insertAfterLine(text: string, offset: number, line: string): string {
  const eol = eolOf(text)
  const end = text.indexOf('\n', offset)
  return end === -1 ? `${text}${eol}${line}${eol}` : splice(text, end + 1, end + 1, `${line}${eol}`)
}

/** The table whose header stands above a key. */
function tableOf(keys: readonly TomlKey[], key: TomlKey): readonly (string | number)[] {
  return keys.findLast((other) => other.kind === 'table' && other.from < key.from)?.path ?? []
}

function splice(text: string, from: number, to: number, replacement: string): string {
  return text.slice(0, from) + replacement + text.slice(to)
}

function isSame(a: readonly (string | number)[], b: readonly (string | number)[]): boolean {
  return a.length === b.length && startsWith(a, b)
}

function startsWith(path: readonly (string | number)[], start: readonly (string | number)[]): boolean {
  return start.every((part, index) => part === path[index])
}

/** A key as TOML writes it. */
export function keyText(path: readonly (string | number)[]): string {
  return path.map((part) => (/^[A-Za-z0-9_-]+$/.test(String(part)) ? String(part) : tomlString(String(part)))).join('.')
}

/** A basic string of TOML: the escapes of JSON are all its own, but it wants DEL escaped too. */
export function tomlString(text: string): string {
  return JSON.stringify(text).replaceAll('\u007F', '\\u007f')
}

function eolOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n'
}

function withoutMark(source: string): { mark: string; text: string } {
  return source.startsWith('\uFEFF') ? { mark: '\uFEFF', text: source.slice(1) } : { mark: '', text: source }
}

function parsed(text: string, path: Path): unknown {
  try {
    return parse(text)
  } catch (thrown) {
    throw notByOneLine(path, thrown)
  }
}

function withValue(table: unknown, path: Path, value: unknown): unknown {
  const [first, ...rest] = path
  if (first === undefined) return value
  const copy: Record<string, unknown> = Object.assign(Object.create(null), isTable(table) ? table : {})
  copy[first] = withValue(copy[first], rest, value)
  return copy
}

function notByOneLine(path: Path, cause?: unknown): ClawError {
  return new ClawError('CLAW_CONFIG_INVALID', {
    what: `\`${keyText(path)}\` cannot be set by changing one line of the configuration file`,
    why: cause === undefined ? 'the file defines the table in a form that cannot be added to' : 'the file is not TOML',
    fix: 'claw config check',
    cause,
  })
}
