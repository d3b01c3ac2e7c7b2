import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tokenFileIn } from '../reference.ts'
import type { Way } from '../sources.ts'
import type { Backstage, Play } from './play.ts'

/** What a CI system puts into the environment of a job. */
export async function playVariable({ name }: Extract<Way, { kind: 'variable' }>, { mint }: Backstage): Promise<Play> {
  let token = mint(null)
  return {
    get env() {
      return { [name]: token }
    },
    secrets: [],
    async rotate() {
      token = mint(null)
    },
    async [Symbol.asyncDispose]() {},
  }
}

/** What an agent or a kubelet writes, and writes anew. */
export async function playFile({ isVolume }: Extract<Way, { kind: 'file' }>, { home, mint }: Backstage): Promise<Play> {
  const write = isVolume ? writeVolume(home) : (token: string) => writeFile(tokenFileIn(home), token)
  write(mint(null))
  return { env: {}, secrets: [], rotate: async () => write(mint(null)), async [Symbol.asyncDispose]() {} }
}

function writeFile(path: string, token: string): void {
  writeFileSync(`${path}.new`, `${token}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

/** As the kubelet writes a volume: the file is a link into `..data`, and that one to a directory with a date for a name. */
function writeVolume(home: string): (token: string) => void {
  let written = 0
  return (token) => {
    const now = `..2026_01_01_00_00_00.${written++}`
    mkdirSync(join(home, now))
    writeFileSync(join(home, now, 'token'), token, { mode: 0o644 })
    symlinkSync(now, join(home, '..data_tmp'))
    renameSync(join(home, '..data_tmp'), join(home, '..data'))
    rmSync(tokenFileIn(home), { force: true })
    symlinkSync(join('..data', 'token'), tokenFileIn(home))
  }
}
