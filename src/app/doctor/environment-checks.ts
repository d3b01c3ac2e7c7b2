import { formatInstant } from '../../core/duration.ts'
import { ClawError } from '../../core/errors.ts'
import { readBundle } from '../../credentials/bundle.ts'
import { readSecretFile } from '../../credentials/secret-file.ts'
import type { Check, Finding } from './check.ts'
import { told } from './fixes.ts'
import type { Ground } from './ground.ts'

const QUICK_MS = 2_000
const BUNDLE_FILE = 'CLAW_BUNDLE_FILE'

/** Variables that change what this process trusts or prints, and what each does. */
const RISKY: readonly [name: string, isRisky: (value: string) => boolean, does: string][] = [
  ['SSLKEYLOGFILE', () => true, 'writes the keys of TLS sessions to a file'],
  ['NODE_DEBUG', (value) => /http|net|tls|undici|fetch/.test(value), 'prints headers or addresses of requests'],
  [
    'NODE_OPTIONS',
    (value) => /--(?:inspect|require|import|loader|tls-keylog|report)/.test(value),
    'lets other code or a debugger into this process',
  ],
  ['LD_PRELOAD', () => true, 'loads other code into this process'],
]

export function environmentChecks(ground: Ground): Check<Ground>[] {
  const checks: Check<Ground>[] = [
    {
      id: 'environment.tls',
      title: 'TLS is verified',
      severity: 'error',
      needs: [],
      limitMs: QUICK_MS,
      docs: 'claw help security',
      run: async () => tls(ground),
    },
    {
      id: 'environment.variables',
      title: 'no variable weakens this process',
      severity: 'warn',
      needs: [],
      limitMs: QUICK_MS,
      docs: 'claw help environment',
      run: async () => variables(ground),
    },
  ]
  const path = ground.session.ports.environment.get(BUNDLE_FILE)
  if (path !== undefined) {
    checks.push({
      id: 'environment.bundle',
      title: 'the bundle can be read',
      severity: 'error',
      needs: [],
      limitMs: QUICK_MS,
      docs: 'claw help environment',
      run: async () => bundle(path, ground),
    })
  }
  if (ground.ci.vendor !== null) {
    checks.push({
      id: 'environment.ci',
      title: 'CI system',
      severity: 'info',
      needs: [],
      limitMs: QUICK_MS,
      docs: 'claw help ci',
      run: async () => pipeline(ground),
    })
  }
  return checks
}

function tls({ session }: Ground): Finding {
  const isOff = session.ports.environment.get('NODE_TLS_REJECT_UNAUTHORIZED') === '0'
  return isOff
    ? {
        status: 'fail',
        evidence: 'static',
        detail: 'NODE_TLS_REJECT_UNAUTHORIZED=0 switches verification off: no credential is sent',
        fix: { command: 'unset NODE_TLS_REJECT_UNAUTHORIZED' },
      }
    : { status: 'pass', evidence: 'static', detail: 'verification is on' }
}

function variables({ session }: Ground): Finding {
  const set = RISKY.filter(([name, isRisky]) => {
    const value = session.ports.environment.get(name)
    return value !== undefined && isRisky(value)
  })
  const [first] = set
  if (!first) return { status: 'pass', evidence: 'static', detail: 'none is set' }
  return {
    status: 'warn',
    evidence: 'static',
    detail: set.map(([name, , does]) => `${name} ${does}`).join('; '),
    fix: { command: `unset ${set.map(([name]) => name).join(' ')}` },
  }
}

/** One that cannot be read stops whoever gets as far as it; where all use something else, it is only in the way. */
async function bundle(path: string, { session, uses }: Ground): Promise<Finding> {
  const source = `env:${BUNDLE_FILE}`
  try {
    const { route, expiresAt } = readBundle((await readSecretFile(path, source, session.ports.machine.uid)).toString('utf8'), source)
    return {
      status: 'pass',
      evidence: 'static',
      detail: `a credential of ${route}${expiresAt === null ? '' : ` until ${formatInstant(expiresAt)}`}`,
    }
  } catch (thrown) {
    if (!(thrown instanceof ClawError)) throw thrown
    const isNeeded = uses.length === 0 || uses.some(({ chosen }) => chosen === null)
    return { status: isNeeded ? 'fail' : 'warn', evidence: 'static', fix: { env: BUNDLE_FILE }, ...told(thrown) }
  }
}

function pipeline({ ci }: Ground): Finding {
  const kind = ci.isFork ? ', a pull request from a fork: secrets are not available there' : ci.isPR ? ', a pull request' : ''
  return { status: 'pass', evidence: 'static', detail: `${ci.name}${kind}` }
}
