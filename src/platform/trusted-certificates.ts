import { readFileSync } from 'node:fs'
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'
import { ClawError } from '../core/errors.ts'
import type { Environment } from './environment.ts'

/**
 * Whom claw believes who a server is: the authorities built into Node, and those of `network.ca_file`, `SSL_CERT_FILE` and
 * `NODE_EXTRA_CA_CERTS`. A file of the environment that is not there is passed over, as Node and OpenSSL do.
 *
 * @throws {ClawError} `CLAW_FILE_UNREADABLE` or `CLAW_CONFIG_INVALID` for a configured file that cannot serve.
 */
export function trustedCertificates(environment: Environment, caFile: string | undefined): SecureContext {
  const added = caFile === undefined ? [] : [configured(caFile)]
  for (const name of ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS']) {
    const pem = readIfThere(environment.get(name))
    if (pem !== undefined) added.push(pem)
  }
  // Naming `ca` replaces the built-in authorities, which are then parsed one by one: only who adds some pays for that.
  return createSecureContext({ minVersion: 'TLSv1.2', ...(added.length > 0 && { ca: [...rootCertificates, ...added] }) })
}

function configured(path: string): string {
  let pem: string
  try {
    pem = readFileSync(path, 'utf8')
  } catch (thrown) {
    const errno = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined
    throw new ClawError('CLAW_FILE_UNREADABLE', {
      what: `cannot read \`${path}\` of \`network.ca_file\``,
      why: errno,
      fix: 'set `network.ca_file` to a readable PEM file',
      cause: thrown,
    })
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new ClawError('CLAW_CONFIG_INVALID', {
      what: `\`${path}\` of \`network.ca_file\` holds no PEM certificate`,
      fix: 'set `network.ca_file` to a file of PEM certificates',
    })
  }
  return pem
}

function readIfThere(path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  try {
    const pem = readFileSync(path, 'utf8')
    return pem.includes('-----BEGIN CERTIFICATE-----') ? pem : undefined
  } catch {
    return undefined
  }
}
