import { readFileSync, readlinkSync } from 'node:fs'
import { hostname, release } from 'node:os'
import type { Machine } from './machine.ts'

/**
 * The machine and process that claw runs in, by Linux's /proc where there is one. What the system does not say is '': who
 * compares it then knows nothing, rather than something wrong.
 */
export function systemMachine(environment: Readonly<Record<string, string | undefined>>): Machine {
  const bootId = once(() => textOf('/proc/sys/kernel/random/boot_id'))
  const pidNamespace = once(() => linkOf('/proc/self/ns/pid'))
  // A host name is no substitute: a container has a new one at each start, beside the same volume.
  const machineId = once(() => textOf('/etc/machine-id') || textOf('/var/lib/dbus/machine-id'))
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
      return bootId()
    },
    get pidNamespace() {
      return pidNamespace()
    },
    get machineId() {
      return machineId()
    },
    processStart,
  }
}

function once(read: () => string): () => string {
  let known: string | undefined
  return () => {
    known ??= read()
    return known
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
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  const text = textOf(`/proc/${pid}/stat`)
  if (text) {
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    // A zombie has ended: it only waits for its parent to look.
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  }
  // No line there proves nothing where /proc hides the processes of others: the signal does.
  try {
    process.kill(pid, 0)
    return ''
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM' ? '' : undefined
  }
}
