import { type Dialect, json } from './dialect.ts'
import { tokenDialect } from './token-dialect.ts'

/** The path below which the server is an issuer of its own. */
export const ISSUER_PATH = '/issuer'

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

function withDiscovery(tokens: Dialect): Dialect {
  const documents = [`/.well-known/oauth-authorization-server${ISSUER_PATH}`, `${ISSUER_PATH}/.well-known/openid-configuration`]
  return {
    name: tokens.name,
    answer(request, world) {
      if (request.method !== 'GET' || !documents.includes(request.path)) return tokens.answer(request, world)
      const at = (path: string) => `${world.origin}${ISSUER_PATH}${path}`
      return json(200, {
        issuer: at(''),
        device_authorization_endpoint: at('/device_authorization'),
        token_endpoint: at('/token'),
        revocation_endpoint: at('/revoke'),
        grant_types_supported: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
        response_types_supported: [],
        token_endpoint_auth_methods_supported: ['none'],
      })
    },
  }
}
