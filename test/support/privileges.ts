import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Whether files can be given to other users here. */
export const isRoot = process.getuid?.() === 0

/** Whether a file system can be mounted here: root of a container often cannot. */
export const canMount = isRoot && tryMount()

/** Whether system calls can be made to fail here. */
export const canTrace = spawnSync('strace', ['-qq', '-o', '/dev/null', 'true']).status === 0

function tryMount(): boolean {
  const dir = mkdtempSync(join(tmpdir(), 'claw-mount-'))
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'claw-test', dir]).status === 0
  if (isMounted) spawnSync('umount', [dir])
  rmdirSync(dir)
  return isMounted
}
