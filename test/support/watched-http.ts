import type { Http } from '../../src/platform/http.ts'

/** Whether a request is on the wire: the fake clock must stand still then. */
export function watched(http: Http): { readonly http: Http; isBusy(): boolean } {
  let open = 0
  const end = () => {
    open--
  }
  return {
    isBusy: () => open > 0,
    http: {
      connect: (url, signal) => http.connect(url, signal),
      async request(request) {
        open++
        try {
          const response = await http.request(request)
          const body = (async function* () {
            try {
              yield* response.body
            } finally {
              end()
            }
          })()
          return { ...response, body }
        } catch (thrown) {
          end()
          throw thrown
        }
      },
    },
  }
}
