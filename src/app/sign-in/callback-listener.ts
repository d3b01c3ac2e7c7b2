import { ClawError } from '../../core/errors.ts'
import { visibleLine } from '../../core/visible.ts'
import { type Handler, type RunningServer, type Served, serveLoopback } from '../../platform/http-server.ts'
import { portOwner } from '../../platform/port-owner.ts'
import type { ServedRequest } from '../../platform/served-request.ts'
import type { AuthorizationResponse } from '../../protocols/oauth/authorization-response.ts'
import { CALLBACK_PAGES, nothingHere } from './callback-page.ts'
import type { CallbackPlace } from './callback-place.ts'

/** S-36: how many answers of other sign-ins are turned away before somebody means it. */
const MOST_STRANGERS = 20
/** A port that is free on one family and taken on the other is no reason to give up, where any port will do. */
const MOST_TRIES = 4

/** The programs that have the ports, where the system tells (S-37). */
function listenersOn(ports: readonly number[]): string {
  const owners = ports.flatMap((port) => {
    const owner = portOwner(port)
    return owner ? [`\`${visibleLine(owner.name, 40)}\` (process ${owner.pid}) listens on ${port}`] : []
  })
  return owners.length > 0 ? owners.join(', ') : 'another program listens there'
}

type Told = Exclude<AuthorizationResponse, { kind: 'stranger' }>
type Judge = (query: URLSearchParams) => AuthorizationResponse

/**
 * The callback of one sign-in: a server on loopback that answers nothing but the one redirect it waits for. Nothing of a
 * request is ever put into a page (S-39), and no answer of it carries a credential (S-47).
 */
export class CallbackListener {
  readonly redirectUri: string
  readonly #server: RunningServer
  #judge: Judge | undefined
  #strangers = 0
  #isSpent = false
  #settle: { tell(told: Told): void; fail(error: ClawError): void } | undefined
  #early: Told | undefined

  private constructor(server: RunningServer, redirectUri: string) {
    this.#server = server
    this.redirectUri = redirectUri
  }

  /**
   * Listens at the first place that is free.
   *
   * @param places in order; a port 0 is any free one
   * @param pasteCommand what to type where no browser can come back
   * @throws {ClawError} `CLAW_LOGIN_BUSY` naming the ports.
   */
  static async open(places: readonly CallbackPlace[], pasteCommand: string): Promise<CallbackListener> {
    for (const place of places) {
      for (let tries = 0; tries < (place.port === 0 ? MOST_TRIES : 1); tries++) {
        const opened = await CallbackListener.#openAt(place)
        if (opened) return opened
      }
    }
    const ports = [...new Set(places.map(({ port }) => port))].filter((port) => port !== 0)
    throw new ClawError('CLAW_LOGIN_BUSY', {
      what: `no port of this machine is free for the callback: ${ports.length > 0 ? ports.join(', ') : 'any'}`,
      why: `${listenersOn(ports)}, maybe a sign-in of its own, which is left alone`,
      fix: pasteCommand,
      data: { ports },
    })
  }

  static async #openAt(place: CallbackPlace): Promise<CallbackListener | undefined> {
    let listener: CallbackListener | undefined
    const handle: Handler = async (request) => listener?.answer(request) ?? nothingHere(404)
    try {
      const server = await serveLoopback(handle, { port: place.port, isDualStack: place.isDualStack })
      listener = new CallbackListener(server, place.redirectUri(server.port))
      return listener
    } catch (thrown) {
      if (thrown instanceof ClawError && thrown.code === 'CLAW_LOGIN_BUSY') return undefined
      throw thrown
    }
  }

  /** From now on requests are judged: the state of the sign-in is known. */
  expect(judge: Judge): void {
    this.#judge = judge
  }

  /** The one response; resolves after the browser has been answered. @throws {ClawError} `CLAW_PROTOCOL` after too many others. */
  response(signal: AbortSignal): Promise<Told> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const settled =
        <Value>(settle: (value: Value) => void) =>
        (value: Value) => {
          signal.removeEventListener('abort', stop)
          settle(value)
        }
      const stop = () => reject(signal.reason)
      signal.addEventListener('abort', stop, { once: true })
      this.#settle = { tell: settled(resolve), fail: settled(reject) }
      if (this.#early) this.#settle.tell(this.#early)
    })
  }

  /** Ends every connection, spare ones of the browser too, and frees the port. */
  close(): Promise<void> {
    return this.#server.close()
  }

  answer(request: ServedRequest): Served {
    const redirect = new URL(this.redirectUri)
    // The address that a page was loaded from must be ours, or a name of somebody else's has been led to this machine (S-38).
    if (request.headers.host !== redirect.host) return nothingHere(400)
    if (request.path !== redirect.pathname) return nothingHere(404)
    if (request.method !== 'GET') return nothingHere(405)
    const { origin } = request.headers
    if (origin !== undefined && origin !== 'null') return nothingHere(400)
    if (!this.#judge) return nothingHere(404)
    if (this.#isSpent) return CALLBACK_PAGES.spent
    const told = this.#judge(request.query)
    if (told.kind === 'stranger') return this.#turnAway()
    this.#isSpent = true
    return { ...(told.kind === 'code' ? CALLBACK_PAGES.received : CALLBACK_PAGES.refused), onSent: () => this.#tell(told) }
  }

  #turnAway(): Served {
    if (++this.#strangers < MOST_STRANGERS) return CALLBACK_PAGES.stranger
    const error = new ClawError('CLAW_PROTOCOL', {
      what: `the callback got ${MOST_STRANGERS} answers of other sign-ins`,
      why: 'none had the `state` of this one',
      fix: 'look for the program that sends them, then sign in again',
    })
    return { ...CALLBACK_PAGES.stranger, onSent: () => this.#settle?.fail(error) }
  }

  #tell(told: Told): void {
    if (this.#settle) this.#settle.tell(told)
    else this.#early = told
  }
}
