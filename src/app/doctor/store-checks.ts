import type { Check, Finding } from './check.ts'
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
  if ('error' in ground.store || !ground.store.inspection.exists) return [readable]
  const { snapshot, inspection } = ground.store
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
      run: async () => privacy(inspection.unsafe, inspection.modeProblem, inspection.groupWritable, inspection.protection),
    },
  ]
  const add = (id: string, title: string, detail: string, command: string) =>
    checks.push({
      id,
      title,
      severity: 'warn',
      needs,
      limitMs: QUICK_MS,
      run: async () => ({ status: 'warn', evidence: 'static', detail, fix: { command } }),
    })
  const links = snapshot.warnings.find(({ code }) => code === 'store.links')
  if (links) add('store.links', 'credential store has one name', links.message, 'claw doctor --fix')
  if (snapshot.copied)
    add(
      'store.copied',
      'credential store belongs to this machine',
      'another machine wrote it: two machines that refresh the same grant lose it',
      'claw auth logout --all',
    )
  if (inspection.leftovers.length > 0)
    add('store.leftovers', 'no interrupted write is left', `${inspection.leftovers.length} temporary files`, 'claw doctor --fix')
  if (inspection.quarantined.length > 0)
    add('store.quarantined', 'no corrupt store is kept aside', inspection.quarantined.join(', '), `rm the file when you are done with it`)
  return checks
}

function canBeRead({ store, session, repairs }: Ground): Finding {
  const did = repairs.length > 0 ? `; ${repairs.join('; ')}` : ''
  if (!('error' in store))
    return { status: 'pass', evidence: 'static', detail: `${session.ports.store.place}: ${store.inspection.protection}${did}` }
  const { error } = store
  return {
    status: 'fail',
    evidence: 'static',
    detail: [error.message, error.why].filter(Boolean).join(': '),
    ...(error.fix ? { fix: { command: error.fix } } : {}),
  }
}

function privacy(unsafe: string | null, modeProblem: string | null, groupWritable: string | null, protection: string): Finding {
  if (unsafe)
    return {
      status: 'fail',
      evidence: 'static',
      detail: `others can swap files there: ${unsafe}`,
      fix: { command: 'chmod o-w the directory' },
    }
  if (modeProblem) return { status: 'warn', evidence: 'static', detail: modeProblem, fix: { command: 'claw doctor --fix' } }
  if (groupWritable)
    return {
      status: 'warn',
      evidence: 'static',
      detail: `the group can write to \`${groupWritable}\``,
      fix: { command: `chmod g-w '${groupWritable}'` },
    }
  return { status: 'pass', evidence: 'static', detail: protection }
}
