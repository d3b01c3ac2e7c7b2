import type { CredentialWorld } from '../credential/credential-question.ts'
import type { SubjectWorld } from './subject-tokens.ts'

/** One question to a source of identity tokens may take so long, ms. */
const SOURCE_TIMEOUT_MS = 10_000

/** What a source is asked with. */
export function subjectWorld({ ports, config }: Pick<CredentialWorld, 'ports' | 'config'>, signal: AbortSignal): SubjectWorld {
  const { environment, clock, machine, http, socketPath } = ports
  const { stateDir, projectRoot } = config.paths
  return { environment, clock, http, uid: machine.uid, stateDir, projectRoot, signal, timeoutMs: SOURCE_TIMEOUT_MS, socketPath }
}
