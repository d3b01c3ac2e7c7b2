import { realpathSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** What a directory or a chain of them allows. */
export interface DirectoryJudgement {
  /** Somebody else could swap files in it: nothing secret may be written there. */
  readonly unsafe: { readonly path: string; readonly why: string } | null
  readonly groupWritable: string | null
}

/**
 * Judges a directory and all above it by their real paths: ours or root's, and nobody else may write there. A directory
 * that everybody may write to is let pass above another one if it is root's and sticky, as /tmp is. The calls are synchronous,
 * as in `readRegularFile`.
 */
export async function judgeDirectories(path: string, uid: number): Promise<DirectoryJudgement> {
  let current = realpathSync.native(path)
  let groupWritable: string | null = null
  for (let isLeaf = true; ; isLeaf = false) {
    const facts = statSync(current)
    if (facts.uid !== 0 && facts.uid !== uid) return { unsafe: { path: current, why: `it belongs to uid ${facts.uid}` }, groupWritable }
    const isSticky = (facts.mode & 0o1000) !== 0 && facts.uid === 0
    if ((facts.mode & 0o002) !== 0 && (isLeaf || !isSticky))
      return { unsafe: { path: current, why: 'everybody may write there' }, groupWritable }
    if ((facts.mode & 0o020) !== 0 && !isSticky) groupWritable ??= current
    const parent = dirname(current)
    if (parent === current) return { unsafe: null, groupWritable }
    current = parent
  }
}

/** Whether something is mounted on the very path, as a container runtime does with a single file: it cannot be replaced then. */
export async function isMountPoint(path: string): Promise<boolean> {
  let table: string
  try {
    table = await readFile('/proc/self/mountinfo', 'utf8')
  } catch {
    return false
  }
  const written = path.replace(/[\s\\]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`)
  return table.split('\n').some((line) => line.split(' ')[4] === written)
}
