import { statfs } from 'node:fs/promises'

/**
 * What statfs(2) calls the file systems that several machines share (Linux, `include/uapi/linux/magic.h` and vendors).
 * FUSE and 9p are left out: containers and sandboxes have their own root on them.
 */
const SHARED: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x517b, 'SMB'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
])

/** The name of a shared file system by its number; `null` for one of this machine alone. */
export function sharedFileSystem(type: number): string | null {
  // Some Node versions hand the number on as a signed one.
  return SHARED.get(type >>> 0) ?? null
}

/** Whether a directory may be seen by other machines, whose locks this one cannot judge; `null` too where nobody can say. */
export async function networkFileSystem(path: string): Promise<string | null> {
  try {
    return sharedFileSystem((await statfs(path)).type)
  } catch {
    return null
  }
}
