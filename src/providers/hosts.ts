const LOOPBACK = /^(?:127\.0\.0\.1|\[::1\])(?::\d+)?$/

/** Host and, where it is not the usual one, port of an address; `undefined` for what is none. */
export function hostOf(address: string): string | undefined {
  return URL.canParse(address) ? new URL(address).host : undefined
}

/** The origins that a list of hosts stands for: https, and for literal loopback http too. */
export function originsOf(hosts: readonly string[]): string[] {
  return hosts.flatMap((host) => {
    const schemes = LOOPBACK.test(host) ? ['https', 'http'] : ['https']
    return schemes.flatMap((scheme) => (URL.canParse(`${scheme}://${host}`) ? [new URL(`${scheme}://${host}`).origin] : []))
  })
}

/** Whether an address has one of the hosts, port included; what is not https must be literal loopback. */
export function isAtHost(address: string, hosts: readonly string[]): boolean {
  return URL.canParse(address) && originsOf(hosts).includes(new URL(address).origin)
}
