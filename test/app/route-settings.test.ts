import { afterEach, describe, expect, it } from 'vitest'
import { findCredential } from '../../src/app/credential/find-credential.ts'
import { bundleOf, handOut, tokenObject } from '../../src/app/credential/hand-out.ts'
import { requestUrl } from '../../src/app/access/request-url.ts'
import type { UsableCredential } from '../../src/app/credential/usable-credential.ts'
import { credentialWorld, type TestWorld } from '../support/credential-world.ts'
import { failureOf } from '../support/failure.ts'
import { onlineSession } from '../support/online-session.ts'

let here: TestWorld | undefined
afterEach(() => here?.remove())

/** The address of a path for the credential that a name leads to. */
async function address(name: string, path: string, toml = '', variables: Readonly<Record<string, string>> = {}, origins?: string[]) {
  here = await credentialWorld(toml, variables)
  if (origins) await here.signIn({ route: name, kind: 'api_key' }, { auth: 'api-key', token: 'stored-key', origins })
  const credential = await findCredential(here, { named: here.catalogue.find(name), model: null })
  return requestUrl(credential, path)
}

const AZURE = { AZURE_OPENAI_API_KEY: 'an-azure-key' }

describe('names in an address', () => {
  it.each([
    ['bedrock', {}, '', 'https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1/chat/completions'],
    ['bedrock', { AWS_DEFAULT_REGION: 'eu-west-1' }, '', 'https://bedrock-runtime.eu-west-1.amazonaws.com/openai/v1/chat/completions'],
    [
      'bedrock',
      { AWS_REGION: 'us-west-2', AWS_DEFAULT_REGION: 'eu-west-1' },
      '',
      'https://bedrock-runtime.us-west-2.amazonaws.com/openai/v1/chat/completions',
    ],
    [
      'bedrock',
      {},
      '[providers.bedrock]\nregion = "ap-south-1"',
      'https://bedrock-runtime.ap-south-1.amazonaws.com/openai/v1/chat/completions',
    ],
    [
      'azure-openai',
      { ...AZURE, AZURE_OPENAI_RESOURCE_NAME: 'acme' },
      '',
      'https://acme.openai.azure.com/openai/v1/chat/completions?api-version=v1',
    ],
    [
      'azure-openai',
      { ...AZURE, AZURE_OPENAI_API_VERSION: '2026-01-01-preview' },
      '[providers.azure-openai.settings]\nresource = "acme"',
      'https://acme.openai.azure.com/openai/v1/chat/completions?api-version=2026-01-01-preview',
    ],
    [
      'azure-openai',
      { ...AZURE, AZURE_OPENAI_BASE_URL: 'https://other.openai.azure.com/openai/v1' },
      '',
      'https://other.openai.azure.com/openai/v1/chat/completions?api-version=v1',
    ],
  ])('of %s with %j and %j lead to %s', async (name, variables, toml, expected) => {
    expect(await address(name, '/chat/completions', toml, { AWS_BEARER_TOKEN_BEDROCK: 'ABSK-a-key', ...variables })).toBe(expected)
  })

  it('that nobody gives are an error which names the variable and the key', async () => {
    expect(await failureOf(() => address('azure-openai', '/models', '', AZURE))).toEqual({
      code: 'CLAW_CONFIG_INVALID',
      what: 'the address of `azure-openai` is not known: `resource` is not set',
      why: 'it is `https://{resource}.openai.azure.com/openai/v1`',
      fix: 'set AZURE_OPENAI_RESOURCE_NAME (for a key of the environment), or `settings.resource` in [providers.azure-openai]',
      data: { setting: 'resource', variables: ['AZURE_OPENAI_RESOURCE_NAME'] },
    })
  })

  it.each(['evil.example/', 'a.b', '-x', 'a@b', '', ' x'])('S-19 that are %j can stand in no host', async (resource) => {
    const failure = await failureOf(() =>
      address('azure-openai', '/models', `[providers.azure-openai.settings]\nresource = "${resource}"`, AZURE),
    )
    expect(failure.code).toBe('CLAW_CONFIG_INVALID')
  })

  it('S-19 come from no variable for a key of the configuration, where other people have hosts of the same pattern', async () => {
    const toml = '[providers.azure-openai]\napi_key = "file:$DIR/key"'
    here = await credentialWorld(toml, { AZURE_OPENAI_RESOURCE_NAME: 'evil' }, { key: 'an-azure-key' })
    const credential = await findCredential(here, { named: here.catalogue.find('azure-openai'), model: null })
    expect(credential.baseUrl).toBe('https://{resource}.openai.azure.com/openai/v1')
  })

  it('S-19 lead a stored key to no other resource than the one that it was stored for', async () => {
    const origins = ['https://acme.openai.azure.com']
    expect(await address('azure-openai', '/models', '', { AZURE_OPENAI_RESOURCE_NAME: 'acme' }, origins)).toBe(
      'https://acme.openai.azure.com/openai/v1/models?api-version=v1',
    )
    await here?.remove()
    here = await credentialWorld('', { AZURE_OPENAI_RESOURCE_NAME: 'evil' })
    await here.signIn({ route: 'azure-openai', kind: 'api_key' }, { auth: 'api-key', token: 'stored-key', origins })
    const moved = await findCredential(here, { named: here.catalogue.find('azure-openai'), model: null })
    const { headersFor } = await import('../../src/app/credential/credential-headers.ts')
    expect((await failureOf(() => headersFor(moved, requestUrl(moved, '/models')))).code).toBe('CLAW_INSECURE')
  })
})

describe('variables of a region', () => {
  it.each([
    ['minimax', { MINIMAX_CN_API_KEY: 'sk-api-one' }, '', 'https://api.minimaxi.com/anthropic/v1/messages'],
    ['minimax', { MINIMAX_API_KEY: 'sk-api-one', MINIMAX_CN_API_KEY: 'sk-api-two' }, '', 'https://api.minimax.io/anthropic/v1/messages'],
    [
      'minimax',
      { MINIMAX_API_KEY: 'sk-api-one', MINIMAX_CN_API_KEY: 'sk-api-two' },
      '[providers.minimax]\nregion = "china"',
      'https://api.minimaxi.com/anthropic/v1/messages',
    ],
    ['zai-coding', { ZAI_CODING_CN_API_KEY: 'a-chinese-key' }, '', 'https://open.bigmodel.cn/api/coding/paas/v4/v1/messages'],
  ])('of %s: %j with %j leads to %s', async (name, variables, toml, expected) => {
    expect(await address(name, '/v1/messages', toml, variables)).toBe(expected)
  })

  it('are not looked at where another region was chosen', async () => {
    const failure = await failureOf(() =>
      address('minimax', '/v1/messages', '[providers.minimax]\nregion = "global"', { MINIMAX_CN_API_KEY: 'sk-api-two' }),
    )
    expect(failure.code).toBe('CLAW_NO_CREDENTIAL')
  })
})

describe('a credential whose address is not whole', () => {
  it.each([
    ['JSON', (usable: UsableCredential) => tokenObject(usable)],
    ['a bundle', ({ credential }: UsableCredential) => bundleOf(credential)],
  ])('is not handed out as %s: the missing setting is the error', async (_, render) => {
    here = await credentialWorld('', AZURE)
    const usable = await handOut(onlineSession(here), 'azure-openai', {})
    expect(await failureOf(() => render(usable))).toMatchObject({
      code: 'CLAW_CONFIG_INVALID',
      what: 'the address of `azure-openai` is not known: `resource` is not set',
      data: { setting: 'resource', variables: ['AZURE_OPENAI_RESOURCE_NAME'] },
    })
  })

  it('is handed out with its address when the setting is there', async () => {
    here = await credentialWorld('', { ...AZURE, AZURE_OPENAI_RESOURCE_NAME: 'acme' })
    const usable = await handOut(onlineSession(here), 'azure-openai', {})
    expect(tokenObject(usable).baseUrl).toBe('https://acme.openai.azure.com/openai/v1')
  })
})
