import { describe, expect, it } from 'vitest'
import { judgeMintedToken, type MintRules } from '../../src/protocols/oauth/minted-token.ts'
import { failureOf } from '../support/failure.ts'

const NOW = 1_767_225_600_000
const AT = NOW / 1_000 + 1_500
const RULES: MintRules = {
  tokenField: 'token',
  expiresField: 'expires_at',
  refreshInField: 'refresh_in',
  baseUrlField: 'endpoints.api',
  baseUrlFromToken: { key: 'proxy-ep', replacePrefix: 'proxy.', with: 'api.' },
}
const TOKEN = 'tid=x;exp=1;proxy-ep=proxy.business.githubcopilot.com;'

function judge(body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const { token, ...facts } = judgeMintedToken({ status: 200, headers, text }, RULES, NOW)
  return { ...facts, token: token.reveal() }
}

describe('a token that an exchange mints', () => {
  it('comes with its end and the host it is used at', () => {
    expect(judge({ token: TOKEN, expires_at: AT, refresh_in: 1_200, endpoints: {} })).toEqual({
      token: TOKEN,
      lifetimeMs: 1_500_000,
      baseUrl: 'https://api.business.githubcopilot.com',
    })
  })

  it.each([
    ['proxy.individual.githubcopilot.com', 'https://api.individual.githubcopilot.com'],
    ['copilot-proxy.githubusercontent.com', 'https://copilot-proxy.githubusercontent.com'],
    ['proxy.proxy.githubcopilot.com', 'https://api.proxy.githubcopilot.com'],
    ['127.0.0.1:4000', 'https://127.0.0.1:4000'],
    // Whether the host may have the token is judged by who knows the hosts.
    ['evil.example', 'https://evil.example'],
    ['', null],
  ])('is used where proxy-ep = %s leads', (host, baseUrl) => {
    expect(judge({ token: `tid=x;proxy-ep=${host};sku=y`, expires_at: AT }).baseUrl).toBe(baseUrl)
  })

  it.each([
    [TOKEN, 'https://api.business.githubcopilot.com'],
    ['tid=x', 'https://api.enterprise.githubcopilot.com'],
  ])('is used where %s says before the answer around it', (token, baseUrl) => {
    expect(judge({ token, expires_at: AT, endpoints: { api: 'https://api.enterprise.githubcopilot.com' } }).baseUrl).toBe(baseUrl)
  })

  it.each(['tid=x;sku=y', 'no-list-at-all', 'x-proxy-ep=evil.example'])('has no host where the token is %s', (token) => {
    expect(judge({ token, expires_at: AT }).baseUrl).toBeNull()
  })

  it.each([
    [{ expires_at: AT }, {}, 1_500_000],
    [{ expires_at: String(AT) }, {}, 1_500_000],
    [{ expires_at: AT, refresh_in: 60 }, {}, 1_500_000],
    // A clock here that is ten minutes off makes no difference where the server says what time it has.
    [{ expires_at: AT + 600 }, { date: new Date(NOW + 600_000).toUTCString() }, 1_500_000],
    [{ refresh_in: 1_200 }, {}, 1_200_000],
    [{ expires_at: null }, {}, null],
    [{}, {}, null],
    [{ refresh_in: -1 }, {}, null],
    [{ expires_at: AT + 86_400 * 365 }, {}, 86_400_000],
  ])('lives as %j with the headers %j say', (fields, headers, lifetimeMs) => {
    expect(judge({ token: 'a-token', ...fields }, headers).lifetimeMs).toBe(lifetimeMs)
  })

  it.each([
    ['a page', '<html>', 'the answer of the exchange is not a JSON object'],
    ['empty', '', 'the answer of the exchange is not a JSON object'],
    ['a list', [], 'the answer of the exchange is not a JSON object'],
    ['without a token', { expires_at: AT }, 'the answer of the exchange has no `token`'],
    ['with an empty token', { token: '', expires_at: AT }, 'the answer of the exchange has no `token`'],
    ['with a token that is a number', { token: 7, expires_at: AT }, 'the answer of the exchange has no `token`'],
    ['with a line break in the token', { token: 'a\r\nx: y', expires_at: AT }, '`token` of the exchange cannot be sent in a header'],
    ['with letters of another script', { token: 'пк', expires_at: AT }, '`token` of the exchange cannot be sent in a header'],
    ['with a token of 17 KiB', { token: 'x'.repeat(17_000), expires_at: AT }, '`token` of the exchange cannot be sent in a header'],
    ['with an end that is a text', { token: 'a', expires_at: 'soon' }, '`expires_at` of the exchange must be an instant in seconds'],
    ['with an end in milliseconds', { token: 'a', expires_at: NOW }, '`expires_at` of the exchange must be an instant in seconds'],
    ['with an end below zero', { token: 'a', expires_at: -1 }, '`expires_at` of the exchange must be an instant in seconds'],
    ['with an end that is over', { token: 'a', expires_at: NOW / 1_000 }, 'the exchange brought a token that has expired already'],
    [
      'with a host that is an address',
      { token: 'proxy-ep=https://x.example/;', expires_at: AT },
      '`proxy-ep` of the exchanged token is no host',
    ],
    ['with a user in the host', { token: 'proxy-ep=a@x.example', expires_at: AT }, '`proxy-ep` of the exchanged token is no host'],
    [
      'with an address that is none',
      { token: 'a', expires_at: AT, endpoints: { api: 7 } },
      '`endpoints.api` of the exchange must be an address',
    ],
    ['with a path in the host', { token: 'proxy-ep=x.example/y', expires_at: AT }, '`proxy-ep` of the exchanged token is no host'],
  ])('is refused in an answer %s', async (_, body, what) => {
    expect(await failureOf(() => judge(body))).toMatchObject({ code: 'CLAW_PROTOCOL', what })
  })
})
