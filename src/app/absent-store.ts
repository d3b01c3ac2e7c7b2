import { ClawError } from '../core/errors.ts'
import { type CredentialStore, UNREMARKABLE } from '../credentials/store.ts'

/**
 * The store of a user without a home: it reads as empty, so that keys of the environment go on working, and stores nothing.
 *
 * @param error why there is none, where the configuration is at fault: it is not read either then
 */
export function absentStore(error?: ClawError): CredentialStore {
  const refuse = () =>
    Promise.reject(
      error ??
        new ClawError('CLAW_HOME_MISSING', {
          what: 'there is no place for a credential store',
          why: 'HOME is not set',
          fix: 'set CLAW_HOME to an absolute directory that this user can write',
        }),
    )
  return {
    backend: 'none',
    place: error ? 'nowhere' : 'nowhere (HOME is not set)',
    read: error ? refuse : async () => ({ records: [], flows: [], now: 0, revision: '', copied: false, warnings: [] }),
    tryLease: refuse,
    release: async () => undefined,
    write: refuse,
    changed: refuse,
    sight: () => 'unknown',
    inspect: async () => ({
      exists: false,
      protection: 'nothing can be stored',
      ...UNREMARKABLE,
    }),
    repair: async () => [],
    assertWritable: refuse,
  }
}
