import type { DeviceWire } from '../../protocols/oauth/device-dialect.ts'
import { serverNow } from '../../protocols/oauth/device-times.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import type { Ports } from '../ports.ts'
import { authRequestHeaders } from '../access/request-headers.ts'

/** The wire of one exchange with an authorization server. */
export interface TimedWire extends DeviceWire {
  /** What the server's clock said in the last answer, ms; without one, what the clock here says. */
  serverNow(): number
}

/** @param auth the entry whose headers go with every request */
export function deviceWire({ http, clock, random }: Ports, auth: AuthEntry, signal: AbortSignal): TimedWire {
  let headers: Readonly<Record<string, string>> = {}
  return {
    random,
    signal,
    wall: () => clock.wall(),
    serverNow: () => serverNow({ headers }, clock.wall()),
    async send(request) {
      const response = await http.request({ ...request, headers: { ...request.headers, ...authRequestHeaders(auth, random) } })
      headers = response.headers
      return response
    },
  }
}
