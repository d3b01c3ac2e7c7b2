import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildCatalogue, catalogueNames } from '../../src/app/catalogue/catalogue.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import type { CredentialWorld } from '../../src/app/credential/credential-question.ts'
import { Secret } from '../../src/core/secret.ts'
import type { NewCredential, Slot } from '../../src/credentials/record.ts'
import { MemoryStore } from '../../src/credentials/memory-store.ts'
import { isLease } from '../../src/credentials/store.ts'
import { systemConfigFiles } from '../../src/platform/config-files.ts'
import { environmentOf } from '../../src/platform/environment.ts'
import type { Http } from '../../src/platform/http.ts'
import type { Machine } from '../../src/platform/machine.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { type FakeClock, fakeClock } from './fake-clock.ts'

/** A machine to look for credentials on: a configuration file, variables, and an empty store in memory. */
export interface TestWorld extends CredentialWorld {
  readonly clock: FakeClock
  readonly dir: string
  readonly store: MemoryStore
  /** Stores a credential as a sign-in would. */
  signIn(
    slot: Partial<Slot> & Pick<Slot, 'route' | 'kind'>,
    credential?: Partial<NewCredential> & { readonly token?: string },
  ): Promise<string>
  /** The same machine, with a store of another reading. */
  remove(): Promise<void>
}

const machine: Machine = {
  hostname: 'ci-1',
  pid: 100,
  platform: 'linux',
  arch: 'x64',
  osVersion: '6.1',
  uid: process.getuid?.() ?? -1,
  home: '/nonexistent',
  cwd: '/',
  bootId: 'boot-1',
  pidNamespace: 'pid:[1]',
  machineId: 'machine-1',
  processStart: (pid) => (pid === 100 ? '1' : undefined),
}

/** Looking for credentials asks nobody. */
const unreachable: Http = {
  request: ({ url }) => Promise.reject(new Error(`${url} was asked`)),
  connect: (url) => Promise.reject(new Error(`${url} was connected to`)),
}

/** The world with the configuration as written, read by the real reader. `$DIR` stands for its directory, in variables too. */
export async function credentialWorld(
  toml = '',
  variables: Readonly<Record<string, string>> = {},
  files: Readonly<Record<string, string>> = {},
  profile?: string,
): Promise<TestWorld> {
  const dir = await mkdtemp(join(tmpdir(), 'claw-world-'))
  await mkdir(join(dir, 'state'))
  for (const [name, text] of Object.entries({ 'config.toml': toml, ...files }))
    await writeFile(join(dir, name), text.replaceAll('$DIR', dir), { mode: 0o600 })
  const own = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, value.replaceAll('$DIR', dir)]))
  const environment = environmentOf({ PATH: process.env.PATH, ...own, CLAW_HOME: dir })
  const here = { ...machine, cwd: dir, home: dir }
  const clock = fakeClock()
  const store = new MemoryStore({ clock, random: systemRandom, machine: here })
  const config = await loadConfig({ environment, machine: here, files: systemConfigFiles, flags: { profile }, catalogue: catalogueNames() })
  return {
    ports: { clock, environment, http: unreachable, machine: here, store },
    config,
    catalogue: buildCatalogue(config, undefined, environment),
    signal: new AbortController().signal,
    clock,
    dir,
    store,
    async signIn(slot, { token = `stored-${slot.route}-${slot.kind}-secret`, ...credential } = {}) {
      const isGrant = slot.kind === 'oauth'
      const outcome = await store.write({
        type: 'sign_in',
        slot: { provider: slot.route, profile: 'default', ...slot },
        credential: {
          method: isGrant ? 'device' : slot.kind === 'api_key' ? 'api_key' : 'token',
          auth: isGrant ? 'device' : slot.kind === 'api_key' ? 'api-key' : 'auth-token',
          secrets: { access: new Secret(token), ...(isGrant && { refresh: new Secret(`${token}-refresh`, 'refresh-token') }) },
          lifetimeMs: isGrant ? 900_000 : null,
          sentAgoMs: 0,
          account: null,
          region: null,
          scopes: null,
          origins: [],
          client: isGrant
            ? { clientId: 'client', tokenEndpoint: 'https://auth.example/token', revocationEndpoint: null, issuer: null }
            : null,
          ...credential,
        },
      })
      if (outcome.outcome !== 'written' || !outcome.record) throw new Error('the sign-in was refused')
      return outcome.record.id
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  }
}

/** A device sign-in of kimi-code that nobody has approved yet. */
export async function startFlow(here: TestWorld) {
  const lease = await here.store.tryLease('flow', { durationMs: 40_000, purpose: 'flow', signal: here.signal })
  if (!isLease(lease)) throw new Error('the lease is busy')
  await here.store.write({
    type: 'put_flow',
    lease,
    flow: {
      id: 'flow-1',
      provider: 'moonshot',
      route: 'kimi-code',
      profile: 'default',
      method: 'device',
      auth: 'device',
      userCode: 'AB-CD',
      verificationUri: 'https://www.kimi.com/d',
      verificationUriComplete: null,
      intervalMs: 5_000,
      slowedDown: false,
      region: null,
      client: { clientId: 'c', tokenEndpoint: 'https://auth.kimi.com/t', revocationEndpoint: null, issuer: null, redirectUri: null },
      secrets: { deviceCode: new Secret('a-device-code', 'device-code') },
      unknown: {},
      expiresInMs: 600_000,
      nextPollInMs: 5_000,
      startedAgoMs: 0,
    },
  })
}
