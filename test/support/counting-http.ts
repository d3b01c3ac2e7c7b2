import type { Http, HttpResponse } from '../../src/platform/http.ts'

export interface CountingHttp extends Http {
  /** Something is on the wire: a request without its head, a body somebody reads, a connection being made. */
  busy(): boolean
}

/** HTTP that knows whether it waits for the other side: what a fake clock beside a real server must stand still for. */
export function countingHttp(http: Http): CountingHttp {
  let waiting = 0
  const counted = async <T>(work: Promise<T>): Promise<T> => {
    waiting++
    try {
      return await work
    } finally {
      waiting--
    }
  }
  const countBody = (response: HttpResponse): HttpResponse => ({
    status: response.status,
    headers: response.headers,
    discard: () => response.discard(),
    body: {
      [Symbol.asyncIterator]() {
        const chunks = response.body[Symbol.asyncIterator]()
        const { return: leave } = chunks
        return { next: () => counted(chunks.next()), ...(leave && { return: (value?: unknown) => counted(leave.call(chunks, value)) }) }
      },
    },
  })
  return {
    busy: () => waiting > 0,
    request: async (request) => countBody(await counted(http.request(request))),
    async connect(url, signal) {
      const connection = await counted(http.connect(url, signal))
      return {
        request: async (request) => countBody(await counted(connection.request(request))),
        close: () => connection.close(),
      }
    },
  }
}
