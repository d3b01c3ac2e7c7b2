/** What the user would name, in addresses that are not the same for everybody. */
const NAMED_BY_USER: Readonly<Record<string, string>> = {
  domain: 'github.com',
  location: 'global',
  region: 'us-east-1',
  resource: 'sandbox',
  tenant_id: 'sandbox',
}

/** An address with a name in each place that the user fills. */
export function filled(address: string): string {
  return address.replace(/\{([a-z_]+)\}/g, (whole, name: string) =>
    Object.hasOwn(NAMED_BY_USER, name) ? (NAMED_BY_USER[name] ?? '') : whole,
  )
}

/** `https://HOST/PATH` as a sandbox serves it: `/HOST/PATH` below its origin. */
export function mirroredPath(address: string): string {
  const [, host = '', path = ''] = /^https?:\/\/([^/?#]+)([^?#]*)/.exec(filled(address)) ?? []
  return `/${host}${path}`.replace(/\/+$/, '')
}

export function isAddress(value: unknown): value is string {
  return typeof value === 'string' && /^https?:\/\//.test(value)
}

/** The same, whole, and with its query. */
export function mirrored(address: string, origin: string): string {
  return `${origin}${mirroredPath(address)}${/\?[^#]*/.exec(address)?.[0] ?? ''}`
}

/** The same, with the places that the user fills still open. */
export function mirroredOpen(address: string, origin: string): string {
  return `${origin}/${address.replace(/^https?:\/\//, '')}`
}
