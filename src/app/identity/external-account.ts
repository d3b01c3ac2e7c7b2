import { ClawError } from '../../core/errors.ts'
import type { Reference } from '../../core/reference.ts'
import { readSecretFile } from '../../credentials/secret-file.ts'
import type { Environment } from '../../platform/environment.ts'
import { fieldsOf, jsonFields } from '../../protocols/answer.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import { isAtHost } from '../../providers/hosts.ts'
import type { Route } from '../catalogue/catalogue.ts'
import { type FederationReading, readFederation } from './federation.ts'

type Fields = ReadonlyMap<string, unknown>

/** {@link readFederation}, with what a file of the vendor's own says. A file that may not say it is a fault of the method. */
export async function federationHere(
  { route, auth }: { readonly route: Route; readonly auth: AuthEntry },
  { environment, uid }: { readonly environment: Environment; readonly uid: number },
  question: { readonly profile: string; readonly isNamed: boolean },
): Promise<FederationReading> {
  try {
    return readFederation({ route, auth: await withVendorFile(auth, environment, uid) }, environment, question)
  } catch (thrown) {
    if (!(thrown instanceof ClawError)) throw thrown
    return { kind: 'faulty', source: `${route.id}/${auth.id}`, error: thrown }
  }
}

/**
 * An auth entry with what a file of the vendor's own says of its identity (Google's `external_account`), where a variable
 * names one and the user's file says nothing. Another kind of file is none of this method.
 *
 * @throws {ClawError} `CLAW_CONFIG_INVALID` for a file whose token would come from a program, or go to another host;
 * as {@link readSecretFile}
 */
async function withVendorFile(auth: AuthEntry, environment: Environment, uid: number): Promise<AuthEntry> {
  const { federation } = auth
  const variable = federation?.envMap.config_file
  const path = variable === undefined ? undefined : environment.get(variable)
  if (!federation || variable === undefined || path === undefined || auth.subjectToken !== undefined) return auth
  const fields = jsonFields((await readSecretFile(path, `env:${variable}`, uid)).toString('utf8'))
  if (!fields || fields.get('type') !== federation.configFileType) return auth
  const tokenUrl = fields.get('token_url')
  if (typeof tokenUrl !== 'string' || !isAtHost(tokenUrl, federation.exchangeHosts)) throw refused(variable, 'names another token endpoint')
  return {
    ...auth,
    subjectToken: sourceIn(fieldsOf(fields.get('credential_source')), environment, variable),
    ids: { ...idsIn(fields, variable), ...auth.ids },
  }
}

/** `//iam.googleapis.com/POOL_PROVIDER`, and the address at which the account is acted as. */
function idsIn(fields: Fields, variable: string): Record<string, string> {
  const audience = fields.get('audience')
  const [, pool] = (typeof audience === 'string' && /^\/\/iam\.googleapis\.com\/(.+)$/.exec(audience)) || []
  if (pool === undefined) throw refused(variable, 'names no pool and provider')
  const impersonation = fields.get('service_account_impersonation_url')
  const [, account] = (typeof impersonation === 'string' && /\/serviceAccounts\/([^/:]+):generateAccessToken$/.exec(impersonation)) || []
  return { pool_provider: pool, ...(account === undefined ? {} : { service_account: decodeURIComponent(account) }) }
}

function sourceIn(source: Fields | undefined, environment: Environment, variable: string): Reference {
  const path = source?.get('file')
  const url = source?.get('url')
  const format = fieldsOf(source?.get('format'))?.get('type') ?? 'text'
  if (typeof path === 'string' && format === 'text') return { scheme: 'file', path }
  if (typeof url === 'string' && isRequestUrl(url, environment)) {
    const audience = new URL(url).searchParams.get('audience')
    return { scheme: 'oidc', source: 'github', audience: audience ?? undefined }
  }
  const what = source?.get('executable') === undefined ? 'has a source of tokens that claw does not read' : 'runs a program for its token'
  throw refused(variable, what)
}

/** What `google-github-actions/auth` writes: the request of the runner, audience included. */
function isRequestUrl(url: string, environment: Environment): boolean {
  const asked = environment.get('ACTIONS_ID_TOKEN_REQUEST_URL')
  return asked !== undefined && URL.canParse(url) && url.startsWith(asked)
}

function refused(variable: string, what: string): ClawError {
  return new ClawError('CLAW_CONFIG_INVALID', {
    what: `the file of \`${variable}\` ${what}`,
    why: 'a file of the environment may say which pool and which file, and no more',
    fix: 'write `subject_token` and `pool_provider` in [providers.google-vertex.auth.federation]',
  })
}
