import type { ProviderRow } from '../app/list-providers.ts'

/** Every provider for people: what it is, how one signs in, and what is there already. */
export function renderProviders(rows: readonly ProviderRow[]): string {
  return rows.map(renderProvider).join('\n\n')
}

function renderProvider(row: ProviderRow): string {
  const lines = [`${row.id}  ${row.name}${row.aliases.length > 0 ? ` (also ${row.aliases.join(', ')})` : ''}`]
  for (const method of row.methods) {
    const flag =
      { api_key: '--api-key', token: '--token', device: '--device', pkce: '--browser', identity: '--identity', none: 'no credential' }[
        method.method
      ] ?? method.method
    const off = method.enabled
      ? ''
      : `  off${method.terms === 'forbidden' ? ': its vendor does not allow it for other tools' : ''} (${method.route}/${method.id})`
    const where = method.route === row.id ? '' : `  for the route ${method.route}`
    lines.push(`  ${method.recommended ? '*' : ' '} ${flag.padEnd(14)}${where}${off}`.trimEnd())
  }
  if (row.env.length > 0) lines.push(`    variables: ${row.env.join(', ')}`)
  if (row.keyUrl) lines.push(`    keys: ${row.keyUrl}`)
  for (const { source, kind, route, state } of row.credentials)
    lines.push(`    found: ${kind} from ${source}${route === row.id ? '' : ` for ${route}`} (${state})`)
  return lines.join('\n')
}
