import { signInWithBrowser, type PkceOptions, type PkceSignInResult } from '../../src/app/sign-in/sign-in-pkce.ts'
import type { Session } from '../../src/app/session.ts'
import type { ClawError } from '../../src/core/errors.ts'
import type { Clock } from '../../src/platform/clock.ts'
import { UndiciHttp } from '../../src/platform/undici-http.ts'
import { rehearsal } from '../../src/app/rehearsal/rehearsal.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/start-sandbox.ts'
import { sessionOf } from './credential-session.ts'
import { credentialWorld, type TestWorld } from './credential-world.ts'
import { fakeClock } from './fake-clock.ts'
import { ask } from './loopback-client.ts'
import { seededRandom } from './seeded-random.ts'
import { watched } from './watched-http.ts'

/** A machine without a browser, and somebody with one somewhere else. */
export interface SignInWorld extends AsyncDisposable {
  readonly here: TestWorld
  readonly session: Session
  /** Signs in; what `act` does with the printed address belongs to it. */
  signIn(options: Partial<PkceOptions> & Pick<PkceOptions, 'name' | 'way'>, act?: (url: string) => Promise<void>): Promise<PkceSignInResult>
  /** Moves the clock on until that has ended. */
  drive<T>(work: Promise<T>): Promise<T>
  /** Sentences about pastes that were not taken. */
  readonly refusedPastes: readonly ClawError[]
}

/** By a clock that stands still: nothing ends but by what is done. */
export async function signInWorld(toml: string, variables: Readonly<Record<string, string>> = {}): Promise<SignInWorld> {
  const here = await credentialWorld(toml, variables)
  const undici = new UndiciHttp({ clock: here.clock, environment: here.ports.environment })
  const { http, isBusy } = watched(undici)
  const base = sessionOf(here)
  const session = { ...base, ports: { ...base.ports, http } }
  const refusedPastes: ClawError[] = []
  return {
    here,
    session,
    refusedPastes,
    drive: (work) => here.clock.driveUntil(work, isBusy),
    async signIn(options, act) {
      let acted: Promise<void> | undefined
      const result = await signInWithBrowser(session, {
        profile: 'default',
        force: false,
        onAddress: ({ url }) => {
          acted = act?.(url)
        },
        onPasteRefused: (error) => refusedPastes.push(error),
        ...options,
      })
      await acted
      return result
    },
    async [Symbol.asyncDispose]() {
      await undici.close()
      await here.remove()
    },
  }
}

export interface SandboxSignIn extends SignInWorld {
  readonly sandbox: Sandbox
  /** What the person does at the page: the address that the browser is sent to, or what the page shows. */
  approve(url: string, action?: 'approve' | 'deny'): Promise<string>
  /** Starts with `--paste`: the address. */
  start(name: string): Promise<string>
  complete(name: string, pasted: string): Promise<PkceSignInResult>
  /** What the token endpoints were asked: path, status and note. */
  exchanges(): readonly string[]
}

/** The same at the sandbox, with every method switched on that the catalogue leaves off. */
export async function sandboxSignIn(scenario?: string): Promise<SandboxSignIn> {
  // The clock is that of the machine, which is made when the address of the sandbox is known.
  let clock: Clock = fakeClock()
  const sandbox = await startSandbox({
    clock: new Proxy(clock, { get: (_, name) => Reflect.get(clock, name) }),
    random: seededRandom(),
    mirror: rehearsal(),
    scenario,
  })
  const world = await signInWorld(sandbox.toml, { CLAW_ENABLE: 'anthropic/oauth,xai/oauth' })
  clock = world.here.clock
  return {
    ...world,
    sandbox,
    async approve(url, action = 'approve') {
      const page = await ask(url, { form: { action } })
      const { location } = page.headers
      if (page.status !== 303 || location === undefined) return shown(page.body)
      // A page of the vendor's own shows what is to be pasted; anything else is this machine.
      return location.startsWith(sandbox.origin) ? shown((await ask(location)).body) : location
    },
    async start(name) {
      const started = await world.signIn({ name, way: 'paste' })
      if (started.state !== 'handedOver') throw new Error('the sign-in was not handed over')
      return started.notice.url
    },
    complete: (name, pasted) => world.signIn({ name, way: 'complete', paste: async () => pasted }),
    exchanges: () =>
      sandbox.journal
        .filter(({ path }) => /token$|keys$/.test(path))
        .map(({ path, status, grantType, note }) => [path, grantType, status, note].filter((part) => part !== undefined).join(' ')),
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]()
      await sandbox.close()
    },
  }
}

function shown(html: string): string {
  const code = /<code>([^<]+)<\/code>/.exec(html)?.[1]
  if (code === undefined) throw new Error(`the page shows no code: ${html}`)
  return code
}
