import type { Environment } from '../../../platform/environment.ts'

/** The parameters of a request, in order: what is fixed, what the environment adds, and the audience. */
export function queryOf(
  ask: {
    readonly query: Readonly<Record<string, string>>
    readonly optionalFields?: Readonly<Record<string, readonly string[]>>
    readonly audienceField?: string
  },
  audience: string | null,
  environment: Environment,
): (readonly [string, string])[] {
  const optional = Object.entries(ask.optionalFields ?? {}).flatMap(([field, variables]) => {
    const name = variables.find((each) => environment.get(each) !== undefined)
    const value = name === undefined ? undefined : environment.get(name)
    return value === undefined ? [] : [[field, value] as const]
  })
  const wanted = ask.audienceField !== undefined && audience !== null ? [[ask.audienceField, audience] as const] : []
  return [...Object.entries(ask.query), ...optional, ...wanted]
}

/** An address with parameters behind those that it has. It is not parsed: what stands in it stays as it is. */
export function withQuery(url: string, parameters: readonly (readonly [string, string])[]): string {
  const query = parameters.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')
  if (query === '') return url
  return `${url}${url.includes('?') ? (/[?&]$/.test(url) ? '' : '&') : '?'}${query}`
}
