import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { headersFor } from '../../src/app/credential/credential-headers.ts'
import { bundleOf, tokenObject } from '../../src/app/credential/hand-out.ts'
import { findCredential, withSecret } from '../../src/app/credential/find-credential.ts'
import type { UsableCredential } from '../../src/app/credential/usable-credential.ts'
import { Secret } from '../../src/core/secret.ts'
import { credentialWorld, type TestWorld } from '../support/credential-world.ts'
import { failureOf } from '../support/failure.ts'

const worlds: TestWorld[] = []
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((each) => each.remove()))
})

describe('the header that carries a credential', () => {
  it.each([
    ['anthropic', { ANTHROPIC_API_KEY: 'sk-ant-api03-key' }, { 'x-api-key': 'sk-ant-api03-key' }],
    ['anthropic', { ANTHROPIC_AUTH_TOKEN: 'gateway-token' }, { authorization: 'Bearer gateway-token' }],
    [
      'anthropic',
      { ANTHROPIC_AUTH_TOKEN: 'sk-ant-oat01-token' },
      { authorization: 'Bearer sk-ant-oat01-token', 'anthropic-beta': 'oauth-2025-04-20' },
    ],
    ['anthropic', { ANTHROPIC_API_KEY: 'sk-ant-api03-key', ANTHROPIC_AUTH_TOKEN: 'gateway-token' }, { 'x-api-key': 'sk-ant-api03-key' }],
    ['openai', { OPENAI_API_KEY: 'sk-short-key' }, { authorization: 'Bearer sk-short-key' }],
    [
      'openai',
      { OPENAI_API_KEY: 'sk-short-key', OPENAI_ORGANIZATION: 'org-1', OPENAI_PROJECT: 'proj_1' },
      { authorization: 'Bearer sk-short-key', 'openai-organization': 'org-1', 'openai-project': 'proj_1' },
    ],
    ['kimi-code', { KIMI_API_KEY: 'sk-kimi-0123456789' }, { authorization: 'Bearer sk-kimi-0123456789' }],
    ['ollama', {}, {}],
  ])('is one for %s with %j', async (provider, variables, expected) => {
    const chosen = await choose(await world('', variables), provider)
    expect(headersFor(chosen, chosen.baseUrl)).toEqual(expected)
  })

  it("is the one of the protocol for a provider of one's own", async () => {
    const toml = (protocol: string) =>
      `[providers.acme]\nprotocol = "${protocol}"\nbase_url = "https://llm.acme.example"\napi_key = "env:ACME"\n`
    const of = async (protocol: string) => {
      const chosen = await choose(await world(toml(protocol), { ACME: 'acme-key-1' }), 'acme')
      return headersFor(chosen, 'https://llm.acme.example/v1/x')
    }
    expect(await of('openai-chat')).toEqual({ authorization: 'Bearer acme-key-1' })
    expect(await of('anthropic-messages')).toEqual({ 'x-api-key': 'acme-key-1' })
  })

  it('is none for a local endpoint without a key', async () => {
    const chosen = await choose(
      await world('[local_providers.lab]\nprotocol = "openai-chat"\nbase_url = "http://127.0.0.1:8000/v1"\n', {
        OPENAI_API_KEY: 'sk-short-key',
      }),
      'lab',
    )
    expect([chosen.kind, headersFor(chosen, chosen.baseUrl)]).toEqual(['none', {}])
  })

  it.each([
    [
      'anthropic',
      { ANTHROPIC_AUTH_TOKEN: 'sk-ant-oat01-token' },
      { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'oauth-2025-04-20' },
    ],
    ['openai', { OPENAI_API_KEY: 'sk-short-key', OPENAI_PROJECT: 'proj_1' }, { 'openai-project': 'proj_1' }],
  ])('is left out of the JSON of %s, which names all that goes beside it', async (provider, variables, expected) => {
    const credential = await choose(await world('', variables), provider)
    const usable: UsableCredential = { credential, outcome: 'fresh', warning: null, lostScopes: [] }
    expect(tokenObject(usable).headers).toEqual(expected)
  })

  it('goes with a bundle that names each host once', async () => {
    const toml = '[providers.anthropic]\nbase_url = "http://127.0.0.1:8000"\n'
    const chosen = await choose(await world(toml, { ANTHROPIC_API_KEY: 'sk-ant-api03-key' }), 'anthropic')
    expect(JSON.parse(bundleOf(chosen)).hosts).toEqual(['api.anthropic.com', '127.0.0.1:8000'])
  })

  it('refuses a variable that no header may hold', async () => {
    const here = await world('', { OPENAI_API_KEY: 'sk-short-key', OPENAI_PROJECT: 'two words' })
    expect(await failureOf(() => choose(here, 'openai'))).toEqual({
      code: 'CLAW_CONFIG_INVALID',
      what: '`OPENAI_PROJECT` holds characters that no header may have',
      fix: 'correct or unset OPENAI_PROJECT',
      data: {},
    })
  })

  it('carries the new token of a grant that was refreshed', async () => {
    const here = await world()
    await here.signIn({ route: 'kimi-code', kind: 'oauth' })
    const chosen = await choose(here, 'moonshot')
    expect(headersFor(withSecret(chosen, new Secret('a-newer-token')), chosen.baseUrl)).toEqual({ authorization: 'Bearer a-newer-token' })
  })
})

describe('the origins that a credential goes to', () => {
  const LAB = '[providers.openai]\nbase_url = "https://gateway.example/v1"\n'
  const key = { OPENAI_API_KEY: 'sk-short-key' }
  const moved = { ...key, OPENAI_BASE_URL: 'https://inherited.example/v1' }
  const fileKey = '[providers.openai]\napi_key = "env:MINE"\n'

  it.each([
    ['a variable', '', key, 'https://api.openai.com/v1/models', true],
    ['a variable', '', key, 'https://gateway.example/v1/models', false],
    ['a variable', '', key, 'https://api.openai.com:8443/v1', false],
    ['a variable', '', key, 'https://api.openai.com.evil.example/v1', false],
    ['a variable', '', key, 'https://evil.example/?https://api.openai.com', false],
    ['a variable, base_url in the user file', LAB, key, 'https://gateway.example/v1/models', true],
    ['a variable, base URL in the environment', '', moved, 'https://inherited.example/v1/models', true],
    [
      'a reference, base URL in the environment',
      fileKey,
      { MINE: 'sk-mine-key', OPENAI_BASE_URL: 'https://inherited.example/v1' },
      'https://inherited.example/v1/models',
      false,
    ],
    [
      'a reference, base URL in the environment',
      fileKey,
      { MINE: 'sk-mine-key', OPENAI_BASE_URL: 'https://inherited.example/v1' },
      'https://api.openai.com/v1/models',
      true,
    ],
  ])('S-19 from %s (%j, %j) to %s: %s', async (_, toml, variables, url, isAllowed) => {
    expect(await reaches(await world(toml, variables), 'openai', url)).toBe(isAllowed)
  })

  it.each([
    ['its own origin', '', ['https://api.kimi.ai'], 'https://api.kimi.ai/coding', true],
    ['the other region', '', ['https://api.kimi.ai'], 'https://api.kimi.com/coding', false],
    [
      'a gateway of the user file',
      '[providers.kimi-code]\nbase_url = "https://gateway.example"\n',
      ['https://api.kimi.ai'],
      'https://gateway.example/v1',
      true,
    ],
    ['where the environment points', '', ['https://api.kimi.ai'], 'https://inherited.example', false],
  ])('S-19 a stored grant goes to %s', async (_, toml, origins, url, isAllowed) => {
    const here = await world(toml, { KIMI_CODE_BASE_URL: 'https://inherited.example/v1' })
    await here.signIn({ route: 'kimi-code', kind: 'oauth' }, { origins })
    expect(await reaches(here, 'moonshot', url)).toBe(isAllowed)
  })

  it('S-19 keeps a grant with the region that it was signed in to', async () => {
    const here = await world()
    await here.signIn({ route: 'kimi-code', kind: 'oauth' }, { region: 'global', origins: ['https://api.kimi.ai'] })
    expect((await choose(here, 'moonshot')).baseUrl).toBe('https://api.kimi.ai/coding')
  })

  it('S-19 says where it is bound to, and what would let it go elsewhere', async () => {
    const chosen = await choose(await world('', key), 'openai')
    expect(await failureOf(() => headersFor(chosen, 'https://gateway.example/v1'))).toEqual({
      code: 'CLAW_INSECURE',
      what: 'the credential of `openai` from `env:OPENAI_API_KEY` is not for `gateway.example`',
      why: 'it is bound to https://api.openai.com',
      fix: 'set `base_url` in [providers.openai] of your own configuration file',
      data: { host: 'gateway.example', origins: ['https://api.openai.com'] },
    })
  })

  it('S-19 goes without TLS to literal loopback, and elsewhere by the word of the user only', async () => {
    const own = (more: string) =>
      `[providers.acme]\nprotocol = "openai-chat"\nbase_url = "http://llm.acme.example/v1"\napi_key = "env:ACME"\n${more}`
    expect(await reaches(await world(own('allow_http = true\n'), { ACME: 'acme-key-1' }), 'acme', 'http://llm.acme.example/v1')).toBe(true)
    const chosen = await choose(await world('', key), 'openai')
    expect(await failureOf(() => headersFor(chosen, 'http://api.openai.com/v1'))).toMatchObject({
      code: 'CLAW_INSECURE',
      what: '`api.openai.com` would be spoken to without TLS',
    })
  })

  it('S-19 tells two ports of one host apart', async () => {
    const seen: (string | undefined)[] = []
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization)
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const url = `http://127.0.0.1:${port}/v1`
    const chosen = await choose(await world(`[providers.openai]\nbase_url = "${url}"\n`, key), 'openai')
    await fetch(url, { headers: headersFor(chosen, url) })
    expect(await failureOf(() => headersFor(chosen, `http://127.0.0.1:${port + 1}/v1`))).toMatchObject({ code: 'CLAW_INSECURE' })
    expect(seen).toEqual(['Bearer sk-short-key'])
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('a base URL of the environment', () => {
  it('S-20 moves credentials of the environment and nothing else', async () => {
    const variables = { ANTHROPIC_BASE_URL: 'https://gateway.example/', ANTHROPIC_API_KEY: 'sk-ant-api03-key' }
    expect((await choose(await world('', variables), 'anthropic')).baseUrl).toBe('https://gateway.example')
    const stored = await world('', { ANTHROPIC_BASE_URL: 'https://gateway.example/' })
    await stored.signIn({ route: 'anthropic', kind: 'api_key' }, { token: 'sk-ant-api03-stored' })
    expect((await choose(stored, 'anthropic')).baseUrl).toBe('https://api.anthropic.com')
  })

  it.each([
    [{ KIMI_CODE_BASE_URL: 'https://gateway.example/coding/v1' }, '', 'https://gateway.example/coding'],
    [{ KIMI_CODE_BASE_URL: 'https://gateway.example/coding/v1/' }, '', 'https://gateway.example/coding'],
    [
      { KIMI_CODE_BASE_URL: 'https://gateway.example/coding/v1' },
      '[providers.kimi-code]\nprotocol = "openai-chat"\n',
      'https://gateway.example/coding/v1',
    ],
  ])('is cut to the form of the protocol (%j, %j)', async (variables, toml, expected) => {
    expect((await choose(await world(toml, { ...variables, KIMI_API_KEY: 'sk-kimi-0123456789' }), 'kimi-code')).baseUrl).toBe(expected)
  })

  it.each([
    ['http://gateway.example/v1', 'CLAW_INSECURE', '`gateway.example` would be spoken to without TLS'],
    ['https://user:pass@gateway.example/v1', 'CLAW_CONFIG_INVALID', 'the address of `gateway.example` holds a user name or password'],
    ['https://gateway.example/v1?key=1', 'CLAW_CONFIG_INVALID', 'it has a query'],
    ['gateway.example', 'CLAW_CONFIG_INVALID', 'an address is not an absolute http or https URL'],
  ])('S-20 is refused as %s', async (url, code, why) => {
    const here = await world('', { OPENAI_API_KEY: 'sk-short-key', OPENAI_BASE_URL: url })
    expect(await failureOf(() => choose(here, 'openai'))).toEqual({
      code,
      what: '`OPENAI_BASE_URL` holds no address that may be used',
      why,
      fix: 'correct or unset OPENAI_BASE_URL',
      data: {},
    })
  })

  it('S-20 never moves an endpoint that login secrets go to', async () => {
    const here = await world('', { KIMI_CODE_OAUTH_HOST: 'https://evil.example', KIMI_OAUTH_HOST: 'https://evil.example' })
    expect(here.catalogue.route('kimi-code').entry.auth[0]?.tokenUrl).toBe('https://auth.kimi.com/api/oauth/token')
  })
})

async function world(...given: Parameters<typeof credentialWorld>): Promise<TestWorld> {
  const made = await credentialWorld(...given)
  worlds.push(made)
  return made
}

function choose(here: TestWorld, name: string) {
  return findCredential(here, { named: here.catalogue.find(name), model: null })
}

async function reaches(here: TestWorld, name: string, url: string): Promise<boolean> {
  const chosen = await choose(here, name)
  try {
    return Object.keys(headersFor(chosen, url)).length > 0
  } catch {
    return false
  }
}
