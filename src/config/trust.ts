import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { ClawError } from '../core/errors.ts'
import type { ConfigFiles, FoundFile } from '../platform/config-files.ts'
import type { Environment } from '../platform/environment.ts'
import type { Note } from './config.ts'

/** A project file that was trusted: by where it is and what it says, both. */
export interface TrustGrant {
  /** SHA-256 of the real path, a NUL, and the bytes of the file. */
  readonly hash: string
  readonly path: string
  /** SHA-256 of the bytes alone, as `CLAW_TRUST_PROJECT` takes it. */
  readonly sha256: string
}

export type TrustFile = { readonly grants: readonly TrustGrant[] } | { readonly fault: string }

const MAX_TRUST_BYTES = 1024 * 1024

export function contentHash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export function grantFor({ realPath, bytes }: FoundFile): TrustGrant {
  return {
    hash: createHash('sha256').update(realPath).update('\0').update(bytes).digest('hex'),
    path: realPath,
    sha256: contentHash(bytes),
  }
}

/** Whether this very file may say what a trusted one may (S-17). */
export async function trustOf(
  file: FoundFile,
  environment: Environment,
  read: () => Promise<TrustFile>,
  notes: Note[],
): Promise<'trusted' | 'untrusted' | 'mismatch'> {
  const grant = grantFor(file)
  const pinned = environment.get('CLAW_TRUST_PROJECT')
  if (pinned !== undefined) return pinned.toLowerCase() === grant.sha256 ? 'trusted' : 'mismatch'
  const trust = await read()
  if ('fault' in trust) {
    notes.push({ code: 'trust-unreadable', message: `no project is trusted: the list of trusted projects ${trust.fault}` })
    return 'untrusted'
  }
  return trust.grants.some(({ hash }) => hash === grant.hash) ? 'trusted' : 'untrusted'
}

/** The grants of this user. A list that others could have written counts for nothing. */
export async function readTrust(files: Pick<ConfigFiles, 'read'>, stateDir: string | null): Promise<TrustFile> {
  if (stateDir === null) return { grants: [] }
  let found: FoundFile | undefined
  try {
    found = await files.read(trustFile(stateDir), { maxBytes: MAX_TRUST_BYTES, follow: false })
  } catch (thrown) {
    if (thrown instanceof ClawError) return { fault: 'cannot be read' }
    throw thrown
  }
  if (!found) return { grants: [] }
  if ((found.mode & 0o022) !== 0) return { fault: 'can be written by others' }
  const grants = parseGrants(found.bytes)
  return grants ? { grants } : { fault: 'is damaged' }
}

/** @throws {ClawError} `CLAW_STORE_UNREADABLE` where the list is there and cannot be used: it is never overwritten. */
export async function changeTrust(
  files: ConfigFiles,
  stateDir: string,
  change: (grants: readonly TrustGrant[]) => readonly TrustGrant[],
): Promise<void> {
  const trust = await readTrust(files, stateDir)
  const path = trustFile(stateDir)
  if ('fault' in trust)
    throw new ClawError('CLAW_STORE_UNREADABLE', {
      what: `the list of trusted projects ${trust.fault}`,
      why: path,
      fix: `mv ${path} ${path}.bad`,
    })
  await files.replace(path, `${JSON.stringify({ version: 1, grants: change(trust.grants) }, null, 2)}\n`, 'CLAW_STORE_UNWRITABLE')
}

export function trustFile(stateDir: string): string {
  return join(stateDir, 'trust.json')
}

function parseGrants(bytes: Uint8Array): TrustGrant[] | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
  if (
    typeof parsed !== 'object' ||
    parsed === null ||
    !('version' in parsed) ||
    parsed.version !== 1 ||
    !('grants' in parsed) ||
    !Array.isArray(parsed.grants)
  )
    return undefined
  const grants: TrustGrant[] = []
  for (const entry of parsed.grants) {
    const grant = parseGrant(entry)
    if (!grant) return undefined
    grants.push(grant)
  }
  return grants
}

function parseGrant(entry: unknown): TrustGrant | undefined {
  if (typeof entry !== 'object' || entry === null || !('hash' in entry) || !('path' in entry) || !('sha256' in entry)) return undefined
  const { hash, path, sha256 } = entry
  const isValid =
    typeof hash === 'string' &&
    typeof path === 'string' &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(hash) &&
    /^[0-9a-f]{64}$/.test(sha256)
  return isValid ? { hash, path, sha256 } : undefined
}
