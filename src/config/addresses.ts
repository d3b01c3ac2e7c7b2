/** Whether a host is a literal loopback address. A name such as `localhost` is not: whoever resolves it decides where it leads. */
function isLoopback(hostname: string): boolean {
  return hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}

/** The base URL of a service, without user name, query and fragment. */
export function isServiceUrl(text: string): boolean {
  const url = urlOf(text)
  return url !== undefined && !url.search && !text.includes('#') && !text.includes('?')
}

/** Whether a base URL goes over the network without TLS. */
export function isPlainText(text: string): boolean {
  const url = urlOf(text)
  return url?.protocol === 'http:' && !isLoopback(url.hostname)
}

/** An address that login or refresh secrets may be sent to: https, or http to literal loopback; or a path below a host. */
export function isEndpoint(text: string): boolean {
  if (/^\/(?!\/)[\x21-\x7e]*$/.test(text)) return true
  const url = urlOf(text)
  return url !== undefined && !text.includes('#') && (url.protocol === 'https:' || isLoopback(url.hostname))
}

/** A host, with a port where it has one. A `*` may stand for labels or a part of one, left of two that are named. */
export function isHost(text: string): boolean {
  if (text.includes('*')) return /^[a-z0-9*-]+(?:\.[a-z0-9*-]+)*\.[a-z0-9-]+\.[a-z0-9-]+$/.test(text)
  return /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:]{2,39}\])(?::\d{1,5})?$/.test(text)
}

export function isProxyUrl(text: string): boolean {
  if (!/^https?:\/\/[\x21-\x7e]+$/.test(text) || !URL.canParse(text)) return false
  const url = new URL(text)
  return (url.pathname === '/' || url.pathname === '') && !url.search && !url.hash
}

/** The password in an address, if there is one. */
export function passwordOf(text: string): string | undefined {
  const password = URL.canParse(text) ? new URL(text).password : ''
  try {
    return decodeURIComponent(password) || undefined
  } catch {
    return password
  }
}

/** `{name}` of a setting may stand in an address: whatever fills it in is judged when it does. */
function urlOf(template: string): URL | undefined {
  const text = template.replace(/\{[a-z_]{1,64}\}/g, 'x')
  // The scheme is looked for in the text itself: the parser forgives blanks, backslashes and missing slashes.
  if (!/^https?:\/\/[\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]+$/.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return url.username || url.password || text.includes('@') ? undefined : url
}
