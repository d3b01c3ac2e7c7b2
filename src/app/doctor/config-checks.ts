import type { Check, Finding } from './check.ts'
import { storeFix } from './fixes.ts'
import type { Ground } from './ground.ts'

const QUICK_MS = 2_000

export function configChecks(ground: Ground): Check<Ground>[] {
  const { session } = ground
  const checks: Check<Ground>[] = [
    {
      id: 'config.valid',
      title: 'configuration is valid',
      severity: 'error',
      needs: [],
      limitMs: QUICK_MS,
      docs: 'claw help config',
      run: async () => validity(ground),
    },
  ]
  if (session.config.notes.length > 0) {
    checks.push({
      id: 'config.notes',
      title: 'configuration has nothing to be said about',
      severity: 'warn',
      needs: [],
      limitMs: QUICK_MS,
      docs: 'claw help security',
      run: async () => ({
        status: 'warn',
        evidence: 'static',
        detail: session.config.notes.map(({ message }) => message).join('; '),
        fix: { command: 'claw config show' },
      }),
    })
  }
  if (session.trust === 'untrusted') {
    checks.push({
      id: 'trust.project',
      title: 'the project file is trusted',
      severity: 'info',
      needs: [],
      limitMs: QUICK_MS,
      docs: 'claw help security',
      run: async () => ({ status: 'pass', evidence: 'static', detail: 'it is not, and may set the model only' }),
    })
  }
  return checks
}

function validity({ session, store }: Ground): Finding {
  const error = session.configError
  if (!error) return { status: 'pass', evidence: 'static', detail: session.config.paths.userFile ?? 'no configuration file' }
  const isOfStore = 'error' in store && store.error === error
  return {
    status: 'fail',
    evidence: 'static',
    detail: [error.message, error.why].filter(Boolean).join(': '),
    ...(isOfStore
      ? storeFix(session, error)
      : { fix: { command: error.code === 'CLAW_TRUST_MISMATCH' ? 'claw trust' : 'claw config check' } }),
  }
}
