import type { Machine } from '../../platform/machine.ts'
import type { Dialect, Message } from '../../protocols/prompt/conversation.ts'
import type { ModelEntry } from '../../providers/entry.ts'
import type { Route } from '../catalogue/catalogue.ts'

/** What the placeholders of device headers stand for. */
export interface DeviceFacts {
  readonly version: string
  readonly machine: Pick<Machine, 'hostname' | 'platform' | 'arch' | 'osVersion'>
  /** One UUID per installation, the same over refreshes. */
  readonly installationId: string
}

const AGENT = 'user-agent'

/** The headers that every request of a route carries, none of them secret. Names are lower-case. */
export function routeHeaders(route: Route, facts: DeviceFacts): Record<string, string> {
  const { headers, optionalHeaders } = route.entry
  const isAnthropic = route.protocol === 'anthropic-messages'
  const fixed = Object.entries({ ...optionalHeaders, ...headers }).filter(
    ([name, value]) => value !== '' && (isAnthropic || !name.toLowerCase().startsWith('anthropic-')),
  )
  return { [AGENT]: route.entry.userAgent ?? `claw/${facts.version}`, ...deviceHeaders(route, facts), ...lowerCase(fixed) }
}

/** The headers that say what a prompt is: who spoke last, and whether there is something to look at. Names are lower-case. */
export function promptHeaders({ entry }: Route, messages: readonly Message[]): Record<string, string> {
  const initiator = messages.at(-1)?.role === 'tool' ? 'agent' : 'user'
  const hasImage = messages.some((message) => message.role === 'user' && message.content.some(({ type }) => type === 'image'))
  const always = Object.entries(entry.promptHeaders ?? {}).map(
    ([name, value]) => [name, value.replaceAll('{initiator}', initiator)] as const,
  )
  return lowerCase([...always, ...(hasImage ? Object.entries(entry.visionHeaders ?? {}) : [])])
}

/** The headers that name this installation, for the sign-in host too where the auth entry says so. */
export function deviceHeaders(route: Route, facts: DeviceFacts): Record<string, string> {
  const { machine } = facts
  const values: Readonly<Record<string, string>> = {
    version: facts.version,
    hostname_ascii: machine.hostname,
    os: machine.platform,
    arch: machine.arch,
    os_version_ascii: machine.osVersion,
    installation_uuid: facts.installationId,
  }
  const expand = (template: string) =>
    ascii(template.replace(/\{([a-z_]+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? (values[name] ?? '') : whole)))
  return lowerCase(Object.entries(route.entry.deviceHeaders ?? {}).map(([name, value]) => [name, expand(value)]))
}

/** How this model is spoken to: the dialect of the route, and what the model differs in. */
export function dialectOf(route: Route, model: ModelEntry | null): Dialect {
  return { ...route.entry.dialect, ...(model?.sampling !== undefined && { sampling: model.sampling }), ...model?.dialect }
}

/** A header value of what the machine says of itself: undici refuses everything but Latin-1, servers more. */
function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '').trim() || 'unknown'
}

/** Header names as they are compared. */
export function lowerCase(headers: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]))
}
