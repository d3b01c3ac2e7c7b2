import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SubjectWorld } from '../../../src/app/identity/subject-tokens.ts'
import type { Secret } from '../../../src/core/secret.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { environmentOf } from '../../../src/platform/environment.ts'
import { UndiciHttp } from '../../../src/platform/undici-http.ts'
import { type Answerer, type LoopbackServer, loopbackServer } from '../../support/loopback-server.ts'

/** Three parts of base64url, as a token looks. */
export const JWT = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.${'c2lnbmF0dXJl'.repeat(4)}`

export interface Arranged extends AsyncDisposable {
  readonly dir: string
  /** A server that ends with the stage. */
  served(answer: Answerer): Promise<LoopbackServer>
  /** Has another one end with it. */
  keep(server: LoopbackServer): void
  world(variables?: Readonly<Record<string, string>>, more?: Partial<SubjectWorld>): SubjectWorld
}

/** A directory of its own, and a world in which sources are asked: a real network and real programs, and an environment to choose. */
export async function arrange(): Promise<Arranged> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'claw-subject-')))
  const opened: UndiciHttp[] = []
  const servers: LoopbackServer[] = []
  return {
    dir,
    async served(answer) {
      const server = await loopbackServer(answer)
      servers.push(server)
      return server
    },
    keep: (server) => void servers.push(server),
    world(variables = {}, more = {}) {
      const clock = more.clock ?? systemClock()
      const environment = environmentOf(variables)
      const http = new UndiciHttp({ clock, environment })
      opened.push(http)
      return {
        environment,
        clock,
        http,
        uid: process.getuid?.() ?? -1,
        stateDir: dir,
        projectRoot: null,
        signal: new AbortController().signal,
        timeoutMs: 10_000,
        ...more,
      }
    },
    async [Symbol.asyncDispose]() {
      for (const server of servers) await server.close()
      for (const http of opened) await http.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

export function shown(secret: Secret): readonly [string, string] {
  return [secret.kind, secret.reveal()]
}
