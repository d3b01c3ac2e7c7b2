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
    'chatgpt-account-id': 'sandbox-account',
  }
}

/** Kimi keeps its OpenAI-style base for clients of its list. */
const GATED = /^\/api\.kimi\.(?:com|ai)\/coding\/v1\/chat\/completions$/

/** The requests that prove a credential at a base, with every prefix that one may have. */
function* asking({ base, protocols, reads, credentials }: (typeof bases)[number]) {
  const asked = [
    ...(protocols.includes('openai-chat') ? [{ path: `${base}/chat/completions`, json: { model: 'm', messages: hi } }] : []),
    ...(protocols.includes('anthropic-messages')
      ? [{ path: `${base}/v1/messages`, json: { model: 'm', max_tokens: 9, messages: hi } }]
      : []),
    // What another host answers has rules of its own.
    ...reads
      .filter(({ path, isPublic }) => !isPublic && path.startsWith(`/${base.split('/')[1]}/`))
      .map(({ path }) => ({ path, json: undefined })),
  ]
  for (const each of asked)
    for (const credential of credentials) for (const prefix of credential.prefixes) yield { ...each, credential, prefix }
}

describe('the mirror of the catalogue', () => {
  it.each(bases)('takes the keys of $route at $base, and refuses others in words of the vendor', async (base) => {
    const { tell } = await arrange()
    for (const { path, json, credential, prefix } of asking(base)) {
      const right = await tell(path, { json, headers: headersOf(credential, `${prefix}sandbox-0123456789`) })
      const wrong = await tell(path, { json, headers: headersOf(credential, `${prefix}0123456789-sandbox`) })
      expect({ path, prefix, right: right.status, wrong: [400, 401, 403].includes(wrong.status) }).toEqual({
        path,
        prefix,
        right: GATED.test(path) ? 403 : 200,
        wrong: true,
      })
      expect(JSON.stringify(wrong.json)).toMatch(/"(?:error|detail|base_resp|message)"/)
    }
  })
})
