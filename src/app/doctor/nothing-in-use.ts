import { ownNames } from '../catalogue/catalogue.ts'
import { hasOne, otherProfiles } from '../credential/other-profiles.ts'
import { wantedCredential } from '../credential/wanted-credential.ts'
import type { Check } from './check.ts'
import { profileFix } from './fixes.ts'
import type { Ground } from './ground.ts'

const LIMIT_MS = 2_000

/** A job whose secret is empty looks like a machine that nobody has set up: neither will authenticate. */
export const nothingInUse: Check<Ground> = {
  id: 'credential.any.present',
  title: 'some provider has a credential',
  severity: 'error',
  needs: ['store.readable'],
  limitMs: LIMIT_MS,
  docs: 'claw auth list',
  run: async (ground) => {
    const [other] = elsewhere(ground)
    const absent = { status: 'fail', evidence: 'resolved' } as const
    if (other?.profiles[0] === undefined)
      return {
        ...absent,
        detail: 'no provider has a credential here: none is stored, configured or in a variable, and no tier names one',
        fix: { command: 'claw auth list' },
      }
    return {
      ...absent,
      detail: `no provider has a credential under the profile \`${other.profile}\`, and \`${other.name}\` ${hasOne(other.profiles)}`,
      fix: profileFix(other.profiles[0]),
    }
  },
}

/** Every provider that has a credential under another profile than the one in force. */
function elsewhere({ session: { config, catalogue }, store }: Ground) {
  if (!('snapshot' in store)) return []
  const { snapshot } = store
  return ownNames(catalogue)
    .map((named) => {
      const wanted = wantedCredential(config, catalogue, named, undefined)
      return { name: named.name, profile: wanted.profile, profiles: otherProfiles(named, wanted, snapshot) }
    })
    .filter(({ profiles }) => profiles.length > 0)
}
