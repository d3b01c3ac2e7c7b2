import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Scratch {
  readonly dir: string
  write(name: string, text: string): Promise<string>
  remove(): Promise<void>
}

/** A directory of this user only, for what a rehearsal writes; nothing of worth is kept in it. */
export async function makeScratch(): Promise<Scratch> {
  const dir = await mkdtemp(join(tmpdir(), 'claw-'))
  return {
    dir,
    async write(name, text) {
      const path = join(dir, name)
      await writeFile(path, text, { mode: 0o600, flag: 'wx' })
      return path
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  }
}
