import { describe, expect, it } from 'vitest'
import { judgeRefresh } from '../../src/app/refresh/refresh-answer.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import type { AuthEntry } from '../../src/providers/entry.ts'
import { answer } from '../support/answer.ts'

const NOW = Date.UTC(2026, 0, 1)

/** `kimi-code/device` */
function entryOf(name: string): AuthEntry {
  const [provider = '', id = ''] = name.split('/')
  const found = CATALOGUE.get(provider)?.auth.find((each) => each.id === id)
  if (!found) throw new Error(`there is no ${name}`)
  return found
}

function classOf(name: string, given: ReturnType<typeof answer>): string {
  try {
    const said = judgeRefresh(entryOf(name), given, 'https://auth.example/token', NOW)
    if (said.kind === 'granted') return 'granted'
    return said.kind === 'rejected' ? 'dead' : `${said.kind} ${said.error.code}`
  } catch (thrown) {
    return `lost ${thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''}`
  }
}

const granted = { access_token: 'at', refresh_token: 'rt', token_type: 'Bearer', expires_in: 900 }
const html = (status: number) => answer(status, '<html><title>Just a moment...</title></html>', { 'content-type': 'text/html' })
const openai = (code: string) => ({ error: { message: 'Please try signing in again.', type: 'invalid_request_error', param: null, code } })
const minimax = (code: number, message: string) => ({ base_resp: { status_code: code, status_msg: message } })

const GRANTS = [
  'anthropic/oauth',
  'openai-codex/device',
  'openai-codex/oauth',
  'openai-chatgpt/siwc',
  'kimi-code/device',
  'github-copilot/device',
  'xai/device',
  'xai/oauth',
  'minimax/device',
]

// What no provider means by it: law 6, the table R-21.
const EVERYWHERE: [string, ReturnType<typeof answer>, string][] = [
  ['a grant', answer(200, granted), 'granted'],
  ['400 invalid_grant', answer(400, { error: 'invalid_grant', error_description: 'Refresh token not found or invalid' }), 'dead'],
  ['401 without words', answer(401, {}), 'refused CLAW_PROTOCOL'],
  ['401 empty', answer(401, ''), 'refused CLAW_PROTOCOL'],
  ['400 empty', answer(400, ''), 'refused CLAW_PROTOCOL'],
  ['403 without words', answer(403, {}), 'refused CLAW_PROTOCOL'],
  ['403 of a firewall', html(403), 'refused CLAW_PROTOCOL'],
  ['404', html(404), 'refused CLAW_PROTOCOL'],
  ['407 of a proxy', html(407), 'refused CLAW_PROTOCOL'],
  ['408', answer(408, ''), 'not_processed CLAW_OVERLOADED'],
  ['429', answer(429, '', { 'retry-after': '7' }), 'not_processed CLAW_RATE_LIMIT'],
  [
    '429 with an error of its own',
    answer(429, { error: { type: 'rate_limit_error', message: 'slow down' } }),
    'not_processed CLAW_RATE_LIMIT',
  ],
  ['503', answer(503, ''), 'not_processed CLAW_OVERLOADED'],
  ['500', answer(500, ''), 'lost CLAW_SERVER'],
  ['502 of a proxy', html(502), 'lost CLAW_SERVER'],
  ['504', answer(504, 'upstream timeout'), 'lost CLAW_SERVER'],
  ['520 of a content network', html(520), 'lost CLAW_SERVER'],
  ['200 with a page', html(200), 'lost CLAW_PROTOCOL'],
  ['200 empty', answer(200, ''), 'lost CLAW_PROTOCOL'],
  ['200 with half an answer', answer(200, '{"access_token":"at'), 'lost CLAW_PROTOCOL'],
  ['200 without a token', answer(200, { ...granted, access_token: undefined, status: 'success' }), 'lost CLAW_PROTOCOL'],
  ['400 invalid_scope', answer(400, { error: 'invalid_scope' }), 'refused CLAW_CLIENT_REFUSED'],
  ['400 unsupported_grant_type', answer(400, { error: 'unsupported_grant_type' }), 'refused CLAW_CLIENT_REFUSED'],
  ['400 access_denied', answer(400, { error: 'access_denied' }), 'refused CLAW_DENIED'],
  ['400 temporarily_unavailable', answer(400, { error: 'temporarily_unavailable' }), 'refused CLAW_SERVER'],
]

// What one of them does mean: providers.md 2.4 and 2.8, and their own sections.
const OWN: [string, string, ReturnType<typeof answer>, string][] = [
  ['openai-codex/device', '401 refresh_token_reused in error.code', answer(401, openai('refresh_token_reused')), 'dead'],
  ['openai-codex/device', '401 refresh_token_expired as a text', answer(401, { error: 'refresh_token_expired' }), 'dead'],
  ['openai-codex/device', '401 refresh_token_invalidated in code', answer(401, { code: 'refresh_token_invalidated' }), 'dead'],
  [
    'openai-codex/device',
    'a dead word in code beside a sentence in error',
    answer(401, { error: 'Your session has ended', code: 'refresh_token_invalidated' }),
    'dead',
  ],
  ['openai-codex/device', 'a dead word under 500', answer(500, openai('refresh_token_reused')), 'dead'],
  ['openai-codex/device', 'a dead word under 429', answer(429, openai('refresh_token_expired')), 'dead'],
  ['openai-codex/device', 'a dead word under 200', answer(200, { ...granted, ...openai('refresh_token_expired') }), 'dead'],
  ['openai-codex/device', 'another code', answer(401, openai('token_expired')), 'refused CLAW_CLIENT_REFUSED'],
  ['openai-codex/device', 'another code under 500', answer(500, openai('server_error')), 'lost CLAW_SERVER'],
  ['openai-codex/device', 'an answer of a token alone', answer(200, { access_token: 'at' }), 'granted'],
  ['openai-codex/device', 'invalid_client', answer(401, { error: 'invalid_client' }), 'refused CLAW_CLIENT_REFUSED'],
  ['xai/device', 'invalid_client', answer(401, { error: 'invalid_client' }), 'dead'],
  ['xai/oauth', 'invalid_client', answer(400, { error: 'invalid_client' }), 'dead'],
  ['xai/device', 'a challenge for browsers under 403', html(403), 'refused CLAW_PROTOCOL'],
  ['xai/device', 'a challenge for browsers under 503', html(503), 'not_processed CLAW_OVERLOADED'],
  ['xai/device', 'a token alone', answer(200, { access_token: 'at' }), 'granted'],
  ['anthropic/oauth', 'invalid_client', answer(401, { error: 'invalid_client' }), 'refused CLAW_CLIENT_REFUSED'],
  [
    'anthropic/oauth',
    'an error of the API',
    answer(401, { type: 'error', error: { type: 'authentication_error', message: 'OAuth authentication is currently not supported.' } }),
    'refused CLAW_CLIENT_REFUSED',
  ],
  ['anthropic/oauth', '529 overloaded', answer(529, { type: 'error', error: { type: 'overloaded_error' } }), 'lost CLAW_SERVER'],
  [
    'kimi-code/device',
    '401 in words of the API',
    answer(401, { error: { type: 'invalid_authentication_error' } }),
    'refused CLAW_CLIENT_REFUSED',
  ],
  [
    'kimi-code/device',
    'refresh_token_reused, which is no word of Kimi',
    answer(401, openai('refresh_token_reused')),
    'refused CLAW_CLIENT_REFUSED',
  ],
  [
    'github-copilot/device',
    'bad_refresh_token in a 200',
    answer(200, { error: 'bad_refresh_token', error_description: 'The refresh token passed is incorrect or expired.' }),
    'dead',
  ],
  [
    'github-copilot/device',
    'incorrect_client_credentials in a 200',
    answer(200, { error: 'incorrect_client_credentials' }),
    'refused CLAW_CLIENT_REFUSED',
  ],
  ['minimax/device', 'success', answer(200, { status: 'success', access_token: 'at', expired_in: 3_600 }), 'granted'],
  ['minimax/device', 'an error that has no words', answer(200, { status: 'error' }), 'refused CLAW_SERVER'],
  ['minimax/device', 'an error of the server', answer(200, { status: 'error', ...minimax(1_000, 'unknown error') }), 'refused CLAW_SERVER'],
  ['minimax/device', 'login missing in a 200', answer(200, { status: 'error', ...minimax(1_004, 'login fail') }), 'dead'],
  ['minimax/device', '400 in its own words', answer(400, minimax(2_013, 'invalid params, refresh token is invalid')), 'dead'],
  ['minimax/device', '403 in its own words', answer(403, minimax(2_049, 'invalid api key')), 'dead'],
  ['minimax/device', '429 in its own words', answer(429, minimax(1_002, 'rate limit')), 'not_processed CLAW_RATE_LIMIT'],
  ['minimax/device', '500 in its own words', answer(500, minimax(1_013, 'internal')), 'lost CLAW_SERVER'],
  ['minimax/device', 'a verdict of a poll', answer(200, { status: 'pending' }), 'lost CLAW_PROTOCOL'],
]

describe('R-21 what an answer to a refresh means', () => {
  it.each(GRANTS.flatMap((name) => EVERYWHERE.map(([what, given, expected]) => [name, what, given, expected] as const)))(
    '%s: %s',
    (name, _, given, expected) => {
      expect(classOf(name, given)).toBe(expected)
    },
  )

  it.each(OWN)('%s: %s', (name, _, given, expected) => {
    expect(classOf(name, given)).toBe(expected)
  })

  it('speaks of every grant of the catalogue', () => {
    const kinds = ['oauth_device', 'openai_device', 'minimax_device', 'oauth_pkce']
    const all = [...CATALOGUE.values()].flatMap(({ id, auth }) =>
      auth.filter(({ kind, tokenUrl, issuer }) => kinds.includes(kind) && (tokenUrl ?? issuer)).map((each) => `${id}/${each.id}`),
    )
    expect([...GRANTS].sort()).toEqual(all.sort())
  })
})

describe('an answer of the token endpoint without the words of OAuth', () => {
  it.each([
    ['400 with an empty body', answer(400, ''), 'HTTP 400, empty'],
    ['401 without an error', answer(401, {}), 'HTTP 401, application/json'],
    ["a proxy's 403 page", html(403), 'HTTP 403, text/html'],
  ])('is exit 76 with what came and what to look at, and no doubt: %s', (_, given, why) => {
    const said = judgeRefresh(entryOf('kimi-code/device'), given, 'https://auth.example/token', NOW)
    if (said.kind !== 'refused') throw new Error(said.kind)
    const { code, exit, message, why: shape, fix, data } = said.error
    expect({ code, exit, message, why: shape, fix, data }).toEqual({
      code: 'CLAW_PROTOCOL',
      exit: { code: 76, name: 'PROTOCOL' },
      message: 'the token endpoint of `auth.example` refused the request without the words of OAuth',
      why,
      fix: 'check whether a proxy or firewall answers in its place',
      data: { status: given.status },
    })
  })
})
