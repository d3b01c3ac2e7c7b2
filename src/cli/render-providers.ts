import type { CredentialRow, MethodRow, ProviderRow } from '../app/catalogue/list-providers.ts'
import { slotName } from '../core/vocabulary.ts'
import { wrap } from './wrap.ts'

const WIDTH = 80
const FLAGS: Readonly<Record<string, string>> = {
  api_key: '--api-key',
  token: '--token',
  device: '--device',
  pkce: '--browser or --paste',
  identity: '--identity',
  none: 'no credential is needed',
}

/** Every provider for people: what it is, how one signs in, and what is there already. */
export function renderProviders(rows: readonly ProviderRow[]): string {
  return [...rows.map((row) => renderProvider(row).join('\n')), '* = what `claw auth PROVIDER` chooses or advises here'].join('\n\n')
}

function renderProvider(row: ProviderRow): string[] {
  const on = row.methods.filter(({ enabled }) => enabled)
  const off = row.methods.filter(({ enabled }) => !enabled)
  const also = row.aliases.length > 0 ? `, also ${row.aliases.join(', ')}` : ''
  return [
    `${row.id}  ${row.name}${also}`,
    ...field('sign in', [...new Set(on.map((method) => word(method, row)))].join(', ') || whyNone(row)),
    ...field('variable', row.env.join(', ')),
    ...field('keys', row.keyUrl ?? ''),
    ...off.flatMap((method) => field('off', whyOff(method))),
    ...row.credentials.flatMap((credential) => field('here', present(credential, row))),
  ]
}

/** A method that is not the only one of its flag has the name of its entry. */
function word({ id, method, route, recommended, enabled }: MethodRow, row: ProviderRow): string {
  const rivals = row.methods.filter((each) => each.enabled === enabled && each.method === method && each.route === route)
  const place = [...(route === row.id ? [] : [route]), ...(rivals.length > 1 ? [id] : [])].join('/')
  return `${recommended ? '*' : ''}${FLAGS[method] ?? method}${place === '' ? '' : ` (${place})`}`
}

function whyNone({ note }: ProviderRow): string {
  return `nothing that is on${note === null ? '' : `: ${note}`}`
}

function whyOff({ id, method, route, reason, terms }: MethodRow): string {
  const name = `${route}/${id}`
  return `${FLAGS[method] ?? method} (${name}): ${reason ?? ''}${terms === 'retired' ? '' : `; CLAW_ENABLE=${name} switches it on`}`
}

function present({ source, kind, route, profile, state }: CredentialRow, row: ProviderRow): string {
  const place = slotName({ route, profile })
  if (state === 'pending') return `a sign-in waits${place === row.id ? '' : ` for ${place}`}`
  return `${kind} from ${source}${place === row.id ? '' : ` for ${place}`} (${state})`
}

const LABEL = 12

/** A label and its text, which goes on below itself. */
function field(label: string, text: string): string[] {
  if (text === '') return []
  return wrap(text, WIDTH - LABEL).map((line, index) => `${`  ${index === 0 ? label : ''}`.padEnd(LABEL)}${line}`)
}
