import { readFileSync, readlinkSync } from 'node:fs'
import { hostname, release } from 'node:os'
import type { Machine } from './machine.ts'

/** The machine and process that claw runs in, by Linux's /proc where there is one. */
export function systemMachine(environment: Readonly<Record<string, string | undefined>>): Machine {
  return {
    hostname: hostname(),
    pid: process.pid,
    platform: process.platform,
    arch: process.arch,
    get osVersion() {
      return release()
    },
    uid: process.getuid?.() ?? -1,
    home: environment.HOME && environment.HOME !== '/' ? environment.HOME : undefined,
    get cwd() {
      return process.cwd()
    },
    get bootId() {
      return textOf('/proc/sys/kernel/random/boot_id')
    },
    get pidNamespace() {
      return linkOf('/proc/self/ns/pid')
    },
    get machineId() {
      return textOf('/etc/machine-id') || textOf('/var/lib/dbus/machine-id') || hostname()
    },
    processStart,
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** Field 22 of /proc/PID/stat, counted after the last parenthesis of the name; without /proc, whether the process answers at all. */
function processStart(pid: number): string | undefined {
  const text = textOf(`/proc/${pid}/stat`)
  if (text) {
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    // A zombie has ended: it only waits for its parent to look.
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  }
  if (process.platform === 'linux') return undefined
  try {
    process.kill(pid, 0)
    return ''
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM' ? '' : undefined
  }
}
