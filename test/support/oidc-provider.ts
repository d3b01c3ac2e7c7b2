import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider, { errors } from 'oidc-provider'

export interface ProviderRequest {
  readonly method: string
  readonly path: string
  /** Fields of a form body. */
  readonly form: Readonly<Record<string, string>>
  status: number
}

/** An authorization server that nobody here wrote: npm `oidc-provider` on loopback. */
export interface OidcProvider extends AsyncDisposable {
  readonly issuer: string
  /** A public client that may use the device grant, the code grant with PKCE and rotating refresh tokens. */
  readonly clientId: string
  /** What was asked, in order, with the status of each answer. */
  readonly requests: readonly ProviderRequest[]
  /** Requests to the token endpoint of one grant type. */
  tokenRequests(grantType: string): readonly ProviderRequest[]
  /** Does what a person does in a browser: enters the code (or opens the complete address), signs in, consents. */
  approve(codeOrUri: string): Promise<void>
  /** The same, ending with "abort". */
  deny(codeOrUri: string): Promise<void>
  /** Opens the address of an authorization request, signs in and consents; gives the address that the browser is sent to at the end. */
  authorize(url: string, decision?: 'approve' | 'deny'): Promise<string>
  close(): Promise<void>
}

export interface OidcProviderOptions {
  /** Seconds. */
  readonly accessTokenTtl?: number
  readonly deviceCodeTtl?: number
  readonly port?: number
}

const CLIENT_ID = 'claw-test'
/** A client of the code grant that has a secret, which goes into the body. */
export const CONFIDENTIAL = { clientId: 'claw-confidential', secret: 'a-secret-of-the-confidential-client' }
/** The only API that tokens may be asked for by name (RFC 8707). */
export const RESOURCE = 'https://api.acme.example/'

export async function startOidcProvider({
  accessTokenTtl = 300,
  deviceCodeTtl = 600,
  port = 0,
}: OidcProviderOptions = {}): Promise<OidcProvider> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const handle = new Provider(issuer, configuration(accessTokenTtl, deviceCodeTtl)).callback()
  const requests: ProviderRequest[] = []
  server.on('request', (request, response) => {
    const body: Buffer[] = []
    // The provider reads the body when it pleases; a listener here would take it away.
    const push = request.push.bind(request)
    request.push = (chunk, encoding) => {
      if (chunk) body.push(Buffer.from(chunk))
      return push(chunk, encoding)
    }
    response.once('finish', () => {
      const form = Object.fromEntries(new URLSearchParams(Buffer.concat(body).toString()))
      requests.push({ method: request.method ?? '', path: request.url ?? '', form, status: response.statusCode })
    })
    handle(request, response)
  })
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return {
    issuer,
    clientId: CLIENT_ID,
    requests,
    tokenRequests: (grantType) => requests.filter(({ path, form }) => path === '/token' && form.grant_type === grantType),
    approve: async (codeOrUri) => void (await visit(issuer, codeOrUri, false)),
    deny: async (codeOrUri) => void (await visit(issuer, codeOrUri, true)),
    authorize: (url, decision = 'approve') => visit(issuer, url, decision === 'deny'),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function configuration(accessTokenTtl: number, deviceCodeTtl: number): Readonly<Record<string, unknown>> {
  return {
    clients: [
      {
        client_id: CLIENT_ID,
        token_endpoint_auth_method: 'none',
        application_type: 'native',
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'authorization_code', 'refresh_token'],
        redirect_uris: ['http://127.0.0.1/callback'],
        response_types: ['code'],
      },
      {
        client_id: CONFIDENTIAL.clientId,
        client_secret: CONFIDENTIAL.secret,
        token_endpoint_auth_method: 'client_secret_post',
        application_type: 'native',
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: ['http://127.0.0.1/callback'],
        response_types: ['code'],
      },
    ],
    features: {
      deviceFlow: { enabled: true },
      devInteractions: { enabled: true },
      revocation: { enabled: true },
      introspection: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: async (_context: unknown, resource: string) => {
          if (resource !== RESOURCE) throw new errors.InvalidTarget()
          return { scope: 'openid offline_access', accessTokenFormat: 'opaque' }
        },
      },
    },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    findAccount: async (_context: unknown, id: string) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    ttl: {
      AccessToken: accessTokenTtl,
      DeviceCode: deviceCodeTtl,
      RefreshToken: 86_400,
      IdToken: 3_600,
      Session: 86_400,
      Interaction: 600,
      Grant: 86_400,
    },
    cookies: { keys: ['a key for tests'] },
  }
}

/**
 * A browser without a window: one person with a cookie jar, who fills in the forms in the order in which they appear. It
 * ends where the provider is done, or where it sends the browser elsewhere: that address is given, and not loaded.
 */
async function visit(issuer: string, codeOrUri: string, isRefused: boolean): Promise<string> {
  const cookies = new Map<string, string>()
  const load = async (url: string, form?: Record<string, string>): Promise<{ url: string; html: string }> => {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    const location = response.headers.get('location')
    const html = await response.text()
    if (location === null) return { url, html }
    const next = new URL(location, url)
    return next.origin === issuer ? load(next.href) : { url: next.href, html: '' }
  }
  const isUri = codeOrUri.startsWith('http')
  let page = await load(isUri ? codeOrUri : `${issuer}/device`)
  for (let step = 0; step < 8; step++) {
    if (new URL(page.url).origin !== issuer) return page.url
    const form = formOf(page.html)
    if (form === undefined) {
      if (isRefused ? /interrupted/i.test(page.html) : /success/i.test(page.html)) return page.url
      throw new Error(
        `the provider shows a page without a form: ${page.html.replace(/<style>[\s\S]*?<\/style>/g, '').replace(/<[^>]+>|\s+/g, ' ')}`,
      )
    }
    if (isRefused && form.fields.user_code === '' && step > 0) return page.url
    const filled = { ...form.fields }
    if ('user_code' in filled && filled.user_code === '') filled.user_code = isUri ? '' : codeOrUri
    if (filled.prompt === 'login') Object.assign(filled, { login: 'somebody', password: 'anything' })
    if (filled.confirm !== undefined && isRefused) {
      delete filled.confirm
      filled.abort = 'yes'
    }
    const abort = /<a href="([^"]*\/abort)"/.exec(page.html)?.[1]
    if (isRefused && abort !== undefined) {
      page = await load(new URL(abort, page.url).href)
      continue
    }
    page = await load(new URL(form.action, page.url).href, filled)
  }
  throw new Error('the provider never stops asking')
}

function formOf(html: string): { action: string; fields: Record<string, string> } | undefined {
  const [, attributes = '', inner = ''] = /<form([^>]*)>([\s\S]*?)<\/form>/.exec(html) ?? []
  const action = attributeOf(attributes, 'action')
  if (action === undefined) return undefined
  const fields: Record<string, string> = {}
  for (const [, input = ''] of inner.matchAll(/<input([^>]*)>/g)) {
    const name = attributeOf(input, 'name')
    if (name !== undefined) fields[name] = attributeOf(input, 'value') ?? ''
  }
  return { action, fields }
}

function attributeOf(tag: string, name: string): string | undefined {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]?.replaceAll('&amp;', '&')
}
