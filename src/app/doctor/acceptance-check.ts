import { ClawError } from '../../core/errors.ts'
import { accessStepOf } from '../access/access-step.ts'
import { usableCredential } from '../credential/usable-credential.ts'
import { replacement } from '../sign-in/sign-in-command.ts'
import type { Finding } from './check.ts'
import { describe, refusalTold } from './fixes.ts'
import type { CredentialUse, Ground } from './ground.ts'

/** At most one cheap request. A grant that has run out is refreshed first, under its lease, as every command would. */
export async function acceptance({ chosen, route }: CredentialUse, { session, options }: Ground): Promise<Finding> {
  if (options.offline) return { status: 'skip', evidence: 'resolved', detail: 'not asked: --offline' }
  if (!chosen) return { status: 'skip', evidence: 'resolved', detail: 'there is no credential to ask with' }
  if (chosen.state !== 'wins' && !options.mayRefresh)
    return { status: 'skip', evidence: 'resolved', detail: 'it must be refreshed first: --no-refresh' }
  const step = accessStepOf(chosen)
  if (step && step.kind !== 'server' && !options.mayRefresh)
    return { status: 'skip', evidence: 'resolved', detail: 'the provider must be asked how it is used first: --no-refresh' }
  try {
    const { credential } = options.mayRefresh ? await usableCredential(session, chosen) : { credential: chosen }
    // Asking is loaded only where something is asked.
    const [{ probeCredential }, { renewedCredential }] = await Promise.all([
      import('../access/probe.ts'),
      import('../refresh/renewed-credential.ts'),
    ])
    const first = await probeCredential(session, credential)
    // As a prompt does: one refresh, one more try.
    const isRefused = first.error?.code === 'CLAW_CREDENTIAL_REJECTED' && options.mayRefresh
    const newer = isRefused ? await renewedCredential(session, credential) : undefined
    const probe = newer ? await probeCredential(session, newer) : first
    const { status, evidence, detail, error } = probe
    if (status === 'pass') return { status, evidence, detail }
    return { status, evidence, ...refusalTold(error, detail, route, chosen.kind === 'none' ? undefined : replacement(chosen)) }
  } catch (thrown) {
    if (!(thrown instanceof ClawError)) throw thrown
    const isStore = thrown.exit.name === 'STORE'
    const said = refusalTold(thrown, describe(thrown), route, replacement(chosen))
    return {
      status: isStore ? 'skip' : 'fail',
      evidence: 'resolved',
      ...said,
      detail: isStore ? `this could not be verified: ${said.detail}` : said.detail,
    }
  }
}
