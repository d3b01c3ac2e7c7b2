const LOOPBACK = /^(?:127\.0\.0\.1|\[::1\])(?::\d+)?$/

/** Host and, where it is not the usual one, port of an address; `undefined` for what is none. */
export function hostOf(address: string): string | undefined {
  return URL.canParse(address) ? new URL(address).host : undefined
}

/**
 * The origins that a list of hosts stands for: https, and for literal loopback http too. A host with a `*` gives an origin
 * with one, which {@link coversOrigin} understands.
 */
export function originsOf(hosts: readonly string[]): string[] {
  return hosts.flatMap((host) => {
    const schemes = LOOPBACK.test(host) ? ['https', 'http'] : ['https']
    return schemes.flatMap((scheme) => (URL.canParse(`${scheme}://${host}`) ? [new URL(`${scheme}://${host}`).origin] : []))
  })
}

/**
 * Whether an origin is one of a list. `*.` at the beginning of a host stands for one or more labels, any other `*` for a part
 * of one label, so that `bedrock-runtime.*.amazonaws.com` has no host of a customer in it.
 */
export function coversOrigin(origins: Iterable<string>, origin: string): boolean {
  for (const each of origins) if (each === origin || (each.includes('*') && patternOf(each).test(origin))) return true
  return false
}

function patternOf(origin: string): RegExp {
  const literal = origin.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${literal.replace('//*\\.', '//(?:[a-z0-9-]+\\.)+').replaceAll('*', '[a-z0-9-]+')}$`)
}

/** Whether an address has one of the hosts, port included; what is not https must be literal loopback. */
export function isAtHost(address: string, hosts: readonly string[]): boolean {
  return URL.canParse(address) && coversOrigin(originsOf(hosts), new URL(address).origin)
}
