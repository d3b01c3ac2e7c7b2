import { BlockList, isIP } from 'node:net'
import { ClawError } from '../core/errors.ts'
import { Secret } from '../core/secret.ts'
import type { Environment } from './environment.ts'

/** How a target is reached. Addresses of proxies are shown without user name and password. */
export type ProxyDecision =
  | { readonly via: 'direct'; readonly because: 'loopback' | 'link_local' | 'no_proxy' | 'none_set' }
  | { readonly via: 'proxy'; readonly proxy: string; readonly source: string; readonly authorization: Secret | null }

/** What only this machine can reach: RFC 3927, RFC 4291 section 2.5.6, and the metadata servers of AWS and Google. */
const LINK_LOCAL =
  /^(?:169\.254(?:\.\d+){2}|\[fe[89ab][0-9a-f]:[0-9a-f:]*\]|\[fd00:ec2::254\]|\[fd20:ce::254\]|metadata|metadata\.google\.internal)$/

/** Where the address of a proxy was read. */
type Setting = readonly [source: string, address: string]

/**
 * The rule by which a proxy is chosen: the configured one, else `https_proxy` or `http_proxy` by the scheme of the target;
 * lower case wins, as in curl. Loopback, the servers of a cloud beside the machine and what `no_proxy` names go directly.
 *
 * `no_proxy` is a list of names (with all names below them), addresses, IPv4 and IPv6 networks, each with an optional
 * port, or `*`. A leading `.` or `*.` means the same as none.
 *
 * @throws {ClawError} (the rule, when it is asked) `CLAW_CONFIG_INVALID` for an address or scheme that cannot be used.
 */
export function proxyRules(environment: Environment, configured: string | undefined): (target: URL) => ProxyDecision {
  const read = (name: string): Setting | undefined => {
    for (const spelling of [name, name.toUpperCase()]) {
      const value = environment.get(spelling)
      if (value !== undefined) return [spelling, value]
    }
    return undefined
  }
  const exceptions = (read('no_proxy')?.[1] ?? '').split(/[\s,]+/).filter((entry) => entry !== '')
  return (target) => {
    const setting: Setting | undefined =
      configured === undefined ? read(target.protocol === 'https:' ? 'https_proxy' : 'http_proxy') : ['network.proxy', configured]
    if (setting === undefined) return { via: 'direct', because: 'none_set' }
    if (isLocal(target.hostname)) return { via: 'direct', because: 'loopback' }
    // A proxy would answer for itself: as another machine, or not at all.
    if (LINK_LOCAL.test(target.hostname)) return { via: 'direct', because: 'link_local' }
    if (exceptions.some((entry) => isExcepted(target, entry.toLowerCase()))) return { via: 'direct', because: 'no_proxy' }
    return proxyOf(setting)
  }
}

function isLocal(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname)
}

function isExcepted(target: URL, entry: string): boolean {
  if (entry === '*') return true
  const host = target.hostname.replace(/^\[|\]$/g, '')
  if (entry.includes('/')) return isInNetwork(host, entry)
  if (isIP(entry) === 6) return entry === host
  const [, name = '', port] = /^(.*?)(?::(\d{1,5}))?$/.exec(entry) ?? []
  if (port !== undefined && port !== (target.port || (target.protocol === 'https:' ? '443' : '80'))) return false
  const domain = name.replace(/^\*?\./, '').replace(/^\[|\]$/g, '')
  return domain !== '' && (host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`)))
}

function isInNetwork(host: string, entry: string): boolean {
  const [address = '', prefix = ''] = entry.split('/')
  const family = isIP(host)
  if (family === 0 || isIP(address) !== family || !/^\d{1,3}$/.test(prefix) || Number(prefix) > (family === 4 ? 32 : 128)) return false
  const network = new BlockList()
  network.addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6')
  return network.check(host, family === 4 ? 'ipv4' : 'ipv6')
}

function proxyOf([source, address]: Setting): ProxyDecision {
  const text = address.includes('://') ? address : `http://${address}`
  const scheme = /^([a-z0-9+.-]{1,20}):/i.exec(text)?.[1]?.toLowerCase()
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (scheme !== 'http' && scheme !== 'https') {
    throw new ClawError('CLAW_CONFIG_INVALID', {
      what:
        scheme === undefined
          ? `the address of the proxy in \`${source}\` is not a URL`
          : `the proxy in \`${source}\` speaks \`${scheme}\`, which claw does not`,
      fix: `set \`${source}\` to an http:// or https:// proxy`,
    })
  }
  if (url === undefined || url.hostname === '') {
    throw new ClawError('CLAW_CONFIG_INVALID', {
      what: `the address of the proxy in \`${source}\` is not a URL`,
      fix: `set \`${source}\` to \`http://host:port\``,
    })
  }
  return { via: 'proxy', proxy: url.origin, source, authorization: authorizationOf(url, source) }
}

function authorizationOf(url: URL, source: string): Secret | null {
  if (url.username === '' && url.password === '') return null
  try {
    const password = new Secret(decodeURIComponent(url.password), 'proxy-password')
    const pair = `${decodeURIComponent(url.username)}:${password.reveal()}`
    return new Secret(`Basic ${Buffer.from(pair).toString('base64')}`, 'proxy-password')
  } catch {
    throw new ClawError('CLAW_CONFIG_INVALID', {
      what: `the password of the proxy in \`${source}\` has a broken percent encoding`,
      fix: 'write `%` in it as `%25`',
    })
  }
}
