import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProgramAsk } from '../../../../src/providers/subject-source.ts'
import { rawServer } from '../../../support/loopback-server.ts'
import type { Way } from '../sources.ts'
import { type Backstage, type Play, Tokens } from './play.ts'

/** The program that a CI system brings along. */
export function playProgram({ argv, audienceArgv }: ProgramAsk, stage: Backstage): Promise<Play> {
  return program([...argv, ...audienceArgv], argv.length, stage)
}

/** The program of a `cmd:` reference. */
export function playCommand({ argv }: Extract<Way, { kind: 'command' }>, stage: Backstage): Promise<Play> {
  return program(
    argv.map((part) => part.replace('AUDIENCE', '{audience}')),
    argv.length,
    stage,
  )
}

/**
 * A program in a directory of PATH, which asks for its token in its own way.
 *
 * @param usage its arguments; in `{audience}` or `{json}` stands for whom
 * @param least so many of them it has at least
 */
async function program(usage: readonly string[], least: number, stage: Backstage): Promise<Play> {
  const tokens = new Tokens(stage)
  const [name = '', ...wanted] = usage
  const server = await rawServer((socket) => {
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString()
      const [count, ...lines] = text.split('\n')
      if (lines.length <= Number(count)) return
      const audience = audienceIn(lines.slice(0, -1), wanted, least - 1)
      socket.end(audience === undefined ? '' : `${tokens.give(audience)}\n`)
    })
  })
  const file = join(stage.home, name)
  writeFileSync(file, script(server.port))
  chmodSync(file, 0o755)
  return { env: { PATH: stage.home }, secrets: [], rotate: async () => tokens.rotate(), [Symbol.asyncDispose]: () => server.close() }
}

/** Whom the token is wanted for; `undefined` where it was called in another way. */
function audienceIn(args: readonly string[], wanted: readonly string[], least: number): string | null | undefined {
  if (args.length !== wanted.length && args.length !== least) return undefined
  let audience: string | null = null
  for (const [index, arg] of args.entries()) {
    const pattern = wanted[index] ?? ''
    const [before = '', after] = pattern.split(/\{audience\}|\{json\}/)
    if (after === undefined && arg !== pattern) return undefined
    if (after === undefined) continue
    const value = arg.slice(before.length, arg.length - after.length)
    audience = pattern.includes('{json}') ? JSON.parse(value) : value
  }
  return audience
}

/** Says how it was called, and writes what it is told: with nothing but what a shell has of its own. */
function script(port: number): string {
  return `#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/${port} || exit 1
printf '%s\\n' "$#" "$@" >&3
IFS= read -r token <&3 || { echo 'it is not called so' >&2; exit 2; }
printf '%s\\n' "$token"
`
}
