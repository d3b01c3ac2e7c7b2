import { authorizationPage } from './authorization-page.ts'
import { type Dialect, json } from '../dialect.ts'
import { ISSUER_PATH } from './issuer-path.ts'
import { tokenDialect } from './token-dialect.ts'

/** A server as the RFCs have it, with both metadata documents (RFC 8414, OpenID Connect Discovery). */
export const rfc8628: Dialect = withDiscovery(
  tokenDialect({
    name: 'rfc8628',
    devicePath: `${ISSUER_PATH}/device_authorization`,
    tokenPath: `${ISSUER_PATH}/token`,
    revokePath: `${ISSUER_PATH}/revoke`,
    hasEmptyUri: false,
    scope: null,
  }),
)

/** The same server for browsers: it names itself in every response (RFC 9207). */
export const rfc6749: Dialect = authorizationPage({
  name: 'rfc6749',
  path: `${ISSUER_PATH}/authorize`,
  clients: ['claw'],
  redirects: [/^http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost)(?::\d+)?\//],
  issuer: ({ origin }) => `${origin}${ISSUER_PATH}`,
})

function withDiscovery(tokens: Dialect): Dialect {
  const documents = [`/.well-known/oauth-authorization-server${ISSUER_PATH}`, `${ISSUER_PATH}/.well-known/openid-configuration`]
  return {
    name: tokens.name,
    answer(request, world) {
      if (request.method !== 'GET' || !documents.includes(request.path)) return tokens.answer(request, world)
      const at = (path: string) => `${world.origin}${ISSUER_PATH}${path}`
      return json(200, {
        issuer: at(''),
        authorization_endpoint: at('/authorize'),
        device_authorization_endpoint: at('/device_authorization'),
        token_endpoint: at('/token'),
        revocation_endpoint: at('/revoke'),
        grant_types_supported: [
          'authorization_code',
          'urn:ietf:params:oauth:grant-type:device_code',
          'refresh_token',
          'urn:ietf:params:oauth:grant-type:token-exchange',
          'urn:ietf:params:oauth:grant-type:jwt-bearer',
          'client_credentials',
        ],
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
        authorization_response_iss_parameter_supported: true,
        token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
      })
    },
  }
}
