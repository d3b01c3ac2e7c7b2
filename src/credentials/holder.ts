import type { Machine } from '../platform/machine.ts'
import type { Holder } from './record.ts'

export type Sight = 'alive' | 'dead' | 'unknown'

/** This process, so that another one can tell whether it lives. */
export function thisHolder(machine: Machine): Holder {
  return {
    host: machine.hostname,
    pid: machine.pid,
    pidStart: machine.processStart(machine.pid) ?? '',
    bootId: machine.bootId,
    pidNamespace: machine.pidNamespace,
  }
}

/**
 * Whether the holder of something can be seen to live, or to be dead, from here. A host name proves nothing (containers and
 * images share them): only a process of the same boot and the same pid namespace can be looked up.
 */
export function sightOf(holder: Holder, machine: Machine): Sight {
  if (holder.bootId === '' || holder.bootId !== machine.bootId) return 'unknown'
  if (holder.pidNamespace === '' || holder.pidNamespace !== machine.pidNamespace) return 'unknown'
  const start = machine.processStart(holder.pid)
  if (start === undefined) return 'dead'
  return start === '' || holder.pidStart === '' || start === holder.pidStart ? 'alive' : 'dead'
}
