import { fromPromise } from 'xstate'
import { toClawError } from '../../core/errors.ts'
import { checkMachine, type CheckOutcome, type PlannedCheck } from '../../machines/check.machine.ts'
import { doctorMachine } from '../../machines/doctor.machine.ts'
import type { CiSystem } from '../../platform/ci.ts'
import { detectCi } from '../../platform/ci.ts'
import { withEvent } from '../../platform/ci-event.ts'
import { identityMethods } from '../identity/identity-methods.ts'
import { runMachine } from '../run-machine.ts'
import type { Session } from '../session.ts'
import { dropSignedOutAnswers, signedOutAnswers } from '../sign-out/signed-out-answers.ts'
import { type Check, type CheckResult, type Finding, matchesId } from './check.ts'
import { refuseUnknownIds } from './check-ids.ts'
import { configChecks } from './config-checks.ts'
import { credentialChecks, type IdentityChecks } from './credential-checks.ts'
import { environmentChecks } from './environment-checks.ts'
import type { DoctorOptions, Ground } from './ground.ts'
import { type DoctorReport, reportOf } from './report.ts'
import { storeChecks } from './store-checks.ts'
import { tierChecks } from './tier-checks.ts'
import { credentialUses } from './uses.ts'

/**
 * Everything that claw can say about its own set-up. What cannot be read is a finding, not an end; the exit code follows
 * from the findings alone.
 *
 * @throws {ClawError} where doctor itself cannot run: `CLAW_USAGE`, `CLAW_PROVIDER_UNKNOWN`, `CLAW_TIER_UNKNOWN`, the reason of the signal.
 */
export async function runDoctor(session: Session, options: DoctorOptions): Promise<DoctorReport> {
  const { clock, version } = session.ports
  const startedAt = clock.now()
  let ground: Ground | undefined
  let checks: Check<Ground>[] = []
  const durations = new Map<string, number>()
  const machine = doctorMachine<Finding>().provide({
    actors: {
      loadGround: fromPromise(async () => {
        const { environment } = session.ports
        ground = await loadGround(session, options, await withEvent(detectCi(environment), environment))
      }),
      resolveCredentials: fromPromise(async (): Promise<readonly PlannedCheck[]> => {
        const loaded = known(ground)
        const snapshot = 'snapshot' in loaded.store ? loaded.store.snapshot : undefined
        ground = { ...loaded, uses: await credentialUses(session, options, snapshot) }
        checks = planned(ground, options, await identities(ground))
        return checks.map(({ id, needs, limitMs }) => ({ id, needs, limitMs }))
      }),
      check: checkMachine<Finding>().provide({
        actors: {
          runCheck: fromPromise(async ({ input, signal }) => {
            const at = clock.now()
            try {
              return await found(checks, input.id).run(known(ground), signal)
            } finally {
              durations.set(input.id, Math.round(clock.now() - at))
            }
          }),
        },
      }),
    },
  })
  const outcome = await runMachine(machine, { clock, input: undefined, signal: session.signal })
  if (!outcome.ok) throw outcome.error
  const { uses } = known(ground)
  const mayDiffer = options.probe && uses.some(({ chosen }) => chosen?.federation != null)
  const after = mayDiffer ? await (await import('./identity/kept-candidates.ts')).withKept(uses, session) : uses
  const results = outcome.outcomes.map((each) => resultOf(found(checks, each.id), each, durations.get(each.id) ?? 0))
  return reportOf(version, results, resolutionOf(after), Math.round(clock.now() - startedAt), options.failOn)
}

async function loadGround(session: Session, options: DoctorOptions, ci: CiSystem): Promise<Ground> {
  const { store } = session.ports
  try {
    const repairs = options.fix ? [...(await store.repair())] : []
    const snapshot = await store.read()
    const left = await signedOutAnswers(session, snapshot)
    if (options.fix && left.length > 0) {
      await dropSignedOutAnswers(session, left, !options.offline)
      repairs.push(`${left.length} saved answers of signed-out grants removed`)
    }
    const inspection = await store.inspect()
    const isThere = inspection.exists || inspection.unsafe !== null
    const writeError = isThere ? await store.assertWritable().then(() => null, toClawError) : null
    return {
      session,
      options,
      ci,
      store: { snapshot, inspection, signedOutAnswers: options.fix ? [] : left, writeError },
      uses: [],
      repairs,
    }
  } catch (thrown) {
    return { session, options, ci, store: { error: toClawError(thrown) }, uses: [], repairs: [] }
  }
}

/** What is said of identities is loaded only where there is one. */
async function identities(ground: Ground): Promise<IdentityChecks> {
  return hasIdentity(ground) ? (await import('./identity/identity-checks.ts')).identityChecks(ground) : new Map()
}

/** Whether anything speaks for an identity of a route in use, or of another route of its provider. */
function hasIdentity({ uses, session: { catalogue, ports } }: Ground): boolean {
  const routes = uses.flatMap(({ named }) => (named ? [...named.routes, ...catalogue.find(named.provider).routes] : []))
  return routes.some((route) => identityMethods(route, ports.environment).length > 0)
}

function planned(ground: Ground, { only, skip }: DoctorOptions, identity: IdentityChecks): Check<Ground>[] {
  const all = [
    ...configChecks(ground),
    ...environmentChecks(ground),
    ...storeChecks(ground),
    ...credentialChecks(ground, identity),
    ...tierChecks(ground),
  ]
  refuseUnknownIds(
    ground,
    all.map(({ id }) => id),
  )
  return all.filter(({ id }) => (only.length === 0 || matchesId(id, only)) && !matchesId(id, skip))
}

function resultOf(check: Check<Ground>, outcome: CheckOutcome<Finding>, durationMs: number): CheckResult {
  const facts = {
    id: check.id,
    severity: check.severity,
    category: check.id.split('.', 1)[0] ?? '',
    title: check.title,
    docs: check.docs ?? null,
    durationMs,
  }
  switch (outcome.kind) {
    case 'found': {
      const { status, evidence, detail, fix } = outcome.finding
      return { ...facts, status, evidence, detail, fix: fix ?? null }
    }
    case 'skipped':
      return { ...facts, status: 'skip', evidence: 'static', detail: `not checked, because \`${outcome.because}\` did not hold`, fix: null }
    case 'overran':
      return {
        ...facts,
        status: 'fail',
        evidence: 'static',
        detail: `the check did not end within ${outcome.limitMs / 1_000} s`,
        fix: null,
      }
    case 'crashed':
      return { ...facts, status: 'fail', evidence: 'static', detail: `the check itself failed: ${outcome.error.message}`, fix: null }
  }
}

function resolutionOf(uses: Ground['uses']): DoctorReport['resolution'] {
  return uses.map(({ tier, provider, route, profile, model, authMode, candidates }) => ({
    tier,
    provider,
    route,
    profile,
    model,
    authMode,
    candidates,
  }))
}

function known(ground: Ground | undefined): Ground {
  if (!ground) throw new Error('the doctor has no ground')
  return ground
}

function found(checks: readonly Check<Ground>[], id: string): Check<Ground> {
  const check = checks.find((each) => each.id === id)
  if (!check) throw new Error(`there is no check ${id}`)
  return check
}
