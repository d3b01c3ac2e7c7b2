import { join } from 'node:path'
import type { Source } from './sources.ts'
import type { Vendor } from './vendors.ts'

export const tokenFileIn = (home: string) => join(home, 'token')

/** What stands as `subject_token`. */
export function referenceOf(
  { way, id, isAudienceRequired }: Source,
  vendor: Vendor,
  { home, origin }: { home: string; origin: string },
): string {
  const audience = vendor.audience(origin)
  switch (way.kind) {
    case 'variable':
      return `env:${way.name}`
    case 'file':
      return `file:${tokenFileIn(home)}`
    case 'command':
      return `cmd:${JSON.stringify(way.argv.map((part) => part.replace('AUDIENCE', audience)))}`
    default: {
      const [name = ''] = id.split(',')
      return `oidc:${name}${isAudienceRequired && vendor.isAudienceUnknown ? `?audience=${audience}` : ''}`
    }
  }
}

/** What tables call it. */
export function nameOf({ way, id }: Source, home: string): string {
  switch (way.kind) {
    case 'variable':
      return `env:${way.name}`
    case 'file':
      return `file:${tokenFileIn(home)}`
    case 'command':
      return `cmd:[${way.argv.map((part, index) => (index === 0 ? JSON.stringify(part) : '…')).join(',')}]`
    default:
      return id.split(',')[0] ?? ''
  }
}
