import type { Session } from '../../src/app/session.ts'
import { MemorySpool } from '../../src/credentials/memory-store.ts'
import { systemRandom } from '../../src/platform/random.ts'
import type { TestWorld } from './credential-world.ts'

/** A session that may send nothing. Its store is that of the world, changed where a test says so. */
export function sessionOf(here: TestWorld, changes: Partial<TestWorld['store']> = {}): Session {
  const unexpected = () => Promise.reject(new Error('nobody expected a request'))
  const store = new Proxy(here.store, {
    get(target, name) {
      const own = Object.entries(changes).find(([key]) => key === name)
      const value: unknown = own ? own[1] : Reflect.get(target, name)
      return typeof value === 'function' && !own ? value.bind(target) : value
    },
  })
  const ports = {
    ...here.ports,
    store,
    random: systemRandom,
    version: '0.0.0',
    http: { request: unexpected, connect: unexpected },
    spool: new MemorySpool(),
  }
  return { ports, config: here.config, catalogue: here.catalogue, signal: here.signal, configError: undefined, trust: 'none' }
}
