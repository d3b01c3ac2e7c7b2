import { fstatSync } from 'node:fs'

/** Whether a descriptor is a terminal. The module that knows brings the network with it, and is loaded for a device only. */
export function isTerminal(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice() && process.getBuiltinModule('node:tty').isatty(fd)
  } catch {
    return false
  }
}
