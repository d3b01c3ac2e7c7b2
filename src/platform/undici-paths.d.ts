// undici ships no types for these paths; the root, which has them, costs 50 ms of start-up and does not tree-shake.

declare module 'undici/lib/dispatcher/dispatcher.js' {
  export interface ConnectTarget {
    readonly protocol: string
    /** With the port, and with brackets around an IPv6 address. */
    readonly host: string
  }
  export type Connect = (target: ConnectTarget, callback: (error: Error | null, socket: import('node:net').Socket | null) => void) => void
  export interface DispatcherOptions {
    readonly connect: Connect
    readonly headersTimeout: number
    readonly bodyTimeout: number
    readonly maxHeaderSize: number
    readonly keepAliveTimeout?: number
    readonly keepAliveMaxTimeout?: number
  }
  export interface Handler {
    onConnect(abort: (reason?: unknown) => void, context?: unknown): void
  }
  export interface Dispatcher {
    dispatch(options: unknown, handler: Handler): boolean
    destroy(): Promise<void>
  }
}

declare module 'undici/lib/dispatcher/agent.js' {
  import type { Dispatcher, DispatcherOptions, Handler } from 'undici/lib/dispatcher/dispatcher.js'
  export default class Agent implements Dispatcher {
    constructor(options: DispatcherOptions)
    dispatch(options: unknown, handler: Handler): boolean
    destroy(): Promise<void>
  }
}

declare module 'undici/lib/dispatcher/client.js' {
  import type { Dispatcher, DispatcherOptions, Handler } from 'undici/lib/dispatcher/dispatcher.js'
  export default class Client implements Dispatcher {
    constructor(origin: string, options: DispatcherOptions)
    dispatch(options: unknown, handler: Handler): boolean
    destroy(): Promise<void>
  }
}

declare module 'undici/lib/api/api-request.js' {
  import type { Dispatcher } from 'undici/lib/dispatcher/dispatcher.js'
  export interface RequestOptions {
    readonly origin: string
    readonly path: string
    readonly method: string
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string | undefined
    readonly signal: AbortSignal
    /** Closes the connection after the answer. */
    readonly reset?: boolean
  }
  export interface ResponseData {
    readonly statusCode: number
    readonly headers: Readonly<Record<string, string | string[] | undefined>>
    readonly body: import('node:stream').Readable
  }
  export default function request(this: Pick<Dispatcher, 'dispatch'>, options: RequestOptions): Promise<ResponseData>
}
