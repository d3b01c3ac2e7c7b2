import { formatInstant } from '../../core/duration.ts'
import { ClawError } from '../../core/errors.ts'
import { writeBundle } from '../../credentials/bundle.ts'
import { createPrivate, errnoOf, removeIfThere, rename, temporaryName } from '../../platform/files.ts'
import { coversOrigin } from '../../providers/hosts.ts'
import { headersBeside } from './credential-headers.ts'
import { type ChosenCredential, findCredential } from './find-credential.ts'
import { refuseUnfilled } from '../catalogue/route-settings.ts'
import type { Session } from '../session.ts'
import { type Demand, type UsableCredential, usableCredential } from './usable-credential.ts'

/** A credential that may be handed to another program now. @throws {ClawError} what finding and refreshing it throw. */
export async function handOut(session: Session, name: string, demand: Demand): Promise<UsableCredential> {
  const chosen = await findCredential(session, { named: session.catalogue.find(name), model: null })
  if (chosen.kind === 'none')
    throw new ClawError('CLAW_NO_CREDENTIAL', {
      what: `\`${chosen.route.id}\` needs no credential, so there is none to print`,
      fix: `claw prompt -m ${name} TEXT`,
    })
  return usableCredential(session, chosen, demand)
}

/**
 * A credential without any way to renew it, for a job that shall have no more than that.
 *
 * @throws {ClawError} `CLAW_CONFIG_INVALID` where a setting that its address needs is missing
 */
export function bundleOf(credential: ChosenCredential): string {
  const { route, kind, secret, auth, expiresAt, account, baseUrl, origins } = credential
  if (!secret) throw new ClawError('CLAW_NO_CREDENTIAL', { what: 'there is no credential to bundle' })
  refuseUnfilled(baseUrl, route)
  return writeBundle({
    provider: route.provider,
    route: route.id,
    kind,
    token: secret,
    tokenType: auth.scheme ?? 'Bearer',
    expiresAt,
    account,
    baseUrl,
    hosts: hostsOf(origins, baseUrl),
  })
}

/** The hosts of a list of origins; of those that a pattern stands for only the one in use. */
function hostsOf(origins: ReadonlySet<string>, baseUrl: string): string[] {
  const { origin } = new URL(baseUrl)
  const named = [...origins].filter((each) => !each.includes('*'))
  return [...new Set([...named, ...(coversOrigin(origins, origin) ? [origin] : [])].map((each) => new URL(each).host))]
}

/** Writes a bundle as a 0600 file, whole or not at all. @throws {ClawError} `CLAW_OUTPUT` */
export async function writeBundleFile(path: string, bundle: string): Promise<void> {
  const temporary = temporaryName(path)
  try {
    const handle = await createPrivate(temporary)
    try {
      await handle.writeFile(bundle)
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
  } catch (thrown) {
    await removeIfThere(temporary)
    throw new ClawError('CLAW_OUTPUT', { what: `cannot write \`${path}\``, why: errnoOf(thrown), cause: thrown })
  }
}

/**
 * The object of `claw.token/1`; its headers are what must be sent beside the one of the credential, and hold no secret.
 *
 * @throws {ClawError} `CLAW_CONFIG_INVALID` where a setting that its address needs is missing
 */
export function tokenObject({ credential }: UsableCredential): Record<string, unknown> {
  const { secret, auth, expiresAt, route, baseUrl, account } = credential
  refuseUnfilled(baseUrl, route)
  const beside = headersBeside(credential)
  const ofRoute = Object.entries(route.entry.headers ?? {}).filter(([name]) => !Object.hasOwn(beside, name.toLowerCase()))
  return {
    version: 1,
    token: secret?.reveal(),
    tokenType: auth.scheme ?? (auth.header === 'x-api-key' ? 'x-api-key' : 'Bearer'),
    expiresAt: expiresAt === null ? null : formatInstant(expiresAt),
    provider: route.provider,
    route: route.id,
    baseUrl,
    headers: { ...Object.fromEntries(ofRoute), ...beside },
    account,
  }
}
