import { describe, expect, it } from 'vitest'
import { rehearsal } from '../../src/app/rehearsal/rehearsal.ts'
import type { TakenCredential } from '../../src/sandbox/credential.ts'
import { arrange } from './sandbox-client.ts'

const { bases } = rehearsal()
const hi = [{ role: 'user', content: 'hi' }]

function headersOf({ header, scheme }: TakenCredential, value: string): Record<string, string> {
  return {
    [header]: `${scheme === null ? '' : `${scheme} `}${value}`,
    'anthropic-version': '2023-06-01',
    'anthropic-beta': 'oauth-2025-04-20',
  }
}

/** The requests that prove a credential at a base. */
const asking = bases.flatMap(({ base, protocols, reads, credentials }) => [
  ...(protocols.includes('openai-chat') ? [{ path: `${base}/chat/completions`, json: { model: 'm', messages: hi }, credentials }] : []),
  ...(protocols.includes('anthropic-messages')
    ? [{ path: `${base}/v1/messages`, json: { model: 'm', max_tokens: 9, messages: hi }, credentials }]
    : []),
  ...reads.filter(({ isPublic }) => !isPublic).map(({ path }) => ({ path, json: undefined, credentials })),
])
const keys = asking.flatMap(({ credentials, ...asked }) =>
  credentials.flatMap((credential) => credential.prefixes.map((prefix) => ({ ...asked, credential, prefix }))),
)
/** Kimi keeps its OpenAI-style base for clients of its list. */
const GATED = /^\/api\.kimi\.(?:com|ai)\/coding\/v1\/chat\/completions$/

describe('the mirror of the catalogue', () => {
  it.each(keys.filter(({ path }) => !GATED.test(path)))('takes $prefix… at $path', async ({ path, json, credential, prefix }) => {
    const { tell } = await arrange()
    const told = await tell(path, { json, headers: headersOf(credential, `${prefix}sandbox-0123456789`) })
    expect({ status: told.status, isEmpty: Object.keys(told.json).length === 0 }).toEqual({ status: 200, isEmpty: false })
  })

  it.each(keys)('refuses another $prefix… at $path in words of the vendor', async ({ path, json, credential, prefix }) => {
    const { tell } = await arrange()
    const told = await tell(path, { json, headers: headersOf(credential, `${prefix}0123456789-sandbox`) })
    expect([400, 401]).toContain(told.status)
    expect(JSON.stringify(told.json)).toMatch(/error|detail|base_resp/)
  })
})
