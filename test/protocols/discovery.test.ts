import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { environmentOf } from '../../src/platform/environment.ts'
import { UndiciHttp } from '../../src/platform/undici-http.ts'
import { discoverServer, judgeMetadata, metadataUrls } from '../../src/protocols/oauth/discovery.ts'
import { answer } from '../support/answer.ts'
import { failureOf } from '../support/failure.ts'
import { loopbackServer, type Answer, type LoopbackServer } from '../support/loopback-server.ts'

const ISSUER = 'https://sso.acme.example/realms/main'
const good = {
  issuer: ISSUER,
  token_endpoint: 'https://sso.acme.example/realms/main/token',
  device_authorization_endpoint: 'https://login.acme.example/device',
  authorization_endpoint: 'https://sso.acme.example/authorize',
  revocation_endpoint: 'https://sso.acme.example/revoke',
}
const metadata = {
  issuer: ISSUER,
  tokenEndpoint: good.token_endpoint,
  deviceAuthorizationEndpoint: good.device_authorization_endpoint,
  authorizationEndpoint: good.authorization_endpoint,
  revocationEndpoint: good.revocation_endpoint,
  namesItself: false,
}

describe('metadataUrls', () => {
  it.each([
    [
      'https://acme.example',
      ['https://acme.example/.well-known/oauth-authorization-server', 'https://acme.example/.well-known/openid-configuration'],
    ],
    [
      'https://acme.example/',
      ['https://acme.example/.well-known/oauth-authorization-server', 'https://acme.example/.well-known/openid-configuration'],
    ],
    [
      ISSUER,
      [
        'https://sso.acme.example/.well-known/oauth-authorization-server/realms/main',
        'https://sso.acme.example/realms/main/.well-known/openid-configuration',
      ],
    ],
  ])('asks for %s at both places', (issuer, urls) => {
    expect(metadataUrls(issuer)).toEqual(urls)
  })

  it.each(['http://acme.example', 'ftp://acme.example', 'https://u:p@acme.example'])('S-43 asks nobody for %s', async (issuer) => {
    expect((await failureOf(() => metadataUrls(issuer))).code).toBe('CLAW_PROTOCOL')
  })
})

describe('judgeMetadata', () => {
  it('reads the endpoints, and leaves out what is not there', () => {
    expect(judgeMetadata(answer(200, { ...good, authorization_response_iss_parameter_supported: true }), ISSUER)).toEqual({
      ...metadata,
      namesItself: true,
    })
    expect(judgeMetadata(answer(200, { issuer: ISSUER, token_endpoint: good.token_endpoint, jwks_uri: 'javascript:x' }), ISSUER)).toEqual({
      ...metadata,
      deviceAuthorizationEndpoint: null,
      authorizationEndpoint: null,
      revocationEndpoint: null,
    })
  })

  it.each([[answer(404, 'no')], [answer(401, { error: 'x' })], [answer(200, '<html>')], [answer(200, {})], [answer(200, [])]])(
    'passes over what is no metadata: %j',
    (given) => {
      expect(judgeMetadata(given, ISSUER)).toBeUndefined()
    },
  )

  it('S-43 takes another port of this machine only where the user names it', async () => {
    const issuer = 'http://127.0.0.1:4000'
    const fields = (port: number) => answer(200, { issuer, token_endpoint: `http://127.0.0.1:${port}/t` })
    expect(judgeMetadata(fields(4000), issuer)?.tokenEndpoint).toBe('http://127.0.0.1:4000/t')
    expect(await failureOf(() => judgeMetadata(fields(4001), issuer))).toMatchObject({
      code: 'CLAW_PROTOCOL',
      what: `\`token_endpoint\` of \`${issuer}\` is on another site`,
      why: 'it is on `127.0.0.1:4001`',
    })
    expect(judgeMetadata(fields(4001), issuer, ['127.0.0.1:4001'])?.tokenEndpoint).toBe('http://127.0.0.1:4001/t')
  })

  it('S-43 takes another site only where the user names it', () => {
    const fields = { ...good, token_endpoint: 'https://tokens.example/t', device_authorization_endpoint: undefined }
    expect(judgeMetadata(answer(200, fields), ISSUER, ['tokens.example'])?.tokenEndpoint).toBe('https://tokens.example/t')
  })

  it.each([
    ['issuer', `${ISSUER}/`, `the metadata of \`${ISSUER}\` is that of another issuer`, undefined],
    ['issuer', ISSUER.toUpperCase(), `the metadata of \`${ISSUER}\` is that of another issuer`, undefined],
    ['issuer', null, `the metadata of \`${ISSUER}\` is that of another issuer`, undefined],
    ['token_endpoint', undefined, `\`token_endpoint\` is missing from the metadata of \`${ISSUER}\``, undefined],
    ['token_endpoint', 7, `\`token_endpoint\` of \`${ISSUER}\` must be a string`, 'it is a number'],
    ['token_endpoint', 'https://evil.example/token', `\`token_endpoint\` of \`${ISSUER}\` is on another site`, 'it is on `evil.example`'],
    [
      'token_endpoint',
      'https://evil-acme.example/token',
      `\`token_endpoint\` of \`${ISSUER}\` is on another site`,
      'it is on `evil-acme.example`',
    ],
  ])('S-43 refuses %s = %j', async (name, value, what, why) => {
    expect(await failureOf(() => judgeMetadata(answer(200, { ...good, [name]: value }), ISSUER))).toEqual({
      code: 'CLAW_PROTOCOL',
      what,
      ...(why !== undefined && { why }),
      data: { sent: true },
    })
  })

  it.each([
    ['device_authorization_endpoint', 'http://sso.acme.example/x', 'is not an https address'],
    ['device_authorization_endpoint', 'http://127.0.0.1/x', 'is not an https address'],
    ['authorization_endpoint', 'https://sso.acme.example@evil.example/', 'holds a user name or password'],
    ['authorization_endpoint', 'javascript:alert(1)', 'is no http or https address'],
    ['authorization_endpoint', 'https://sso.acme.example/$(id)`id`;x y', 'is no http or https address'],
    ['revocation_endpoint', 'file:///etc/passwd', 'is no http or https address'],
    ['token_endpoint', 'https://sso.acme.example/#x', 'has a fragment'],
  ])('S-43 refuses %s = %s', async (name, value, what) => {
    expect(await failureOf(() => judgeMetadata(answer(200, { ...good, [name]: value }), ISSUER))).toEqual({
      code: 'CLAW_PROTOCOL',
      what: `\`${name}\` ${what}`,
      data: {},
    })
  })

  it('says that the server failed, instead of looking elsewhere', async () => {
    expect(await failureOf(() => judgeMetadata(answer(503, ''), ISSUER))).toEqual({
      code: 'CLAW_SERVER',
      what: `\`${ISSUER}\` cannot give its metadata`,
      why: 'HTTP 503, empty',
      data: {},
    })
  })
})

describe('discoverServer', () => {
  let server: LoopbackServer
  const http = new UndiciHttp({ clock: systemClock(), environment: environmentOf({}) })
  afterEach(() => server.close())
  const { signal } = new AbortController()
  const start = async (answers: Record<string, (origin: string) => Answer>) => {
    server = await loopbackServer(({ path }) => answers[path]?.(server.origin) ?? { status: 404 })
    return `${server.origin}/a`
  }
  const document = (origin: string): Answer => ({ body: JSON.stringify({ issuer: `${origin}/a`, token_endpoint: `${origin}/t` }) })
  const [first, second] = ['/.well-known/oauth-authorization-server/a', '/a/.well-known/openid-configuration']

  it('stops at the first place that answers', async () => {
    const issuer = await start({ [first]: document, [second]: document })
    expect((await discoverServer(http, issuer, signal)).tokenEndpoint).toBe(`${server.origin}/t`)
    expect(server.requests.map(({ path }) => path)).toEqual([first])
  })

  it('goes on to the place of OpenID', async () => {
    const issuer = await start({ [first]: () => ({ body: '<html>welcome</html>' }), [second]: document })
    expect((await discoverServer(http, issuer, signal)).tokenEndpoint).toBe(`${server.origin}/t`)
    expect(server.requests.map(({ path, headers }) => [path, headers.accept, headers['user-agent']])).toEqual([
      [first, 'application/json', 'claw/0.0.0-test'],
      [second, 'application/json', 'claw/0.0.0-test'],
    ])
  })

  it('says what both places answered when neither has metadata', async () => {
    const issuer = await start({ [second]: () => ({ body: '<html>', headers: { 'content-type': 'text/html' } }) })
    expect(await failureOf(() => discoverServer(http, issuer, signal))).toEqual({
      code: 'CLAW_PROTOCOL',
      what: `\`${issuer}\` publishes no metadata`,
      why: `\`${first}\`: HTTP 404, empty; \`${second}\`: HTTP 200, text/html`,
      fix: 'check `issuer`, or set `token_endpoint` and the endpoint of the method in its place',
      data: { sent: true },
    })
  })

  it('S-27 follows no redirect to somebody else', async () => {
    const issuer = await start({ [first]: () => ({ status: 302, headers: { location: 'https://evil.example/' } }) })
    expect((await failureOf(() => discoverServer(http, issuer, signal))).code).toBe('CLAW_REDIRECT')
    expect(server.requests.length).toBe(1)
  })
})
