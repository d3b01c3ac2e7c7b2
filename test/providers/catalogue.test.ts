import { describe, expect, it } from 'vitest'
import { isName, RESERVED_IDS } from '../../src/core/vocabulary.ts'
import { KIND_OF } from '../../src/providers/auth-kinds.ts'
import { CATALOGUE, WITHDRAWN } from '../../src/providers/catalogue.ts'
import type { AuthEntry, ProviderEntry } from '../../src/providers/entry.ts'
import { hostOf, isAtHost, originsOf } from '../../src/providers/hosts.ts'

const entries = [...CATALOGUE.values(), ...WITHDRAWN.values()]

describe('the catalogue', () => {
  it('holds the routes that claw knows without being told', () => {
    expect([...CATALOGUE.keys()]).toEqual([
      'anthropic',
      'openai',
      'openai-codex',
      'openai-chatgpt',
      'moonshot',
      'kimi-code',
      'github-copilot',
      'xai',
      'zai',
      'zai-coding',
      'minimax',
      'dashscope',
      'qwen-coding-plan',
      'qwen-token-plan',
      'google',
      'google-vertex',
      'openrouter',
      'mistral',
      'groq',
      'deepseek',
      'cerebras',
      'ollama',
      'lmstudio',
      'llamacpp',
      'vllm',
      'azure-openai',
      'bedrock',
    ])
    expect([...WITHDRAWN.keys()]).toEqual(['qwen-oauth', 'gemini-cli'])
    expect(entries.map(({ id }) => id)).toEqual([...CATALOGUE.keys(), ...WITHDRAWN.keys()])
  })

  it('S-12 names everything by names, and nothing twice', () => {
    const names = entries.flatMap(({ id, aliases = [] }) => [id, ...aliases])
    expect(names.filter((name) => !isName(name) || RESERVED_IDS.includes(name))).toEqual([])
    expect(new Set(names).size).toBe(names.length)
  })

  it('links only to routes and auth entries that exist', () => {
    const links = entries.flatMap((entry) => (entry.routes ?? []).map((link) => ({ from: entry.id, link })))
    const dangling = links.filter(
      ({ link }) => !CATALOGUE.has(link.to) || link.auth.some((id) => !CATALOGUE.get(link.to)?.auth.some((auth) => auth.id === id)),
    )
    expect(links.length).toBeGreaterThan(0)
    expect(dangling).toEqual([])
  })
})

describe.each(entries)('$id', (entry) => {
  it('is reached over https, or on this very machine', () => {
    const isFine = (url: string) => url.startsWith('https://') || (entry.local === true && new URL(url).hostname === '127.0.0.1')
    expect([...baseUrls(entry), ...entry.auth.flatMap(loginUrls)].filter((url) => !isFine(url))).toEqual([])
  })

  it('S-19 sends its credential to hosts of its list only', () => {
    const toNobody = entry.withdrawn === undefined ? [] : baseUrls(entry)
    expect(baseUrls(entry).filter((url) => !isAtHost(url, entry.trustedHosts))).toEqual(toNobody)
  })

  it('S-19 sends login secrets to hosts of its list only', () => {
    expect(entry.auth.flatMap(loginUrls).filter((url) => !isAtHost(url, entry.authHosts ?? []))).toEqual([])
    expect(
      entry.auth.flatMap(({ federation }) =>
        federation && !isAtHost(filled(federation.tokenUrl), federation.exchangeHosts) ? [federation.tokenUrl] : [],
      ),
    ).toEqual([])
  })

  it('leaves the version to the path where the protocol has it there', () => {
    const faults = Object.entries({ [entry.protocols[0] ?? '']: entry.baseUrl, ...entry.baseUrls }).filter(
      ([protocol, url]) => protocol === 'anthropic-messages' && /\/v1$/.test(url),
    )
    expect(faults).toEqual([])
  })

  it('names a source for every group of facts', () => {
    const { sources } = entry
    expect(sources['*']?.length).toBeGreaterThan(20)
    const facts = [...Object.keys(entry), ...entry.auth.map(({ id }) => `auth.${id}`), 'models.sampling']
    expect(Object.keys(sources).filter((key) => key !== '*' && !facts.includes(key))).toEqual([])
    expect(Object.values(sources).filter((text) => !/20\d\d/.test(text) && !/as at the vendors/.test(text))).toEqual([])
  })

  it('lists its models once, its default among them', () => {
    const names = entry.models.flatMap(({ id, aliases = [] }) => [id, ...aliases])
    expect(new Set(names).size).toBe(names.length)
    if (entry.defaultModel !== undefined) expect(entry.models.map(({ id }) => id)).toContain(entry.defaultModel)
    expect(entry.models.filter(({ input }) => !input.includes('text'))).toEqual([])
    expect(
      entry.models
        .flatMap(({ retires, retiresNotBefore }) => [retires ?? '2099-01-01', retiresNotBefore ?? '2099-01-01'])
        .filter((day) => !/^\d{4}-\d\d-\d\d$/.test(day)),
    ).toEqual([])
  })

  it('S-12 names its auth entries by names, and none twice', () => {
    const ids = entry.auth.map(({ id }) => id)
    expect(ids.filter((id) => !isName(id))).toEqual([])
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('holds no client secret', () => {
    expect(JSON.stringify(entry)).not.toMatch(/client_?secret/i)
  })

  it.each(entry.auth)('says of the method $id all that its kind needs', (auth) => {
    expect(missing(auth)).toEqual([])
  })

  it('speaks of its limits in words that are sent nowhere else', () => {
    const texts = [entry.termsNote ?? '', entry.probeNote ?? '', ...(entry.errorRules ?? []).map(({ hint }) => hint ?? '')]
    expect(texts.filter((text) => /\n|\.\.\./.test(text))).toEqual([])
  })

  it('keeps rules without a text behind those with one of the same status', () => {
    const rules = entry.errorRules ?? []
    const hidden = rules.filter((rule, index) =>
      rules
        .slice(0, index)
        .some(
          (earlier) =>
            !earlier.contains && !earlier.codes && earlier.status && rule.status?.every((status) => earlier.status?.includes(status)),
        ),
    )
    expect(hidden).toEqual([])
  })
})

describe('hosts', () => {
  it.each([
    ['https://api.kimi.com/coding', ['api.kimi.com'], true],
    ['https://api.kimi.com.example/coding', ['api.kimi.com'], false],
    ['https://evil.api.kimi.com', ['api.kimi.com'], false],
    ['https://api.kimi.com:8443', ['api.kimi.com'], false],
    ['http://api.kimi.com', ['api.kimi.com'], false],
    ['https://api.business.githubcopilot.com', ['*.githubcopilot.com'], true],
    ['https://githubcopilot.com', ['*.githubcopilot.com'], false],
    ['https://api.githubcopilot.com.evil.example', ['*.githubcopilot.com'], false],
    ['https://evilgithubcopilot.com', ['*.githubcopilot.com'], false],
    ['http://api.githubcopilot.com', ['*.githubcopilot.com'], false],
    ['https://api.githubcopilot.com:8443', ['*.githubcopilot.com'], false],
    ['https://bedrock-runtime.eu-west-1.amazonaws.com', ['bedrock-runtime.*.amazonaws.com'], true],
    ['https://bedrock-runtime.s3.evil.amazonaws.com', ['bedrock-runtime.*.amazonaws.com'], false],
    ['https://bucket.bedrock-runtime.eu-west-1.amazonaws.com', ['bedrock-runtime.*.amazonaws.com'], false],
    ['https://europe-west4-aiplatform.googleapis.com', ['*-aiplatform.googleapis.com'], true],
    ['https://a.b-aiplatform.googleapis.com', ['*-aiplatform.googleapis.com'], false],
    ['http://127.0.0.1:11434/v1', ['127.0.0.1:11434'], true],
    ['http://127.0.0.1:11435/v1', ['127.0.0.1:11434'], false],
    ['http://localhost:11434/v1', ['localhost:11434'], false],
    ['no address', ['no'], false],
  ])('S-19 judges %s against %j', (address, hosts, expected) => {
    expect(isAtHost(address, hosts)).toBe(expected)
  })

  it('writes origins without the usual port', () => {
    expect(originsOf(['api.x.ai', '127.0.0.1:9', '[::1]:9'])).toEqual([
      'https://api.x.ai',
      'https://127.0.0.1:9',
      'http://127.0.0.1:9',
      'https://[::1]:9',
      'http://[::1]:9',
    ])
    expect(hostOf('https://api.x.ai:443/v1')).toBe('api.x.ai')
  })
})

function baseUrls(entry: ProviderEntry): string[] {
  const byRegion = Object.values(entry.regions ?? {}).flatMap((region) => [region.baseUrl, ...Object.values(region.baseUrls ?? {})])
  const all = [entry.baseUrl, ...Object.values(entry.baseUrls ?? {}), ...byRegion].flatMap((url) => url || [])
  return all.map(filled)
}

function loginUrls(auth: AuthEntry): string[] {
  const all = [
    auth.oauthHost,
    auth.issuer,
    auth.deviceUrl,
    auth.authorizeUrl,
    auth.tokenUrl,
    auth.revocationUrl,
    auth.discoveryUrl,
    auth.usercodeUrl,
    auth.pollUrl,
    auth.whoamiUrl,
    auth.exchangeUrl,
    ...(auth.tokenUrlFallbacks ?? []),
  ]
  const absolute = all.flatMap((url) => (url === undefined ? [] : url.startsWith('/') ? `${auth.oauthHost}${url}` : url))
  return absolute.map(filled)
}

/** An address with names as a user would have them. */
function filled(url: string): string {
  return url.replace('{domain}', 'github.com').replace(/\{[a-z_]+\}/g, 'own-1')
}

function missing(auth: AuthEntry): string[] {
  const needs: Record<AuthEntry['kind'], readonly (keyof AuthEntry)[]> = {
    api_key: ['env', 'header'],
    bearer: ['env', 'header', 'scheme'],
    oauth_device: ['clientId', 'deviceUrl', 'tokenUrl', 'deviceBody', 'tokenBody', 'refreshBody', 'scopes', 'bufferS', 'header'],
    oauth_pkce: ['clientId', 'authorizeUrl', 'tokenUrl', 'tokenBody', 'refreshBody', 'redirectUris', 'pkceMethod', 'scopes', 'header'],
    openai_device: ['clientId', 'usercodeUrl', 'pollUrl', 'verificationUri', 'tokenUrl', 'redirectUri', 'bufferS', 'header'],
    minimax_device: ['clientId', 'deviceUrl', 'tokenUrl', 'pollGrantType', 'intervalUnit', 'statusField', 'bufferS', 'header'],
    copilot_direct: ['env', 'prefixes', 'discoveryUrl', 'baseUrlField', 'header', 'scheme'],
    copilot_exchange: ['needs', 'exchangeUrl', 'tokenField', 'expiresField', 'baseUrlFromToken', 'bufferS'],
    pkce_key_mint: ['authorizeUrl', 'tokenUrl', 'tokenBody', 'redirectUris', 'pkceMethod', 'resultField', 'header'],
    workload_identity: ['federation', 'header', 'bufferS'],
    none: [],
  }
  const absent: string[] = needs[auth.kind].filter((field) => auth[field] === undefined)
  if (auth.header !== undefined && !['x-api-key', 'authorization', 'api-key', 'x-goog-api-key'].includes(auth.header))
    absent.push('a known header')
  if (auth.header === 'authorization' && auth.scheme !== 'Bearer') absent.push('scheme')
  if (!auth.enabled && auth.terms !== 'forbidden' && auth.terms !== 'retired' && auth.offReason === undefined)
    absent.push('a reason to be off')
  if (KIND_OF[auth.kind] === 'identity' && auth.federation?.requiredFields.includes(auth.federation.subjectField) !== true)
    absent.push('subject field')
  return absent
}
