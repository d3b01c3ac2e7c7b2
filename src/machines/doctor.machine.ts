import { assign, emit, enqueueActions, setup, type DoneActorEvent } from 'xstate'
import { ClawError, toClawError } from '../core/errors.ts'
import { checkMachine, holds, type CheckOutcome, type FindingStatus, type PlannedCheck } from './check.machine.ts'
import { failure, port } from './port.ts'

interface Context<Finding> {
  plan: readonly PlannedCheck[]
  outcomes: ReadonlyMap<string, CheckOutcome<Finding>>
  isComplete: boolean
  error: ClawError | null
}

type Outcome<Finding> =
  /** One outcome for each planned check, in the order of the plan. */
  { readonly ok: true; readonly outcomes: readonly CheckOutcome<Finding>[] } | { readonly ok: false; readonly error: ClawError }

type Settled<Finding> = DoneActorEvent<CheckOutcome<Finding>, `check.${string}`>

/** Why a plan cannot be run. A check waits for earlier ones only, so that no two wait for each other; a need that is not planned holds nothing back. */
function planProblem(plan: readonly PlannedCheck[]): string | null {
  const ids = plan.map(({ id }) => id)
  for (const [index, { id, needs }] of plan.entries()) {
    if (ids.indexOf(id) !== index) return `the check \`${id}\` is planned twice`
    const late = needs.find((need) => ids.indexOf(need) >= index)
    if (late !== undefined) return `the check \`${id}\` needs \`${late}\`, which does not come before it`
  }
  return null
}

function outcomeOf<Finding>({ plan, outcomes, isComplete, error }: Context<Finding>): Outcome<Finding> {
  if (isComplete) return { ok: true, outcomes: plan.flatMap(({ id }) => outcomes.get(id) ?? []) }
  return { ok: false, error: error ?? new ClawError('CLAW_INTERNAL', { what: 'the doctor ended without a report' }) }
}

/** `Finding` is what a check found: the machine reads its status only. */
export function doctorMachine<Finding extends FindingStatus>() {
  return setup({
    types: {
      context: {} as Context<Finding>,
      events: {} as { type: 'CANCEL' } | Settled<Finding>,
      emitted: {} as { type: 'checkSettled'; outcome: CheckOutcome<Finding> },
      output: {} as Outcome<Finding>,
    },
    actors: {
      loadGround: port<void>('loadGround'),
      resolveCredentials: port<readonly PlannedCheck[]>('resolveCredentials'),
      check: checkMachine<Finding>(),
    },
    guards: {
      isBroken: (_, params: { plan: readonly PlannedCheck[] }) => planProblem(params.plan) !== null,
      isComplete: ({ context }) => context.outcomes.size === context.plan.length,
    },
    actions: {
      keepPlan: assign({ plan: (_, params: { plan: readonly PlannedCheck[] }) => params.plan }),
      startChecks: enqueueActions(({ context, enqueue }) => {
        const planned = new Set(context.plan.map(({ id }) => id))
        for (const { id, needs, limitMs } of context.plan) {
          enqueue.spawnChild('check', { id: `check.${id}`, input: { id, limitMs, needs: needs.filter((need) => planned.has(need)) } })
        }
      }),
      keepOutcome: assign({
        outcomes: ({ context }, { outcome }: { outcome: CheckOutcome<Finding> }) => new Map(context.outcomes).set(outcome.id, outcome),
      }),
      tellWhoNeedsIt: enqueueActions(({ context, enqueue }, { outcome }: { outcome: CheckOutcome<Finding> }) => {
        const isOver = (need: string) => {
          const before = need === outcome.id ? undefined : context.outcomes.get(need)
          return before !== undefined && !holds(before)
        }
        for (const { id, needs } of context.plan) {
          // One whose ground has failed already waits for nothing more.
          if (needs.includes(outcome.id) && !context.outcomes.has(id) && !needs.some(isOver)) {
            enqueue.sendTo(`check.${id}`, { type: 'NEED_SETTLED', id: outcome.id, holds: holds(outcome) })
          }
        }
      }),
      announceOutcome: emit((_, { outcome }: { outcome: CheckOutcome<Finding> }) => ({ type: 'checkSettled', outcome })),
      noteComplete: assign({ isComplete: true }),
      fail: assign({ error: (_, params: { thrown: unknown }) => toClawError(params.thrown) }),
      failBroken: assign({
        error: (_, params: { plan: readonly PlannedCheck[] }) =>
          new ClawError('CLAW_INTERNAL', { what: planProblem(params.plan) ?? 'the plan of the doctor is broken' }),
      }),
      failCancelled: assign({ error: () => new ClawError('CLAW_CANCELLED', { what: 'the doctor was cancelled' }) }),
    },
  }).createMachine({
    id: 'doctor',
    description: 'Everything claw can say about its own set-up: the ground, the credentials, then all checks at once',
    context: { plan: [], outcomes: new Map(), isComplete: false, error: null },
    initial: 'loadingGround',
    on: { CANCEL: { target: '.failed', actions: 'failCancelled' } },
    states: {
      loadingGround: {
        description: 'configuration, store and environment, broken or not',
        invoke: {
          src: 'loadGround',
          onDone: { target: 'resolvingCredentials' },
          onError: { target: 'failed', actions: { type: 'fail', params: failure } },
        },
      },
      resolvingCredentials: {
        description: 'who would be used decides what is checked',
        invoke: {
          src: 'resolveCredentials',
          onDone: [
            {
              guard: { type: 'isBroken', params: ({ event }) => ({ plan: event.output }) },
              target: 'failed',
              actions: { type: 'failBroken', params: ({ event }) => ({ plan: event.output }) },
            },
            { target: 'runningChecks', actions: { type: 'keepPlan', params: ({ event }) => ({ plan: event.output }) } },
          ],
          onError: { target: 'failed', actions: { type: 'fail', params: failure } },
        },
      },
      runningChecks: {
        description: 'side by side; one whose ground fails is skipped and says so',
        entry: 'startChecks',
        always: { guard: 'isComplete', target: 'reported' },
        on: {
          'xstate.done.actor.check.*': {
            actions: [
              { type: 'keepOutcome', params: ({ event }) => ({ outcome: event.output }) },
              { type: 'announceOutcome', params: ({ event }) => ({ outcome: event.output }) },
              { type: 'tellWhoNeedsIt', params: ({ event }) => ({ outcome: event.output }) },
            ],
          },
        },
      },
      reported: { type: 'final', entry: 'noteComplete' },
      failed: { type: 'final' },
    },
    output: ({ context }) => outcomeOf(context),
  })
}
