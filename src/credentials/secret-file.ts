import { ClawError } from '../core/errors.ts'
import { readRegularFile } from '../platform/files.ts'

/** The largest file that one secret may stand in, bytes (S-06). */
const MAX_SECRET_FILE = 64 * 1024
const OTHERS_MAY_WRITE = 0o002

/**
 * The bytes of a file that holds one secret. Links are followed and others may read it, as secret mounts are made; it must
 * belong to this user or to root, and nobody else may write it (S-06, S-22).
 *
 * @param source what errors call it: `file:/path`, `cred:NAME`, `env:NAME_FILE`
 * @param uid the user that claw runs as; negative where there are no users, or where any of them may have written it
 * @throws {ClawError} `CLAW_REFERENCE_UNRESOLVED`; `CLAW_INSECURE` where another user could have written it.
 */
export async function readSecretFile(path: string, source: string, uid: number): Promise<Buffer> {
  const file = await readRegularFile(path, { maxBytes: MAX_SECRET_FILE, followSymlinks: true, code: 'CLAW_REFERENCE_UNRESOLVED' })
  if (!file)
    throw new ClawError('CLAW_REFERENCE_UNRESOLVED', {
      what: `\`${source}\` leads to a file that does not exist`,
      why: 'ENOENT',
      data: { path },
    })
  if ((file.mode & OTHERS_MAY_WRITE) !== 0) {
    throw new ClawError('CLAW_INSECURE', {
      what: `the file of \`${source}\` can be written by every user`,
      why: `its mode is ${file.mode.toString(8)}`,
      fix: `chmod o-w ${path}`,
      data: { path },
    })
  }
  if (uid >= 0 && file.uid !== uid && file.uid !== 0) {
    throw new ClawError('CLAW_INSECURE', {
      what: `the file of \`${source}\` belongs to another user`,
      why: `its owner is ${file.uid}, and claw runs as ${uid}`,
      fix: `chown ${uid} ${path}`,
      data: { path },
    })
  }
  return file.bytes
}
