import { readdirSync } from 'node:fs'
import { StateMachine, type AnyStateMachine } from 'xstate'

const room = new URL('../../src/machines/', import.meta.url)

/** Every machine of the room, by its id: the exports named `…Machine` of the files named `….machine.ts`, factories called. */
export async function findMachines(): Promise<AnyStateMachine[]> {
  const machines: AnyStateMachine[] = []
  for (const file of readdirSync(room)
    .filter((name) => name.endsWith('.machine.ts'))
    .sort()) {
    const exports: Record<string, unknown> = await import(new URL(file, room).href)
    const found = Object.entries(exports).filter(([name]) => name.endsWith('Machine'))
    if (found.length !== 1) throw new Error(`${file} must export one machine, and exports ${found.length}`)
    for (const [, value] of found) {
      const machine: unknown = typeof value === 'function' ? value() : value
      if (!(machine instanceof StateMachine)) throw new Error(`${file} exports no machine`)
      machines.push(machine)
    }
  }
  return machines
}
