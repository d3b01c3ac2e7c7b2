import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A volume as the kubelet writes it (AtomicWriter): the files in a directory with a date for a name, `..data` a link to that,
 * each file a link into `..data`. Everybody may write to the directory itself, which is mounted read-only.
 */
export function kubeletVolume(dir: string, files: Readonly<Record<string, string>>, written = '..2026_11_25_03_00_00.1'): void {
  mkdirSync(join(dir, written), { recursive: true })
  chmodSync(dir, 0o777)
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(dir, written, name), text)
    chmodSync(join(dir, written, name), 0o644)
    link(join('..data', name), join(dir, name))
  }
  link(written, join(dir, '..data'))
}

function link(target: string, path: string): void {
  rmSync(path, { force: true })
  symlinkSync(target, path)
}
