import { assign, setup } from 'xstate'
import { ClawError, toClawError } from '../core/errors.ts'
import { answer, failure, port } from './port.ts'

/** A check before it has run. It says something only when every check that it needs has held. */
export interface PlannedCheck {
  readonly id: string
  readonly needs: readonly string[]
  /** The longest it may take once it runs, ms. */
  readonly limitMs: number
}

/** The part of a finding that decides what happens next. */
export interface FindingStatus {
  readonly status: 'pass' | 'warn' | 'fail' | 'skip'
}

export type CheckOutcome<Finding> =
  | { readonly ok: true; readonly id: string; readonly kind: 'found'; readonly finding: Finding }
  /** The check whose failure or silence took the ground away. */
  | { readonly ok: true; readonly id: string; readonly kind: 'skipped'; readonly because: string }
  | { readonly ok: false; readonly id: string; readonly kind: 'overran'; readonly limitMs: number; readonly error: ClawError }
  | { readonly ok: false; readonly id: string; readonly kind: 'crashed'; readonly error: ClawError }

interface Context<Finding> extends PlannedCheck {
  /** Needs that have not spoken yet. */
  open: readonly string[]
  blockedBy: string | null
  finding: Finding | null
  error: ClawError | null
  hasOverrun: boolean
}

/** Whether others may build on what this check found. */
export function holds(outcome: CheckOutcome<FindingStatus>): boolean {
  return outcome.kind === 'found' && (outcome.finding.status === 'pass' || outcome.finding.status === 'warn')
}

function outcomeOf<Finding>(context: Context<Finding>): CheckOutcome<Finding> {
  const { id, limitMs, finding, blockedBy } = context
  const error = context.error ?? new ClawError('CLAW_INTERNAL', { what: `the check \`${id}\` ended without a finding` })
  if (finding !== null) return { ok: true, id, kind: 'found', finding }
  if (context.hasOverrun) return { ok: false, id, kind: 'overran', limitMs, error }
  if (blockedBy !== null) return { ok: true, id, kind: 'skipped', because: blockedBy }
  return { ok: false, id, kind: 'crashed', error }
}

/** `Finding` is what the check found: the machine reads its status only. */
export function checkMachine<Finding extends FindingStatus>() {
  return setup({
    types: {
      context: {} as Context<Finding>,
      input: {} as PlannedCheck,
      events: {} as { type: 'CANCEL' } | { type: 'NEED_SETTLED'; id: string; holds: boolean },
      output: {} as CheckOutcome<Finding>,
    },
    actors: { runCheck: port<Finding, { id: string }>('runCheck') },
    guards: {
      isBlocked: ({ context }) => context.blockedBy !== null,
      hasItsGround: ({ context }) => context.open.length === 0,
      isPass: (_, finding: FindingStatus) => finding.status === 'pass',
      isWarning: (_, finding: FindingStatus) => finding.status === 'warn',
      isFailure: (_, finding: FindingStatus) => finding.status === 'fail',
    },
    actions: {
      noteNeed: assign(({ context }, need: { id: string; holds: boolean }) => ({
        open: context.open.filter((id) => id !== need.id),
        blockedBy: context.blockedBy ?? (need.holds ? null : need.id),
      })),
      keepFinding: assign({ finding: (_, params: { finding: Finding }) => params.finding }),
      fail: assign({ error: (_, params: { thrown: unknown }) => toClawError(params.thrown) }),
      failOverrun: assign({
        hasOverrun: true,
        error: ({ context }) => new ClawError('CLAW_TIMEOUT', { what: `the check \`${context.id}\` took too long` }),
      }),
      failCancelled: assign({
        error: ({ context }) => new ClawError('CLAW_CANCELLED', { what: `the check \`${context.id}\` was cancelled` }),
      }),
    },
    delays: { limit: ({ context }) => context.limitMs },
  }).createMachine({
    id: 'check',
    description: 'One check of the doctor: it waits for its ground, runs within its limit, and never takes another one down',
    context: ({ input }) => ({ ...input, open: input.needs, blockedBy: null, finding: null, error: null, hasOverrun: false }),
    initial: 'waiting',
    on: { CANCEL: { target: '.crashed', actions: 'failCancelled' } },
    states: {
      waiting: {
        description: 'for the checks that it needs',
        always: [
          { guard: 'isBlocked', target: 'skipped' },
          { guard: 'hasItsGround', target: 'running' },
        ],
        on: { NEED_SETTLED: { actions: { type: 'noteNeed', params: ({ event }) => event } } },
      },
      running: {
        after: { limit: { target: 'overran', actions: 'failOverrun' } },
        invoke: {
          src: 'runCheck',
          input: ({ context }) => ({ id: context.id }),
          onDone: [
            {
              guard: { type: 'isPass', params: answer },
              target: 'passed',
              actions: { type: 'keepFinding', params: ({ event }) => ({ finding: event.output }) },
            },
            {
              guard: { type: 'isWarning', params: answer },
              target: 'warned',
              actions: { type: 'keepFinding', params: ({ event }) => ({ finding: event.output }) },
            },
            {
              guard: { type: 'isFailure', params: answer },
              target: 'failed',
              actions: { type: 'keepFinding', params: ({ event }) => ({ finding: event.output }) },
            },
            { target: 'skipped', actions: { type: 'keepFinding', params: ({ event }) => ({ finding: event.output }) } },
          ],
          onError: { target: 'crashed', actions: { type: 'fail', params: failure } },
        },
      },
      passed: { type: 'final' },
      warned: { type: 'final' },
      failed: { type: 'final' },
      skipped: { type: 'final' },
      overran: { type: 'final' },
      crashed: { type: 'final' },
    },
    output: ({ context }) => outcomeOf(context),
  })
}
