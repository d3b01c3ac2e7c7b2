import type { Session } from '../../src/app/session.ts'
import { MemorySpool } from '../../src/credentials/memory-store.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { environmentOf } from '../../src/platform/environment.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { UndiciHttp } from '../../src/platform/undici-http.ts'
import type { TestWorld } from './credential-world.ts'

/** A session of a world in memory that really sends: its servers are on loopback. */
export function onlineSession(here: TestWorld): Session {
  const http = new UndiciHttp({ clock: systemClock(), environment: environmentOf({}) })
  const ports = { ...here.ports, random: systemRandom, version: '0.0.0', http, spool: new MemorySpool() }
  return { ports, config: here.config, catalogue: here.catalogue, signal: here.signal, configError: undefined, trust: 'none' }
}
