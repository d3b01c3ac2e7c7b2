import { expect, it } from 'vitest'
import { SANDBOX_IDS } from '../../src/sandbox/identity/known-ids.ts'
import { sandboxed } from '../support/sandboxed.ts'

const { federation_rule_id, organization_id, service_account_id, workspace_id } = SANDBOX_IDS.anthropic
const IDS = {
  ANTHROPIC_FEDERATION_RULE_ID: federation_rule_id,
  ANTHROPIC_ORGANIZATION_ID: organization_id,
  ANTHROPIC_SERVICE_ACCOUNT_ID: service_account_id,
  ANTHROPIC_WORKSPACE_ID: workspace_id,
}

it('8 doctors of one job at once exchange its fixed token once with --probe, and never without', async () => {
  await using box = await sandboxed()
  const exchanges = () => box.journal().filter(({ path }) => String(path).endsWith('/v1/oauth/token'))
  const env = { ...IDS, GITLAB_CI: 'true', ANTHROPIC_IDENTITY_TOKEN: box.identity.mint({ audience: 'https://api.anthropic.com' }) }
  const all = (...more: string[]) =>
    Promise.all(Array.from({ length: 8 }, () => box.claw({ env }, 'doctor', '--provider', 'anthropic', '--json', ...more)))
  const looked = await all()
  expect([looked.map(({ exitCode }) => exitCode), exchanges()]).toEqual([Array(8).fill(0), []])
  const probed = await all('--probe')
  expect([probed.map(({ exitCode, result }) => [exitCode, result?.ok]), exchanges().map(({ note }) => note)]).toEqual([
    Array(8).fill([0, true]),
    ['granted'],
  ])
  expect((await box.claw({ env }, 'token', 'anthropic')).exitCode).toBe(0)
  expect(exchanges()).toHaveLength(1)
})
