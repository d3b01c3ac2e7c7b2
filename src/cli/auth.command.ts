import { Command, Option } from 'clipanion'
import { ClawError } from '../core/errors.ts'
import { parseDuration } from '../core/duration.ts'
import { isName } from '../core/vocabulary.ts'
import type { DeviceSignInOutput, KeyOutput } from './auth-output.ts'
import { methodOf, providerMissing } from './auth-options.ts'
import { unknownWord } from './auth-word.ts'
import { ClawCommand } from './claw-command.ts'

/** Signs in by the method that a flag names. Each method's work is loaded only when it is asked for. */
export class AuthCommand extends ClawCommand {
  static override paths = [['auth']]

  static override usage = Command.Usage({
    category: 'Credentials',
    description: 'sign in to a provider, or store a key',
    details: `
      With --device a code is printed that somebody approves in a browser on any other machine; claw waits, and stores the
      grant. With --no-wait it ends at once with exit 83, and \`claw auth wait\` goes on.

      With --browser an address is printed that somebody opens; the browser comes back to this machine, or what it ended at is
      pasted (--paste-stdin). With --paste nothing waits: claw ends with exit 83, and \`claw auth complete\` takes what was
      copied.

      With --api-key or --token a value is stored that comes from stdin, a variable or a file, never from an argument. On a
      terminal without any of these it is asked for without echo. The end of a token is the one that it claims, else
      --expires-in.

      With --identity the token that the CI system or machine gives this job is shown claim by claim, exchanged once for a
      short-lived one of the provider, and that one kept: there is no key to store.

      Without a method claw leaves alone what is there already, and on a terminal chooses a device code; in CI it chooses none,
      and says which flags there are.
    `,
    examples: [
      ['Print a code that someone approves elsewhere', '$0 auth --device moonshot'],
      ['Store a key from a pipe', 'printf %s "$KEY" | $0 auth --api-key openai --stdin'],
      ['Print an address to sign in at, from any machine', '$0 auth --paste openrouter'],
      ['Start now, go on in a later step', '$0 auth --device moonshot --no-wait'],
      ["Exchange this job's own identity, with no key anywhere", '$0 auth --identity anthropic'],
    ],
  })

  provider = Option.String({ required: false, name: 'provider' })
  device = Option.Boolean('--device', false, { description: 'print a code to approve in a browser on another machine' })
  qr = Option.Boolean('--qr', false, { description: 'with --device: draw the address as a QR code too, on stderr' })
  browser = Option.Boolean('--browser', false, { description: 'print an address to sign in at; the browser comes back to this machine' })
  paste = Option.Boolean('--paste', false, { description: 'print an address to sign in at, and end with exit 83' })
  pasteStdin = Option.Boolean('--paste-stdin', false, { description: 'with --browser: take what is pasted on stdin too, a line each' })
  open = Option.Boolean('--open', false, { description: 'with --browser: open the address here, on a terminal with a display' })
  apiKey = Option.Boolean('--api-key', false, { description: 'store an API key' })
  token = Option.Boolean('--token', false, { description: 'store a bearer or setup token' })
  identity = Option.Boolean('--identity', false, { description: "exchange this job's own identity token for one of the provider" })
  stdin = Option.Boolean('--stdin', false, { description: 'read the key from stdin' })
  fromEnv = Option.String('--from-env', { description: 'read the key from this variable' })
  fromFile = Option.String('--from-file', { description: 'read the key from this file' })
  expiresIn = Option.String('--expires-in', { description: 'how long the token lives (30d)' })
  check = Option.Boolean('--check', {
    description:
      'ask the provider whether it takes the credential: before a key is stored, else after the sign-in; a failure ends with 1, of a new key with 77. --no-check: no request after a sign-in',
  })
  wait = Option.Boolean('--wait', true, { description: '--no-wait: store the pending sign-in and end with exit 83' })
  force = Option.Boolean('--force', false, { description: 'sign in again although the credential is still good' })

  // A device code and an address have their own ends.
  protected override readonly limitMs = null

  protected async run(): Promise<number> {
    const given = this.#given()
    if (this.provider === undefined) {
      if (given.length > 0) throw providerMissing(given)
      return this.#list()
    }
    if (this.profile !== undefined && !isName(this.profile))
      throw new ClawError('CLAW_USAGE', { what: '`--profile` is no name of a profile', fix: 'use lower-case letters, digits, - and _' })
    const method = methodOf(given, this.provider)
    try {
      if (method === undefined) return await this.#choose(this.provider)
      if (method === '--device') return await this.#signInWithDevice(this.provider)
      if (method === '--identity') return await this.#exchangeIdentity(this.provider)
      if (method === '--browser' || method === '--paste') return await this.#signInInBrowser(this.provider)
      return await this.#storeKey(this.provider, method === '--token' ? 'token' : 'api_key')
    } catch (thrown) {
      throw await unknownWord(thrown, this.provider, method)
    }
  }

  /** The options of this command that were given. */
  #given(): string[] {
    const values: Readonly<Record<string, unknown>> = {
      '--device': this.device,
      '--browser': this.browser,
      '--paste': this.paste,
      '--api-key': this.apiKey,
      '--token': this.token,
      '--identity': this.identity,
      '--qr': this.qr,
      '--no-wait': !this.wait,
      '--paste-stdin': this.pasteStdin,
      '--open': this.open,
      '--force': this.force,
      '--stdin': this.stdin,
      '--from-env': this.fromEnv,
      '--from-file': this.fromFile,
      '--expires-in': this.expiresIn,
      '--check': this.check,
    }
    return Object.keys(values).filter((name) => values[name] !== undefined && values[name] !== false)
  }

  async #signInWithDevice(provider: string): Promise<number> {
    const { signIn } = await import('./auth-device.ts')
    return signIn(await this.openSession(), this.#deviceOutput(), {
      provider,
      wait: this.wait,
      force: this.force,
      check: this.check,
      resumeOnly: false,
      draw: this.qr ? await this.#qrPen() : undefined,
    })
  }

  async #qrPen(): Promise<(address: string) => readonly string[]> {
    const { isUtf8Locale, renderQr } = await import('./render-qr.ts')
    const { err, world } = this.shell
    return (address) => renderQr(address, { paint: this.paint, columns: err.columns, isUtf8: isUtf8Locale(world) })
  }

  async #signInInBrowser(provider: string): Promise<number> {
    const { signInInBrowser } = await import('./auth-pkce.ts')
    return signInInBrowser(await this.openSession(), this.shell, this.#deviceOutput(), {
      provider,
      way: this.browser ? 'browser' : 'paste',
      force: this.force,
      check: this.check,
      open: this.open,
      paste: this.pasteStdin ? 'stdin-lines' : 'none',
    })
  }

  async #exchangeIdentity(provider: string): Promise<number> {
    const { exchangeIdentity } = await import('./auth-identity.ts')
    return exchangeIdentity(await this.openSession(), this.#deviceOutput(), { provider, force: this.force, check: this.check })
  }

  async #storeKey(provider: string, method: 'api_key' | 'token'): Promise<number> {
    const lifetimeMs = this.expiresIn === undefined ? undefined : parseDuration(this.expiresIn)
    if (this.expiresIn !== undefined && (lifetimeMs === undefined || method !== 'token')) {
      throw new ClawError('CLAW_USAGE', {
        what: method === 'token' ? '`--expires-in` is no duration' : '`--expires-in` belongs to `--token`',
        fix: 'write it as 30d, 12h or a number of seconds',
      })
    }
    const { store } = await import('./auth-key.ts')
    const output: KeyOutput = {
      json: this.json,
      print: (object) => this.print(object),
      say: (line) => this.say(line),
      note: (line) => this.note(line),
    }
    return store(await this.openSession(), this.shell, output, {
      provider,
      method,
      stdin: this.stdin,
      fromEnv: this.fromEnv,
      fromFile: this.fromFile,
      lifetimeMs,
      check: this.check ?? false,
      mayAsk: this.mayAsk,
      signal: this.signal,
    })
  }

  async #list(): Promise<number> {
    if (this.json) throw new ClawError('CLAW_USAGE', { what: 'no provider was named', fix: 'claw auth list --json' })
    const { listProviders } = await import('../app/catalogue/list-providers.ts')
    const { renderProviders } = await import('./render-providers.ts')
    await this.say(renderProviders(await listProviders(await this.openSession(), this.here)))
    return 2
  }

  /** No method was named: a value that is handed over is a key where the provider takes keys; else what works here. */
  async #choose(provider: string): Promise<number> {
    const session = await this.openSession()
    if (this.stdin || this.fromEnv !== undefined || this.fromFile !== undefined) {
      const { methodOfValue } = await import('../app/sign-in/choose-unattended.ts')
      return this.#storeKey(provider, methodOfValue(session, provider))
    }
    const { signInUnattended } = await import('./auth-unattended.ts')
    const here = { ...this.here, again: this.force }
    return signInUnattended(session, this.#deviceOutput(), { provider, here, check: this.check === true }, () =>
      this.#signInWithDevice(provider),
    )
  }

  #deviceOutput(): DeviceSignInOutput {
    return {
      json: this.json,
      isCi: this.shell.ci.vendor !== null,
      print: (object) => this.print(object),
      say: (line) => this.say(line),
      note: (line) => this.note(line),
    }
  }
}
