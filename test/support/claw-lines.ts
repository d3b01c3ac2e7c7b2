import { runClaw } from './run-claw.ts'

/** What follows `claw` in each command of a shell text, without comments and redirections. */
export function clawLines(code: string): string[] {
  return code
    .split(/\n|\|+|&&|;/)
    .map((text) => /^(?:- run:)?\s*(?:claw|"[^"]*\/claw") ([^<>#]+)/.exec(text.trim())?.[1]?.trim() ?? '')
    .filter((line) => line !== '')
}

/** Whether the help of the line's command is there, and the options of the line that it does not describe. */
export async function askedOf(line: string) {
  const name = line.match(/^(?:[a-z]+(?: |$))+/)?.[0].trim() ?? ''
  const { exitCode, stdout, stderr } = await runClaw([...name.split(' '), '--help'])
  const described = new Set(stdout.match(/(?<=^ {2}(?:-\w, )?)--?[\w-]+/gm))
  const unknown = line.split(' ').filter((word) => /^--?\w/.test(word) && !described.has(word))
  return { exitCode, stderr, isOf: stdout.split(':')[0] === `claw ${name}`, unknown }
}

/** What {@link askedOf} says of a line that claw knows. */
export const KNOWN_LINE = { exitCode: 0, stderr: '', isOf: true, unknown: [] }
