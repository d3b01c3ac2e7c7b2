import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Moves the expiry of every stored credential into the past, as time would. */
export function expireStored(home: string, state = join(home, 'state')): void {
  const file = join(state, 'credentials.json')
  const document = JSON.parse(readFileSync(file, 'utf8')) as { records: Record<string, unknown>[] }
  for (const record of document.records) {
    if (typeof record.expiresAt !== 'number') continue
    const lifetime = typeof record.lifetimeMs === 'number' ? record.lifetimeMs : 900_000
    record.expiresAt = Date.now() - 1_000
    record.receivedAt = Date.now() - lifetime - 1_000
  }
  writeFileSync(file, JSON.stringify(document), { mode: 0o600 })
}
