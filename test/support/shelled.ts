import { type SpawnOptions, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Ended } from './run-claw.ts'
import type { TestMachine } from './sandboxed.ts'

const ROOT = new URL('../..', import.meta.url).pathname

/** Runs any program to its end with nothing on stdin, and what it prints as text. */
export async function runProgram(name: string, args: readonly string[], options: Pick<SpawnOptions, 'env' | 'cwd'>): Promise<Ended> {
  const child = spawn(name, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }))
  })
}

/** Writes a program that is the built binary, as an installed `claw` would be. */
export function placeClaw(file: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${ROOT}dist/main.cjs' "$@"\n`)
  chmodSync(file, 0o755)
}

/** The environment of a user of this machine who has `claw` on PATH. */
export function shellOf({ home }: TestMachine): Readonly<Record<string, string>> {
  placeClaw(join(home, 'bin/claw'))
  return {
    PATH: `${join(home, 'bin')}:${process.env.PATH}`,
    HOME: home,
    CLAW_HOME: home,
    CLAW_CONFIG: join(home, 'config.toml'),
    CLAW_CI: '0',
  }
}
