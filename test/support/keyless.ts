import { expect } from 'vitest'
import { SANDBOX_IDS } from '../../src/sandbox/identity/known-ids.ts'
import { pointAt } from './pointed-at.ts'
import type { Sandboxed } from './sandboxed.ts'

const { federation_rule_id, organization_id, service_account_id } = SANDBOX_IDS.anthropic

/** The ids of Anthropic under the names that its own SDK has for them. */
export const ANTHROPIC_VARIABLES = {
  ANTHROPIC_FEDERATION_RULE_ID: federation_rule_id,
  ANTHROPIC_ORGANIZATION_ID: organization_id,
  ANTHROPIC_SERVICE_ACCOUNT_ID: service_account_id,
} as const

/** Has a configuration of an example lead to the sandbox, with the ids that it knows for these routes in the place of others. */
export function readdress(file: string, world: Sandboxed, routes: readonly (keyof typeof SANDBOX_IDS)[] = []): void {
  const ids = routes.map((route) => [route, { auth: { federation: { ...SANDBOX_IDS[route] } } }])
  pointAt(file, world.toml, { providers: Object.fromEntries(ids) })
}

/** Each exchange that was asked for, with the true reason where it was refused, in order. */
export function exchangesAt(world: Sandboxed): unknown[] {
  return world
    .journal()
    .filter(({ dialect }) => String(dialect).endsWith('-identity'))
    .map(({ dialect, status, note }) => `${dialect} ${status} ${note}`)
}

/** No token of a job, and none that was minted for it: what a kind of token begins with is none. */
export function expectNoToken(...texts: readonly string[]): void {
  expect(texts.join('\n').match(/eyJ[\w-]+|sk-ant-oat\d+-[\w-]+/g)).toBeNull()
}
