import { chmod, mkdir, mkdtemp, realpath, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { CatalogueNames, ConfigRequest } from '../../src/config/config-request.ts'
import { readConfig } from '../../src/config/load-config.ts'
import type { Config } from '../../src/config/config.ts'
import type { ClawError } from '../../src/core/errors.ts'
import { systemConfigFiles } from '../../src/platform/config-files.ts'
import { environmentOf } from '../../src/platform/environment.ts'

const AUTH: ReadonlyMap<string, readonly string[]> = new Map([
  ['anthropic', ['api-key', 'auth-token', 'setup-token', 'oauth', 'federation']],
  ['openai', ['api-key', 'federation']],
  ['kimi-code', ['api-key', 'device']],
])

export const catalogue: CatalogueNames = {
  ids: ['anthropic', 'openai', 'openai-codex', 'moonshot', 'kimi-code', 'openrouter', 'ollama'],
  aliases: new Map([['claude', 'anthropic']]),
  authIds: (provider) => AUTH.get(provider) ?? [],
}

export interface Place {
  readonly home: string
  readonly repository: string
  readonly userFile: string
  readonly stateDir: string
  write(path: string, content: string | Uint8Array, mode?: number): Promise<string>
  request(more?: Partial<Arrangement>): ConfigRequest
  read(more?: Partial<Arrangement>): Promise<{ config: Config; error: ClawError | undefined; trust: string }>
}

export interface Arrangement {
  readonly user: string
  readonly project: string
  readonly variables: Record<string, string>
  readonly flags: ConfigRequest['flags']
  readonly cwd: string
}

/** A home and a repository of their own, with nothing in them. */
export async function arrange(): Promise<Place> {
  const base = await realpath(await mkdtemp(join(tmpdir(), 'claw-config-')))
  const home = join(base, 'home')
  const repository = join(base, 'repository')
  await mkdir(home)
  await mkdir(join(repository, '.git'), { recursive: true })
  const userFile = join(home, '.config/claw/config.toml')
  const write = async (path: string, content: string | Uint8Array, mode = 0o600): Promise<string> => {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
    await chmod(path, mode)
    return path
  }
  const request = ({ variables = {}, flags = {}, cwd = repository }: Partial<Arrangement> = {}): ConfigRequest => ({
    environment: environmentOf(variables),
    machine: { home, cwd },
    files: systemConfigFiles,
    flags,
    catalogue,
  })
  const read: Place['read'] = async (more = {}) => {
    if (more.user !== undefined) await write(userFile, more.user)
    if (more.project !== undefined) await write(join(repository, 'claw.toml'), more.project)
    return readConfig(request(more))
  }
  return { home, repository, userFile, stateDir: join(home, '.local/state/claw'), write, request, read }
}

/** The faults of an error, with the names of the files shortened to their last part. */
export function problemsOf(error: ClawError | undefined): unknown[] {
  const problems = error?.data.problems
  if (!Array.isArray(problems)) return []
  return problems.map((problem: { file: string; line: number; column: number; key: string; message: string; nearest: string | null }) => [
    `${problem.file.split('/').at(-1)}:${problem.line}:${problem.column}`,
    problem.key,
    problem.message,
    problem.nearest,
  ])
}
