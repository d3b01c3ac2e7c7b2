import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import { readBundle, writeBundle } from '../../src/credentials/bundle.ts'
import { failureOf } from '../support/failure.ts'

const fields = {
  schema: 'claw.bundle/1',
  provider: 'moonshot',
  route: 'kimi-code',
  kind: 'oauth',
  token: 'a-bundled-token',
  tokenType: 'Bearer',
  expiresAt: '2026-01-01T00:15:00.000Z',
  account: 'ci@example',
  baseUrl: 'https://api.kimi.com/coding',
  hosts: ['api.kimi.com'],
}

describe('a bundle', () => {
  it('is read as it was written', () => {
    const bundle = readBundle(JSON.stringify(fields), 'env:CLAW_BUNDLE_FILE')
    expect({ ...bundle, token: bundle.token.reveal() }).toEqual({
      provider: 'moonshot',
      route: 'kimi-code',
      kind: 'oauth',
      token: 'a-bundled-token',
      tokenType: 'Bearer',
      expiresAt: Date.UTC(2026, 0, 1, 0, 15),
      account: 'ci@example',
      baseUrl: 'https://api.kimi.com/coding',
      hosts: ['api.kimi.com'],
    })
    expect(JSON.parse(writeBundle(bundle))).toEqual(fields)
    expect(JSON.parse(writeBundle({ ...bundle, token: new Secret('another-token'), expiresAt: null, account: null }))).toEqual({
      ...fields,
      token: 'another-token',
      expiresAt: null,
      account: null,
    })
  })

  it.each([
    ['schema', 'claw.bundle/2', '`schema` must be `claw.bundle/1`'],
    ['provider', '../x', '`provider` must be a name'],
    ['route', 7, '`route` must be text'],
    ['kind', 'none', '`kind` must be one of api_key, token, oauth, identity'],
    ['token', '', '`token` must be text'],
    ['tokenType', null, '`tokenType` must be text'],
    ['expiresAt', 'soon', '`expiresAt` must be a time (RFC 3339) or null'],
    ['expiresAt', 1767226500, '`expiresAt` must be a time (RFC 3339) or null'],
    ['account', {}, '`account` must be text or null'],
    ['baseUrl', 'api.kimi.com', '`baseUrl` must be an address'],
    ['hosts', [], '`hosts` must list hosts'],
    ['hosts', ['https://api.kimi.com'], '`hosts` must list hosts'],
    ['hosts', 'api.kimi.com', '`hosts` must list hosts'],
  ])('with the wrong %s (%j) is refused, and its token never shown', async (field, value, why) => {
    const failure = await failureOf(() => readBundle(JSON.stringify({ ...fields, [field]: value }), 'env:CLAW_BUNDLE_FILE'))
    expect(failure).toEqual({
      code: 'CLAW_DATA_INVALID',
      what: 'the bundle of `env:CLAW_BUNDLE_FILE` is invalid',
      why,
      fix: 'write it anew with `claw token PROVIDER --bundle FILE`',
      data: {},
    })
  })

  it.each(['', 'a-bundled-token', '[]', 'null', '{'])('that is no JSON object (%j) is refused', async (text) => {
    expect(await failureOf(() => readBundle(text, 'env:CLAW_BUNDLE_FILE'))).toMatchObject({
      code: 'CLAW_DATA_INVALID',
      what: 'the bundle of `env:CLAW_BUNDLE_FILE` is no JSON object',
    })
  })

  it('S-32 with a token that no header can carry is refused', async () => {
    expect(await failureOf(() => readBundle(JSON.stringify({ ...fields, token: 'two words here' }), 'bundle'))).toMatchObject({
      code: 'CLAW_KEY_INVALID',
    })
  })
})
