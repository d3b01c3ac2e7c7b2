import { ClawError } from '../core/errors.ts'
import type { Config } from '../config/config.ts'
import { readConfig } from '../config/load-config.ts'
import type { CredentialStore } from '../credentials/store.ts'
import { systemConfigFiles } from '../platform/config-files.ts'
import type { Http } from '../platform/http.ts'
import { buildCatalogue, catalogueNames, type Catalogue } from './catalogue/catalogue.ts'
import { absentStore } from './absent-store.ts'
import type { Ports, World } from './ports.ts'

export interface SessionFlags {
  readonly configFile?: string | undefined
  readonly profile?: string | undefined
}

/** A world with its configuration read: what every use case works with. */
export interface Session {
  readonly ports: Ports
  readonly config: Config
  readonly catalogue: Catalogue
  /** Ends everything that waits. */
  readonly signal: AbortSignal
  /** Why only doctor, help and their like may go on. */
  readonly configError: ClawError | undefined
  readonly trust: 'none' | 'trusted' | 'untrusted' | 'mismatch'
}

/**
 * Reads the configuration and opens the store that it names. Nothing is sent, written or created.
 *
 * @throws {ClawError} `CLAW_CONFIG_*` and their like, unless `mayBeBroken`.
 */
export async function openSession(world: World, flags: SessionFlags, signal: AbortSignal, mayBeBroken = false): Promise<Session> {
  const { config, error, trust } = await readConfig({
    environment: world.environment,
    machine: world.machine,
    files: systemConfigFiles,
    flags,
    catalogue: catalogueNames(),
  })
  if (error && !mayBeBroken) throw error
  const { storeError, ...stores } = await openStore(world, config, signal).catch((thrown: unknown) => {
    if (!mayBeBroken || !(thrown instanceof ClawError)) throw thrown
    return brokenStore(thrown)
  })
  const ports: Ports = { ...world, http: lazyHttp(world, config), ...stores }
  return { ports, config, catalogue: buildCatalogue(config, undefined, world.environment), signal, configError: error ?? storeError, trust }
}

/** A store that the configuration asks for and that cannot be had: whoever needs it is told why. */
async function brokenStore(storeError: ClawError): Promise<OpenedStore> {
  const { MemorySpool } = await import('../credentials/memory-store.ts')
  return { store: absentStore(storeError), spool: new MemorySpool(), storeError }
}

type OpenedStore = Pick<Ports, 'store' | 'spool'> & { readonly storeError?: ClawError }

async function openStore(world: World, config: Config, signal: AbortSignal): Promise<OpenedStore> {
  if (world.opened) return world.opened
  const { backend, followSymlink, key } = config.store
  // Writing in clear what the user asked to encrypt would be worse than not writing.
  if (key)
    throw new ClawError('CLAW_CONFIG_INVALID', {
      what: 'the store cannot be encrypted: this version of claw writes it in clear, mode 0600',
      why: `${config.origins.get('store.key')?.name ?? '`[store] key`'} asks for encryption`,
      fix: 'unset CLAW_STORE_KEY and CLAW_STORE_KEY_FILE, and take `key` out of `[store]`',
    })
  if (backend !== 'file' && backend !== 'memory')
    throw new ClawError('CLAW_CONFIG_INVALID', {
      what: `the store \`${backend}\` is not known`,
      fix: 'set `[store] backend` to `file` or `memory`',
    })
  const dir = config.paths.stateDir
  if (backend === 'memory' || dir === null) {
    const { MemorySpool, MemoryStore } = await import('../credentials/memory-store.ts')
    return { store: backend === 'memory' ? new MemoryStore(world) : absentStore(), spool: new MemorySpool() }
  }
  const [{ FileStore }, { FileSpool }] = await Promise.all([
    import('../credentials/file-store.ts'),
    import('../credentials/answer-spool.ts'),
  ])
  const store: CredentialStore = new FileStore({ ...world, dir, followSymlink, signal })
  return { store, spool: new FileSpool({ ...world, dir }) }
}

/** The HTTP client is loaded by the first request: many commands make none. */
function lazyHttp(world: World, config: Config): Http {
  let http: Promise<Http> | undefined
  const load = () => {
    http ??= import('../platform/undici-http.ts').then(
      ({ UndiciHttp }) => new UndiciHttp({ ...world, proxy: config.network.proxy, caFile: config.network.caFile, isShortLived: true }),
    )
    return http
  }
  return {
    request: async (request) => (await load()).request(request),
    connect: async (url, signal) => (await load()).connect(url, signal),
  }
}
