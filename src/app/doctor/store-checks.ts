import type { ClawError } from '../../core/errors.ts'
import { slotName } from '../../core/vocabulary.ts'
import type { CredentialRecord } from '../../credentials/record.ts'
import type { StoreInspection } from '../../credentials/store.ts'
import { signInAgain } from '../sign-in/sign-in-command.ts'
import type { Check, Finding, Fix } from './check.ts'
import { fixFrom, storeFix, told } from './fixes.ts'
import type { Ground } from './ground.ts'

const QUICK_MS = 2_000

/** What is said of the store depends on whether anything is in it: a pipeline with keys from its environment hears nothing of files. */
export function storeChecks(ground: Ground): Check<Ground>[] {
  const readable: Check<Ground> = {
    id: 'store.readable',
    title: 'credential store can be read',
    severity: 'error',
    needs: [],
    limitMs: QUICK_MS,
    docs: 'claw help security',
    run: async () => canBeRead(ground),
  }
  if ('error' in ground.store) return [readable]
  const { snapshot, inspection, signedOutAnswers, writeError } = ground.store
  // A pipeline that has its credentials from elsewhere never writes there.
  const isSpare = ground.ci.vendor !== null && ground.uses.length > 0 && ground.uses.every(({ chosen }) => chosen !== null)
  if (!inspection.exists && (inspection.unsafe === null || isSpare)) return [readable]
  const needs = ['store.readable']
  const checks: Check<Ground>[] = [
    readable,
    {
      id: 'store.mode',
      title: 'credential store is private',
      severity: 'error',
      needs,
      limitMs: QUICK_MS,
      docs: 'claw help security',
      run: async () => privacy(inspection, writeError),
    },
  ]
  // In an unsafe directory nothing is written either, and that has been said.
  if (writeError && inspection.unsafe === null) {
    checks.push({
      id: 'store.writable',
      title: 'credential store can be written',
      severity: 'error',
      needs,
      limitMs: QUICK_MS,
      docs: 'claw help security',
      run: async () => cannotBeWritten(writeError),
    })
  }
  const add = (id: string, title: string, detail: string, fix: Fix | undefined) =>
    checks.push({
      id,
      title,
      severity: 'warn',
      needs,
      limitMs: QUICK_MS,
      run: async () => ({ status: 'warn', evidence: 'static', detail, ...(fix && { fix }) }),
    })
  const links = snapshot.warnings.find(({ code }) => code === 'store.links')
  if (links) add('store.links', 'credential store has one name', links.message, { command: 'claw doctor --fix' })
  if (snapshot.copied)
    add(
      'store.copied',
      'credential store belongs to this machine',
      'another machine wrote it: two machines that refresh the same grant lose it, so each needs a sign-in of its own',
      signInsAgain(snapshot.records),
    )
  if (inspection.sharedOn !== null)
    add(
      'store.shared',
      'credential store is on a disk of this machine',
      `it lies on ${inspection.sharedOn}: the locks of another machine cannot be judged from here, so that two may refresh one grant`,
      { env: 'CLAW_HOME' },
    )
  if (inspection.leftovers.length > 0)
    add('store.leftovers', 'no interrupted write is left', `${inspection.leftovers.length} temporary files`, {
      command: 'claw doctor --fix',
    })
  if (signedOutAnswers.length > 0)
    add(
      'store.answers',
      'no token of a signed-out grant is left',
      `a refresh was cut short after a sign-out, and its answer lies beside the store: ${signedOutAnswers.map(({ record }) => slotName(record)).join(', ')}`,
      { command: 'claw doctor --fix' },
    )
  if (inspection.quarantined.length > 0)
    add('store.quarantined', 'no corrupt store is kept aside', inspection.quarantined.join(', '), {
      command: `rm ${inspection.quarantined.map(quoted).join(' ')}`,
    })
  return checks
}

function canBeRead({ store, session, repairs }: Ground): Finding {
  const did = repairs.length > 0 ? `; ${repairs.join('; ')}` : ''
  if (!('error' in store))
    return { status: 'pass', evidence: 'static', detail: `${session.ports.store.place}: ${store.inspection.protection}${did}` }
  const { error } = store
  return { status: 'fail', evidence: 'static', ...told(error), ...(error === session.configError ? storeFix(session, error) : {}) }
}

/** What a newer claw wrote can be read here; whatever else stops a write would stop the next refresh. */
function cannotBeWritten(error: ClawError): Finding {
  const isForNow = error.code === 'CLAW_STORE_NEWER' || error.code === 'CLAW_LEASE_BUSY'
  return { status: isForNow ? 'warn' : 'fail', evidence: 'static', ...told(error) }
}

/** Nothing is taken back at a provider: the grants go on serving where they came from. Keys serve on both machines. */
function signInsAgain(records: readonly CredentialRecord[]): Fix | undefined {
  const commands = records.filter(({ refreshable, state }) => refreshable && state !== 'logged_out').map((record) => signInAgain(record))
  return commands.length > 0 ? { command: [...new Set(commands)].join(' && ') } : undefined
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`
}

function privacy({ unsafe, modeProblem, groupWritable, protection }: StoreInspection, writeError: ClawError | null): Finding {
  if (unsafe !== null) {
    const fix = fixFrom(writeError?.fix)
    return { status: 'fail', evidence: 'static', detail: `others can swap files there: ${unsafe}`, ...(fix && { fix }) }
  }
  if (modeProblem) return { status: 'warn', evidence: 'static', detail: modeProblem, fix: { command: 'claw doctor --fix' } }
  if (groupWritable)
    return {
      status: 'warn',
      evidence: 'static',
      detail: `the group can write to \`${groupWritable}\``,
      fix: { command: `chmod g-w ${quoted(groupWritable)}` },
    }
  return { status: 'pass', evidence: 'static', detail: protection }
}
