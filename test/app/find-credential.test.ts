import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { CredentialQuestion } from '../../src/app/credential/credential-question.ts'
import { findCredential, surveyCredentials } from '../../src/app/credential/find-credential.ts'
import { tierOf } from '../../src/app/catalogue/model-reference.ts'
import { ClawError } from '../../src/core/errors.ts'
import { Secret } from '../../src/core/secret.ts'
import { writeBundle, type Bundle } from '../../src/credentials/bundle.ts'
import { credentialWorld, startFlow, type TestWorld } from '../support/credential-world.ts'
import { failureOf } from '../support/failure.ts'
import { jwt } from '../support/jwt.ts'

const worlds: TestWorld[] = []
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((each) => each.remove()))
})

describe('a credential by its source', () => {
  it('comes from the configuration, and the reference is told', async () => {
    const here = await world('[providers.openai]\napi_key = "file:$DIR/key"\n', {}, { key: 'sk-proj-0123456789abcdef\n' })
    expect(await facts(here, 'openai')).toEqual({
      source: 'config',
      reference: `file:${here.dir}/key`,
      kind: 'api_key',
      route: 'openai',
      state: 'wins',
      masked: 'sk-proj-…cdef',
      baseUrl: 'https://api.openai.com/v1',
      value: 'sk-proj-0123456789abcdef',
    })
  })

  it('comes from a variable', async () => {
    expect(await facts(await world('', { OPENAI_API_KEY: 'sk-short-key' }), 'openai')).toMatchObject({
      source: 'env:OPENAI_API_KEY',
      kind: 'api_key',
      masked: '…',
      value: 'sk-short-key',
    })
  })

  it('comes from the file that NAME_FILE names', async () => {
    expect(await facts(await world('', { OPENAI_API_KEY_FILE: '$DIR/key' }, { key: 'sk-in-a-file' }), 'openai')).toMatchObject({
      source: 'env:OPENAI_API_KEY_FILE',
      value: 'sk-in-a-file',
    })
  })

  const DAY_S = 86_400
  const START_S = Date.UTC(2026, 0, 1) / 1_000
  const token = (exp: number) => jwt({ sub: 'ci', exp })

  it.each<[string, string, Record<string, string>]>([
    ['a variable', '', { ANTHROPIC_AUTH_TOKEN: token(START_S + DAY_S) }],
    ['the configuration', '[providers.anthropic]\nauth_token = "env:SOME_TOKEN"', { SOME_TOKEN: token(START_S + DAY_S) }],
  ])('has the end that a token of %s claims', async (_, setting, variables) => {
    const here = await world(setting, variables)
    const { expiresAt, state } = await findCredential(here, question(here, 'anthropic'))
    expect({ expiresAt, state }).toEqual({ expiresAt: (START_S + DAY_S) * 1_000, state: 'wins' })
  })

  it('is not used when its token has ended: the next one is, and the table says so', async () => {
    const here = await world('', { ANTHROPIC_AUTH_TOKEN: token(START_S - 1) })
    await here.signIn({ route: 'anthropic', kind: 'token' }, { auth: 'auth-token' })
    expect((await survey(here, 'anthropic')).map(({ source, state, expiresAt, reason }) => [source, state, expiresAt, reason])).toEqual([
      ['env:ANTHROPIC_AUTH_TOKEN', 'expired', '2025-12-31T23:59:59.000Z', 'it ended at 2025-12-31T23:59:59.000Z by its own `exp`'],
      ['store:memory', 'wins', null, undefined],
    ])
  })

  it('is used whatever it looks like where its entry says that it is opaque, and where it is a key', async () => {
    const opaque = await world('[providers.anthropic.auth.auth-token]\nopaque_token = true', { ANTHROPIC_AUTH_TOKEN: token(START_S - 1) })
    expect(await findCredential(opaque, question(opaque, 'anthropic'))).toMatchObject({ state: 'wins', expiresAt: null })
    const key = await world('', { OPENAI_API_KEY: token(START_S - 1) })
    expect(await findCredential(key, question(key, 'openai'))).toMatchObject({ state: 'wins', expiresAt: null })
  })

  it('refuses a variable and its NAME_FILE together', async () => {
    const failure = await failureOf(async () =>
      facts(await world('', { OPENAI_API_KEY: 'sk-short-key', OPENAI_API_KEY_FILE: '/key' }), 'openai'),
    )
    expect(failure).toEqual({
      code: 'CLAW_CONFIG_INVALID',
      what: '`OPENAI_API_KEY` and `OPENAI_API_KEY_FILE` are both set',
      fix: 'unset OPENAI_API_KEY_FILE',
      data: {},
    })
  })

  it('comes from the store, under either name of its route', async () => {
    const here = await world()
    await here.signIn({ provider: 'moonshot', route: 'kimi-code', kind: 'oauth' })
    const expected = {
      source: 'store:memory',
      reference: null,
      kind: 'oauth',
      route: 'kimi-code',
      state: 'wins',
      masked: '…cret',
      baseUrl: 'https://api.kimi.com/coding',
      value: 'stored-kimi-code-oauth-secret',
    }
    expect(await facts(here, 'moonshot')).toEqual(expected)
    expect(await facts(here, 'kimi-code')).toEqual(expected)
    expect(await facts(here, 'kimi')).toEqual(expected)
  })

  it('comes from a bundle, with the address and hosts that it names', async () => {
    const here = await world(
      '',
      { CLAW_BUNDLE_FILE: '$DIR/bundle' },
      { bundle: bundle({ route: 'kimi-code', baseUrl: 'https://api.kimi.ai/coding', hosts: ['api.kimi.ai'] }) },
    )
    await here.signIn({ route: 'kimi-code', kind: 'oauth' })
    const chosen = await findCredential(here, question(here, 'moonshot'))
    expect([chosen.source, chosen.baseUrl, [...chosen.origins], chosen.secret?.reveal()]).toEqual([
      'bundle',
      'https://api.kimi.ai/coding',
      ['https://api.kimi.ai'],
      'a-bundled-token',
    ])
  })

  it('does not come from a bundle of another provider', async () => {
    const here = await world('', { CLAW_BUNDLE_FILE: '$DIR/bundle' }, { bundle: bundle({ provider: 'openai', route: 'openai' }) })
    await here.signIn({ route: 'kimi-code', kind: 'oauth' })
    expect(await facts(here, 'moonshot')).toMatchObject({ source: 'store:memory' })
  })

  it('ends with exit 77 where the bundle has expired: nobody renews it here', async () => {
    const here = await world(
      '',
      { CLAW_BUNDLE_FILE: '$DIR/bundle' },
      { bundle: bundle({ route: 'kimi-code', expiresAt: Date.UTC(2025, 0, 1), account: 'ci@example' }) },
    )
    await here.signIn({ route: 'kimi-code', kind: 'oauth' })
    expect(await failureOf(() => facts(here, 'moonshot'))).toEqual({
      code: 'CLAW_CREDENTIAL_EXPIRED',
      what: 'the bundle for `moonshot` has expired',
      why: 'it ended at 2025-01-01T00:00:00.000Z, and a bundle is never renewed where it is used: the machine that holds the grant of `ci@example` can',
      fix: 'claw token moonshot --bundle FILE',
      data: {},
    })
  })

  it('is none for a server on this machine, unless one is configured', async () => {
    expect(await facts(await world(), 'ollama')).toEqual({
      source: 'none',
      reference: null,
      kind: 'none',
      route: 'ollama',
      state: 'wins',
      masked: null,
      baseUrl: 'http://127.0.0.1:11434/v1',
      value: undefined,
    })
    expect(
      await facts(await world('[providers.ollama]\napi_key = "env:LAB"\n', { LAB: 'lab-key-1', OPENAI_API_KEY: 'sk-short-key' }), 'ollama'),
    ).toMatchObject({ source: 'config', value: 'lab-key-1' })
  })

  it('runs a command only when its value would be used', async () => {
    const toml = `[providers.anthropic]\napi_key = "env:KEY"\nauth_token = ${JSON.stringify(`cmd:${JSON.stringify([process.execPath, '-e', 'require("fs").writeFileSync("ran", ""); console.log("from-a-command")'])}`)}\n`
    const withKey = await world(toml, { KEY: 'sk-ant-api03-key' })
    expect((await survey(withKey, 'anthropic')).slice(0, 2).map(({ state, masked }) => [state, masked])).toEqual([
      ['wins', '…'],
      ['shadowed', null],
    ])
    expect(await facts(await world(`${toml}auth_mode = "oauth"\n`, { KEY: 'sk-ant-api03-key' }), 'anthropic')).toMatchObject({
      source: 'config',
      kind: 'token',
      value: 'from-a-command',
    })
    await expect(writeFile(join(withKey.dir, 'state', 'ran'), '', { flag: 'wx' })).resolves.toBeUndefined()
  })
})

describe('which one wins', () => {
  it('a key in the environment before a stored grant, which is shadowed', async () => {
    const here = await world('', { MOONSHOT_API_KEY: 'sk-moonshot-key' })
    await here.signIn({ route: 'kimi-code', kind: 'oauth' })
    expect(await survey(here, 'moonshot')).toEqual([
      {
        source: 'env:MOONSHOT_API_KEY',
        kind: 'api_key',
        state: 'wins',
        masked: '…',
        expiresAt: null,
        route: 'moonshot',
        profile: 'default',
      },
      {
        source: 'store:memory',
        kind: 'oauth',
        state: 'shadowed',
        masked: '…cret',
        expiresAt: '2026-01-01T00:15:00.000Z',
        route: 'kimi-code',
        profile: 'default',
      },
    ])
  })

  it('a tier beats its provider, and the environment beats both', async () => {
    const toml = '[tiers.fast]\nmodel = "moonshot"\nauth_mode = "oauth"\n[providers.moonshot]\nauth_mode = "api_key"\n'
    const attempt = async (variables: Record<string, string>, withTier: boolean) => {
      const here = await world(toml, { MOONSHOT_API_KEY: 'sk-moonshot-key', ...variables })
      await here.signIn({ route: 'kimi-code', kind: 'oauth' })
      const { wanted, chosen } = await surveyCredentials(here, {
        ...question(here, 'moonshot'),
        ...(withTier && { tier: tierOf('fast', here.config) }),
      })
      return [wanted.authMode, wanted.authModeBy, chosen?.kind]
    }
    expect(await attempt({}, false)).toEqual(['api_key', 'providers.moonshot.auth_mode', 'api_key'])
    expect(await attempt({}, true)).toEqual(['oauth', 'tiers.fast.auth_mode', 'oauth'])
    expect(await attempt({ CLAW_AUTH_MODE: 'api_key' }, true)).toEqual(['api_key', 'CLAW_AUTH_MODE', 'api_key'])
  })

  it('prefer = "oauth" takes the grant before the key', async () => {
    const here = await world('', { MOONSHOT_API_KEY: 'sk-moonshot-key', CLAW_AUTH_PREFER: 'oauth' })
    await here.signIn({ route: 'kimi-code', kind: 'oauth' })
    expect(await facts(here, 'moonshot')).toMatchObject({ kind: 'oauth', route: 'kimi-code' })
  })

  it('the key of Anthropic before its token, unless OAuth is preferred; never two headers', async () => {
    const both = { ANTHROPIC_API_KEY: 'sk-ant-api03-key', ANTHROPIC_AUTH_TOKEN: 'a-bearer-token' }
    expect(await facts(await world('', both), 'anthropic')).toMatchObject({ source: 'env:ANTHROPIC_API_KEY', kind: 'api_key' })
    expect(await facts(await world('', { ...both, CLAW_AUTH_PREFER: 'oauth' }), 'anthropic')).toMatchObject({
      source: 'env:ANTHROPIC_AUTH_TOKEN',
      kind: 'token',
    })
  })

  it('a credential of the profile that was asked for', async () => {
    const here = await world('[providers.moonshot]\nprofile = "ci"\n')
    await here.signIn({ route: 'kimi-code', kind: 'oauth' }, { token: 'the-default-profile' })
    await here.signIn({ route: 'kimi-code', kind: 'oauth', profile: 'ci' }, { token: 'the-ci-profile' })
    expect(await facts(here, 'moonshot')).toMatchObject({ value: 'the-ci-profile' })
  })
})

describe('a value of the wrong kind', () => {
  it.each([
    [
      'anthropic',
      'ANTHROPIC_AUTH_TOKEN',
      'sk-ant-api03-in-the-wrong-place',
      'it begins with `sk-ant-api03-`, which is no token of `anthropic`',
    ],
    [
      'anthropic',
      'ANTHROPIC_API_KEY',
      'sk-ant-oat01-in-the-wrong-place',
      'it begins with `sk-ant-oat01-`, which is no API key of `anthropic`',
    ],
    ['openai', 'OPENAI_API_KEY', 'sk-ant-api03-in-the-wrong-place', 'it begins with `sk-ant-api03-`, which is no API key of `openai`'],
    ['moonshot', 'MOONSHOT_API_KEY', 'xai-in-the-wrong-place', 'it begins with `xai-`, which is no API key of `moonshot`'],
    ['openai', 'OPENAI_API_KEY', 'sk-or-v1-in-the-wrong-place', 'it begins with `sk-or-v1-`, which is no API key of `openai`'],
  ])('is skipped at %s and told by its prefix: %s', async (provider, variable, value, reason) => {
    const [row] = await survey(await world('', { [variable]: value }), provider)
    expect({ source: row?.source, state: row?.state, reason: row?.reason }).toEqual({
      source: `env:${variable}`,
      state: 'wrong_kind',
      reason,
    })
  })

  it('R-32 a key that cannot be sent is no reason to take another account', async () => {
    const here = await world('', { MOONSHOT_API_KEY: 'two words here' })
    await here.signIn({ route: 'kimi-code', kind: 'oauth' })
    expect(await failureOf(() => facts(here, 'moonshot'))).toMatchObject({
      code: 'CLAW_KEY_INVALID',
      why: 'it is 14 bytes long, and byte 4 is no visible ASCII character',
    })
  })

  it('R-32 a reference that leads nowhere is no reason to take another account', async () => {
    const here = await world('[providers.openai]\napi_key = "file:/nonexistent/key"\n', { OPENAI_API_KEY: 'sk-short-key' })
    expect((await survey(here, 'openai')).map(({ source, state }) => [source, state])).toEqual([
      ['config', 'missing'],
      ['env:OPENAI_API_KEY', 'shadowed'],
    ])
    expect(await failureOf(() => facts(here, 'openai'))).toMatchObject({ code: 'CLAW_REFERENCE_UNRESOLVED' })
  })
})

describe('routes of one provider', () => {
  it('takes a Kimi Code key in either variable to its own route', async () => {
    expect(await facts(await world('', { MOONSHOT_API_KEY: 'sk-kimi-0123456789' }), 'moonshot')).toMatchObject({
      route: 'kimi-code',
      baseUrl: 'https://api.kimi.com/coding',
    })
    expect(await facts(await world('', { KIMI_API_KEY: 'sk-kimi-0123456789' }), 'moonshot')).toMatchObject({ route: 'kimi-code' })
    expect(await facts(await world('', { MOONSHOT_API_KEY: 'sk-kimi-0123456789' }), 'kimi-code')).toMatchObject({
      source: 'env:MOONSHOT_API_KEY',
      route: 'kimi-code',
    })
  })

  it('takes a key in KIMI_API_KEY that is none of Kimi Code to the Open Platform, and says so', async () => {
    const here = await world('', { KIMI_API_KEY: 'sk-0123456789ab' })
    const [row] = await survey(here, 'moonshot')
    expect(row).toMatchObject({ state: 'wins', route: 'moonshot', reason: 'it is a key of `moonshot` and is used there' })
    const [refused] = await survey(here, 'kimi-code')
    expect(refused).toMatchObject({ source: 'env:KIMI_API_KEY', state: 'refused', reason: 'it is a key of `moonshot`' })
  })

  it('leaves a key where the configuration put it', async () => {
    expect(await facts(await world('[providers.kimi-code]\napi_key = "env:LAB"\n', { LAB: 'lab-key-of-kimi' }), 'kimi-code')).toMatchObject(
      { route: 'kimi-code', value: 'lab-key-of-kimi' },
    )
  })

  it('refuses a credential whose route does not have the model, and takes the one that does', async () => {
    const here = await world('', { MOONSHOT_API_KEY: 'sk-moonshot-key' })
    await here.signIn({ route: 'kimi-code', kind: 'oauth' })
    const { rows, chosen } = await surveyCredentials(here, { ...question(here, 'moonshot'), model: 'k3' })
    expect(rows.map(({ route, state, reason }) => [route, state, reason])).toEqual([
      ['moonshot', 'refused', 'the route `moonshot` does not have the model'],
      ['kimi-code', 'wins', undefined],
    ])
    expect(chosen?.route.id).toBe('kimi-code')
  })

  it('ends with exit 66 and the models of the routes that one is signed in to, where none is left', async () => {
    const here = await world()
    await here.signIn({ route: 'kimi-code', kind: 'oauth' })
    expect(await failureOf(() => findCredential(here, { ...question(here, 'moonshot'), model: 'kimi-k3' }))).toEqual({
      code: 'CLAW_MODEL_UNKNOWN',
      what: 'the model `kimi-k3` belongs to `moonshot`, where nobody is signed in',
      why: '`kimi-code` has kimi-for-coding, kimi-for-coding-highspeed, k3, k3-256k, k3.1-pro, k3.1-pro-highspeed',
      fix: 'claw auth moonshot',
      data: {
        model: 'kimi-k3',
        models: { 'kimi-code': ['kimi-for-coding', 'kimi-for-coding-highspeed', 'k3', 'k3-256k', 'k3.1-pro', 'k3.1-pro-highspeed'] },
        nearest: [],
      },
    })
  })

  it('sends a model that nobody lists as it was written', async () => {
    const here = await world('', { MOONSHOT_API_KEY: 'sk-moonshot-key' })
    expect((await findCredential(here, { ...question(here, 'moonshot'), model: 'kimi-k9' })).route.id).toBe('moonshot')
  })
})

describe('a stored grant', () => {
  it('that has expired is refreshable, and still the one', async () => {
    const here = await world()
    await here.signIn({ route: 'kimi-code', kind: 'oauth' })
    await here.clock.advance(900_001)
    expect(await facts(here, 'moonshot')).toMatchObject({ state: 'refreshable', kind: 'oauth' })
  })

  it('that was refused for good lets auto go on to the stored key, and says so', async () => {
    const here = await refusedGrant('')
    await here.signIn({ route: 'kimi-code', kind: 'api_key' }, { token: 'sk-kimi-stored-key' })
    const { rows, chosen } = await surveyCredentials(here, question(here, 'moonshot'))
    expect([chosen?.kind, chosen?.degraded, rows.map(({ state, reason }) => [state, reason])]).toEqual([
      'api_key',
      true,
      [
        ['refused', 'the grant of `kimi-code` was rejected by its provider'],
        ['wins', undefined],
      ],
    ])
  })

  it('that was refused for good ends the search with exit 77 where OAuth is asked for, or nothing else is left', async () => {
    const expected = {
      code: 'CLAW_GRANT_REJECTED',
      what: 'the grant of `kimi-code` was rejected by its provider',
      why: '`invalid_grant` at 2026-01-01T00:15:00.001Z',
      fix: 'claw auth --device kimi-code',
      data: {},
    }
    const asked = await refusedGrant('[providers.moonshot]\nauth_mode = "oauth"\n')
    await asked.signIn({ route: 'kimi-code', kind: 'token' })
    expect(await failureOf(() => facts(asked, 'moonshot'))).toEqual(expected)
    const alone = await refusedGrant('')
    expect(await failureOf(() => facts(alone, 'moonshot'))).toEqual(expected)
  })

  it('that was signed out is not there', async () => {
    const here = await world()
    const id = await here.signIn({ route: 'kimi-code', kind: 'oauth' })
    await here.store.write({ type: 'logged_out', id })
    expect(await survey(here, 'moonshot')).toEqual([])
  })

  it('that nobody has approved yet is pending', async () => {
    const here = await world()
    await startFlow(here)
    expect((await survey(here, 'moonshot')).map(({ state, reason }) => [state, reason])).toEqual([
      ['pending', 'a sign-in waits: claw auth wait kimi-code'],
    ])
  })
})

describe('a store that cannot be read', () => {
  const broken = async (variables: Record<string, string>, toml = '') => {
    const here = await world(toml, variables)
    const error = new ClawError('CLAW_STORE_CORRUPT', { what: 'the credential store is corrupt' })
    const store = {
      ...here.store,
      backend: 'file',
      place: '/s',
      read: () => Promise.reject(error),
      sight: () => 'unknown' as const,
      tryLease: () => Promise.reject(error),
      write: () => Promise.reject(error),
      release: () => Promise.reject(error),
      changed: () => Promise.reject(error),
      assertWritable: () => Promise.reject(error),
      inspect: () => Promise.reject(error),
      repair: () => Promise.reject(error),
    }
    return { ...here, ports: { ...here.ports, store } }
  }

  it('does not matter to a key of the environment', async () => {
    expect(await facts(await broken({ OPENAI_API_KEY: 'sk-short-key' }), 'openai')).toMatchObject({ source: 'env:OPENAI_API_KEY' })
  })

  it.each(['', '[providers.openai]\nauth_mode = "api_key"\n'])('ends with its own error where the store is needed (%j)', async (toml) => {
    const here = await broken({}, toml)
    expect(await failureOf(() => facts(here, 'openai'))).toEqual({
      code: 'CLAW_STORE_CORRUPT',
      what: 'the credential store is corrupt',
      data: {},
    })
  })
})

describe('no credential', () => {
  it('is exit 77: what was wanted and by whom, where claw looked, every way in, the first as the fix', async () => {
    expect(await failureOf(async () => facts(await world(), 'moonshot'))).toEqual({
      code: 'CLAW_NO_CREDENTIAL',
      what: 'there is no usable credential for `moonshot`',
      why: [
        'wanted: any kind (auth_mode auto, from the default)',
        'looked at: providers.moonshot.api_key, providers.moonshot.auth_token, providers.kimi-code.api_key, providers.kimi-code.auth_token, env:MOONSHOT_API_KEY, env:KIMI_API_KEY, store:memory',
        'API key: set MOONSHOT_API_KEY, or run `claw auth --api-key moonshot --stdin`, or write `api_key` in [providers.moonshot]; a key comes from https://platform.kimi.ai/console/api-keys',
        'device sign-in: run `claw auth --device moonshot` and approve it in a browser elsewhere',
      ].join('\n'),
      fix: 'set MOONSHOT_API_KEY',
      data: {
        wanted: { authMode: 'auto', by: 'the default' },
        lookedAt: [
          'providers.moonshot.api_key',
          'providers.moonshot.auth_token',
          'providers.kimi-code.api_key',
          'providers.kimi-code.auth_token',
          'env:MOONSHOT_API_KEY',
          'env:KIMI_API_KEY',
          'store:memory',
        ],
        methods: [
          'API key: set MOONSHOT_API_KEY, or run `claw auth --api-key moonshot --stdin`, or write `api_key` in [providers.moonshot]; a key comes from https://platform.kimi.ai/console/api-keys',
          'device sign-in: run `claw auth --device moonshot` and approve it in a browser elsewhere',
        ],
        commands: ['claw auth --api-key moonshot --stdin', 'claw auth --device moonshot'],
      },
    })
  })

  it('names what was found and cannot be used', async () => {
    const { why } = await failureOf(async () =>
      facts(
        await world('[providers.anthropic]\nauth_mode = "oauth"\n', {
          ANTHROPIC_AUTH_TOKEN: 'sk-ant-api03-in-the-wrong-place',
          CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-subscription',
        }),
        'anthropic',
      ),
    )
    expect(why?.split('\n')).toEqual([
      'wanted: OAuth (a grant, a token or an identity) (auth_mode oauth, from providers.anthropic.auth_mode)',
      'looked at: providers.anthropic.api_key, providers.anthropic.auth_token, env:ANTHROPIC_API_KEY, env:ANTHROPIC_AUTH_TOKEN, store:memory',
      'env:ANTHROPIC_AUTH_TOKEN is wrong kind: it begins with `sk-ant-api03-`, which is no token of `anthropic`',
      'env:CLAUDE_CODE_OAUTH_TOKEN is refused: the method `anthropic/setup-token` is off by the terms of the vendor: Anthropic allows the sign-in of a subscription to its own tools only, and its servers refuse others; CLAW_ENABLE=anthropic/setup-token switches it on',
      'token: set ANTHROPIC_AUTH_TOKEN, or run `claw auth --token anthropic --stdin`, or write `auth_token` in [providers.anthropic]',
      'identity of a CI job or machine: write `subject_token` and its ids in [providers.anthropic.auth.federation], then run `claw auth --identity anthropic` there',
    ])
  })

  it('names the other profiles that have one of the kind that is wanted', async () => {
    const here = await world('[providers.moonshot]\nauth_mode = "api_key"\n')
    await here.signIn({ provider: 'moonshot', route: 'moonshot', kind: 'api_key', profile: 'ci' })
    await here.signIn({ provider: 'moonshot', route: 'kimi-code', kind: 'oauth', profile: 'mine' })
    const { why, fix, data } = await failureOf(() => facts(here, 'moonshot'))
    expect([why?.split('\n')[2], fix, data.profiles]).toEqual([
      '`moonshot` has one under the profile `ci`',
      'use --profile ci, or set CLAW_PROFILE=ci',
      ['ci'],
    ])
  })

  it('lets CLAW_ENABLE switch on what is off', async () => {
    const here = await world('', { CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-subscription', CLAW_ENABLE: 'anthropic/setup-token' })
    expect(await facts(here, 'anthropic')).toMatchObject({ source: 'env:CLAUDE_CODE_OAUTH_TOKEN', kind: 'token' })
  })
})

describe('what the configuration demands', () => {
  it('is exit 78 where no method of the provider can satisfy auth_mode', async () => {
    const here = await world(
      '[providers.acme]\nprotocol = "openai-chat"\nbase_url = "https://llm.acme.example/v1"\nauth_mode = "oauth"\n[providers.acme.auth.token]\nenabled = false\nmethod = "token"\n',
    )
    expect(await failureOf(() => facts(here, 'acme'))).toEqual({
      code: 'CLAW_AUTH_MODE_UNSATISFIABLE',
      what: '`acme` has no method that yields what `auth_mode = "oauth"` asks for',
      why: 'it comes from providers.acme.auth_mode; the methods are api_key, and off acme/token',
      fix: 'set auth_mode to `api_key` or `auto`',
      data: { methods: ['api_key'] },
    })
  })

  it('is exit 78 where expect names another kind: the source and what to unset are told', async () => {
    const here = await world('[providers.openai]\nexpect = { kind = "oauth" }\n', { OPENAI_API_KEY: 'sk-short-key' })
    expect(await failureOf(() => facts(here, 'openai'))).toEqual({
      code: 'CLAW_EXPECTATION_BROKEN',
      what: '`openai` would use the API key from `env:OPENAI_API_KEY`, and `expect` names another credential',
      why: 'expected kind `oauth`; found kind `api_key`, route `openai`, account not known',
      fix: 'unset OPENAI_API_KEY',
      data: { source: 'env:OPENAI_API_KEY', kind: 'api_key', route: 'openai', account: null },
    })
  })

  it('holds route and account to their word too', async () => {
    const toml = '[providers.moonshot]\nexpect = { route = "kimi-code", account = "acct-1" }\n'
    const right = await world(toml)
    await right.signIn({ route: 'kimi-code', kind: 'oauth' }, { account: { id: 'acct-1', name: 'ci@example', plan: null } })
    expect(await facts(right, 'moonshot')).toMatchObject({ route: 'kimi-code' })
    const wrong = await world(toml)
    await wrong.signIn({ route: 'kimi-code', kind: 'oauth' }, { account: { id: 'acct-2', name: null, plan: null } })
    expect(await failureOf(() => facts(wrong, 'moonshot'))).toMatchObject({
      code: 'CLAW_EXPECTATION_BROKEN',
      fix: 'claw auth logout kimi-code --kind oauth',
    })
  })

  it('is exit 66 where a profile that was named exists nowhere', async () => {
    const here = await world('', { OPENAI_API_KEY: 'sk-short-key' }, {}, 'cii')
    await here.signIn({ route: 'openai', kind: 'api_key', profile: 'ci' })
    expect(await failureOf(() => facts(here, 'openai'))).toEqual({
      code: 'CLAW_PROFILE_UNKNOWN',
      what: 'there is no profile `cii`',
      why: 'the profiles are `ci`',
      fix: 'use --profile ci',
      data: { nearest: ['ci'] },
    })
  })

  it('knows no profile that CLAW_PROFILE names and that nothing is stored under, though a variable would serve', async () => {
    await expect(facts(await world('', { OPENAI_API_KEY: 'sk-short-key', CLAW_PROFILE: 'ci' }), 'openai')).rejects.toMatchObject({
      code: 'CLAW_PROFILE_UNKNOWN',
    })
  })
})

async function world(...given: Parameters<typeof credentialWorld>): Promise<TestWorld> {
  const made = await credentialWorld(...given)
  worlds.push(made)
  return made
}

async function refusedGrant(toml: string): Promise<TestWorld> {
  const here = await world(toml)
  const id = await here.signIn({ route: 'kimi-code', kind: 'oauth' })
  await here.clock.advance(900_001)
  const lease = await here.store.tryLease(id, { durationMs: 40_000, purpose: 'refresh', signal: here.signal })
  const [record] = (await here.store.read()).records
  if (!('nonce' in lease) || !record) throw new Error('no lease')
  const { generation, fingerprint } = record
  const outcome = await here.store.write({ type: 'intent', id, lease, generation, fingerprint, attempt: 1, deadlineMs: 15_000 })
  if (outcome.outcome !== 'written' || !outcome.intent) throw new Error('no intent')
  await here.store.write({ type: 'rejected', id, intent: outcome.intent, generation, fingerprint, reason: 'invalid_grant' })
  await here.store.release(lease)
  return here
}

function question(here: TestWorld | Parameters<typeof findCredential>[0], name: string): CredentialQuestion {
  return { named: here.catalogue.find(name), model: null }
}

async function facts(here: Parameters<typeof findCredential>[0], name: string) {
  const { source, reference, kind, route, state, masked, baseUrl, secret } = await findCredential(here, question(here, name))
  return { source, reference, kind, route: route.id, state, masked, baseUrl, value: secret?.reveal() }
}

async function survey(here: TestWorld, name: string) {
  return (await surveyCredentials(here, question(here, name))).rows
}

function bundle(more: Partial<Bundle>): string {
  return writeBundle({
    provider: 'moonshot',
    route: 'moonshot',
    kind: 'oauth',
    token: new Secret('a-bundled-token'),
    tokenType: 'Bearer',
    expiresAt: null,
    account: null,
    baseUrl: 'https://api.moonshot.ai/v1',
    hosts: ['api.moonshot.ai'],
    ...more,
  })
}
