import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Ended } from './run-claw.ts'
import type { TestMachine } from './sandboxed.ts'
import { runProgram, shellOf } from './shelled.ts'

/** A step of a job of GitHub Actions. */
export interface Step {
  readonly name: string
  readonly run?: string
  readonly uses?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Every string of a document with the keys that lead to it. */
export function* strings(value: unknown, path = ''): Generator<readonly [string, string]> {
  if (typeof value === 'string') yield [path, value]
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) yield* strings(inner, path === '' ? key : `${path}.${key}`)
}

/** What the runner puts for `${{ NAME }}`. */
export function filledIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{\{ *([\w.]+) *\}\}/g, (_, name) => {
    const value = values[name]
    if (value === undefined) throw new Error(`the job asks for ${name}, which nobody sets`)
    return value
  })
}

/** Runs steps as the runner does, in a workspace beside its directory for files that do not last, until one fails. */
export async function runSteps(
  world: TestMachine,
  given: readonly Step[],
  values: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv = {},
): Promise<Ended[]> {
  const ended: Ended[] = []
  const workspace = join(world.home, 'workspace')
  mkdirSync(workspace, { recursive: true })
  for (const step of given) {
    const own = Object.entries(step.env ?? {}).map(([name, text]) => [name, filledIn(text, values)])
    const runner = { CI: 'true', GITHUB_ACTIONS: 'true', CLAW_CI: undefined, RUNNER_TEMP: world.home }
    const script = filledIn(step.run ?? 'exit 99', values)
    ended.push(
      await runProgram('bash', ['-e', '-c', script], {
        env: { ...shellOf(world), ...env, ...runner, ...Object.fromEntries(own) },
        cwd: workspace,
      }),
    )
    if (ended.at(-1)?.exitCode !== 0) break
  }
  return ended
}
