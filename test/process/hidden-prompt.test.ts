import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { atTerminal } from '../support/pseudo-terminal.ts'

const BIN = new URL('../../dist/main.cjs', import.meta.url).pathname
const KEY = 'sk-ant-api03-CANARY-0123456789abcdef'
const PROMPT = 'API key for anthropic (not shown): '

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'claw-pty-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

/** A shell that tells how the terminal is set before and after claw has asked for a key, and how claw ended. */
function askedForKey() {
  const asking = `sh -c 'echo $$ >"$HOME/pid"; exec "${process.execPath}" "${BIN}" auth --api-key anthropic'`
  return atTerminal(`trap : INT; echo "before=$(stty -g)."; ${asking}; echo "exit=$?."; echo "after=$(stty -g)."`, {
    HOME: home,
    CLAW_HOME: home,
    NO_COLOR: '1',
    CLAW_CI: '0',
  })
}

/** What of the shown text matters: the settings, the exit code, and what was shown in between. */
function told(shown: string) {
  const value = (name: string) => new RegExp(`${name}=(.*?)\\.`).exec(shown)?.[1]
  const between = shown.slice(shown.indexOf(PROMPT) + PROMPT.length, shown.indexOf('exit='))
  return { isRestored: value('before') !== undefined && value('before') === value('after'), exit: Number(value('exit')), between }
}

function storedKey(): string | undefined {
  const files = ['state/credentials.json'].map((name) => readFileSync(join(home, name), 'utf8'))
  return /sk-ant-[\w-]+/.exec(files.join())?.[0]
}

describe('a key that is typed at a terminal', () => {
  it.each([
    ['typed', `${KEY}\r`, KEY],
    ['corrected', `${KEY}XY\u007f\u007f\r`, KEY],
    ['pasted, 4 kB of it', `${KEY}${'k'.repeat(4_096)}\r`, `${KEY}${'k'.repeat(4_096)}`],
    ['ended with Ctrl-D', `${KEY}\u0004`, KEY],
  ])('S-25 is stored and never shown: %s', async (_, keys, stored) => {
    const terminal = askedForKey()
    await terminal.shows(PROMPT)
    terminal.type(keys)
    const shown = await terminal.ended
    expect(told(shown)).toEqual({ isRestored: true, exit: 0, between: '\r\nstored for anthropic\r\n' })
    expect(shown).not.toContain('CANARY')
    expect(storedKey()).toBe(stored)
  })

  it('S-25 is not asked for twice: Ctrl-D alone is nothing given', async () => {
    const terminal = askedForKey()
    await terminal.shows(PROMPT)
    terminal.type('\u0004')
    const { isRestored, exit, between } = told(await terminal.ended)
    expect({ isRestored, exit, first: between.split('\r\n')[1] }).toEqual({
      isRestored: true,
      exit: 2,
      first: 'error[CLAW_INPUT_REQUIRED]: no API key was given',
    })
  })

  it('S-25 leaves the terminal as it was after Ctrl-C in the middle of it', async () => {
    const terminal = askedForKey()
    await terminal.shows(PROMPT)
    terminal.type('sk-ant-api03-CANARY\u0003')
    const shown = await terminal.ended
    expect(told(shown)).toEqual({ isRestored: true, exit: 130, between: '\r\nerror[CLAW_CANCELLED]: stopped by SIGINT\r\n' })
    expect(shown).not.toContain('CANARY')
  })

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('S-25 leaves the terminal as it was after %s', async (signal, exit) => {
    const terminal = askedForKey()
    await terminal.shows(PROMPT)
    terminal.type('sk-ant-api03-CANARY')
    process.kill(Number(readFileSync(join(home, 'pid'), 'utf8')), signal)
    await terminal.shows('after=')
    const shown = await terminal.ended
    expect(told(shown)).toEqual({
      isRestored: true,
      exit,
      between: expect.stringContaining(`\r\nerror[CLAW_CANCELLED]: stopped by ${signal}\r\n`),
    })
    expect(shown).not.toContain('CANARY')
  })
})
