import { formatDuration, formatInstant } from '../../core/duration.ts'
import { ClawError } from '../../core/errors.ts'
import { slotName } from '../../core/vocabulary.ts'
import { remainingMs } from '../../credentials/refresh-decision.ts'
import { endsSoon } from '../credential/ending.ts'
import { warningOf } from '../sign-in/key-warning.ts'
import { commandForKind, renewalCommand, replacement } from '../sign-in/sign-in-command.ts'
import { accessStepOf } from '../access/access-step.ts'
import { hasOne } from '../credential/other-profiles.ts'
import { usableCredential } from '../credential/usable-credential.ts'
import type { Check, Finding, Fix } from './check.ts'
import { inDoubt } from './doubt.ts'
import { credentialFix, describe, profileFix, refusalTold } from './fixes.ts'
import type { CredentialUse, Ground } from './ground.ts'
import { nothingInUse } from './nothing-in-use.ts'

const QUICK_MS = 2_000
/** A request has 10 s, and may wait for a refresh by another process before. */
const ACCEPTANCE_MS = 70_000

/** Each credential once, however many tiers use it. */
export function credentialChecks(ground: Ground): Check<Ground>[] {
  if (ground.uses.length === 0) return [nothingInUse]
  const distinct = ground.uses.filter((use, n) => ground.uses.findIndex((other) => slotName(other) === slotName(use)) === n)
  return distinct.flatMap((use) => checksOf(use, ground))
}

function checksOf(use: CredentialUse, ground: Ground): Check<Ground>[] {
  const name = slotName(use)
  const present = `credential.${name}.present`
  const isNone = use.chosen?.kind === 'none'
  const checks: Check<Ground>[] = []
  if (!isNone)
    checks.push({
      id: present,
      title: `${name} has a credential`,
      severity: 'error',
      needs: [],
      limitMs: QUICK_MS,
      docs: `claw auth ${use.provider}`,
      run: async () => presence(use, ground),
    })
  const { chosen } = use
  if (!chosen) return checks
  const fresh = `credential.${name}.fresh`
  if (!isNone && chosen.expiresAt !== null) {
    checks.push({
      id: fresh,
      title: `${name}'s credential is not about to end`,
      severity: 'error',
      needs: [present],
      limitMs: QUICK_MS,
      run: async () => freshness(use, ground),
    })
  }
  if (use.isInDoubt) {
    checks.push({
      id: `credential.${name}.doubt`,
      title: `${name}'s last refresh was answered`,
      severity: 'warn',
      needs: [present],
      limitMs: QUICK_MS,
      run: async () => inDoubt(use, ground),
    })
  }
  if (ground.options.require !== undefined) {
    checks.push({
      id: `credential.${name}.kind`,
      title: `${name} uses the kind that is required`,
      severity: 'error',
      needs: [present],
      limitMs: QUICK_MS,
      run: async () => requiredKind(use, ground),
    })
  }
  const needs = isNone ? [] : [present, ...(chosen.expiresAt === null ? [] : [fresh])]
  checks.push({
    id: `provider.${name}.accepts`,
    title: isNone ? `${name} answers` : `${name} takes the credential`,
    severity: 'error',
    needs,
    limitMs: ACCEPTANCE_MS,
    run: (at) => acceptance(use, at),
  })
  return checks
}

function presence(use: CredentialUse, { ci }: Ground): Finding {
  const { chosen, error, candidates } = use
  if (!chosen) {
    const isForked = ci.isFork === true ? 'secrets are not available to pull requests from forks; ' : ''
    return { status: 'fail', evidence: 'resolved', detail: `${isForked}${whyAbsent(use)}`, ...presenceFix(use, error) }
  }
  const shadowed = candidates.filter(({ state }) => state === 'shadowed').map(({ source }) => source)
  const wrong = candidates.find(({ state }) => state === 'wrong_kind')
  const detail = `${chosen.kind} from ${chosen.source}${chosen.masked ? ` (${chosen.masked})` : ''}${shadowed.length > 0 ? `; not used: ${shadowed.join(', ')}` : ''}`
  if (wrong)
    return {
      status: 'warn',
      evidence: 'resolved',
      detail: `${wrong.source}: ${wrong.reason ?? 'it is of another kind'}`,
      fix: { command: `unset ${wrong.source.replace(/^env:/, '')}` },
    }
  const { contradictedBy } = chosen
  if (contradictedBy)
    return {
      status: 'warn',
      evidence: 'resolved',
      detail: `${detail}, and ${contradictedBy.length === 1 ? 'it holds' : 'they hold'} another value`,
      fix: { command: `unset ${contradictedBy.map((source) => source.replace(/^env:/, '')).join(' ')}` },
    }
  const warning = chosen.secret ? warningOf(chosen.auth, chosen.secret.reveal()) : undefined
  if (warning !== undefined) return { status: 'warn', evidence: 'resolved', detail: `${detail}: ${warning}` }
  return { status: 'pass', evidence: 'resolved', detail }
}

function whyAbsent({ error, candidates }: CredentialUse): string {
  if (!error) return 'nothing was found'
  const waits = error.code === 'CLAW_NO_CREDENTIAL' && candidates.some(({ state }) => state === 'pending')
  const profiles = Array.isArray(error.data.profiles) ? error.data.profiles.map(String) : []
  if (profiles.length > 0) return `${error.message}: it ${hasOne(profiles)}`
  const off = candidates.find(({ state, source, reason }) => state === 'refused' && source.startsWith('store:') && reason !== undefined)
  if (error.code === 'CLAW_NO_CREDENTIAL' && off) return `${error.message}: ${off.reason}`
  return waits
    ? `${error.message}: a sign-in waits to be approved`
    : `${describe(error)}${error.code === 'CLAW_NO_CREDENTIAL' ? '' : ` (${error.code})`}`
}

/** What the error says; else the variable or key that was given and leads nowhere. */
function presenceFix({ candidates, provider, route }: CredentialUse, error: ClawError | null): { readonly fix?: Fix } {
  const profiles = error?.data.profiles
  if (Array.isArray(profiles) && profiles.length > 0) return { fix: profileFix(String(profiles[0])) }
  const { fix } = credentialFix(error, provider)
  // A line of configuration is the whole remedy.
  const said = fix ? { fix: fix.config === undefined ? { ...commandOf(error), ...fix } : fix } : {}
  const given = candidates.find(({ state, source }) => state === 'missing' && (source === 'config' || source.startsWith('env:')))
  if (said.fix || !given) return said
  if (given.source !== 'config') return { fix: { env: given.source.slice('env:'.length) } }
  return { fix: { config: `[providers.${route}] ${given.kind === 'token' ? 'auth_token' : 'api_key'}` } }
}

/** Where a variable is one remedy, a sign-in that is kept is another; one that somebody approves elsewhere needs no key at all. */
function commandOf(error: ClawError | null): Pick<Fix, 'command'> {
  const commands = error?.code === 'CLAW_NO_CREDENTIAL' && Array.isArray(error.data.commands) ? error.data.commands.map(String) : []
  const command = commands.find((each) => each.includes('--device')) ?? commands[0]
  return command === undefined ? {} : { command }
}

function freshness({ chosen, record }: CredentialUse, { session, options }: Ground): Finding {
  const now = session.ports.clock.wall()
  const leftMs = record ? remainingMs(record, now) : (chosen?.expiresAt ?? Number.POSITIVE_INFINITY) - now
  const isRefreshable = record?.refreshable ?? false
  const at = chosen?.expiresAt ? formatInstant(chosen.expiresAt) : 'a time that is not known'
  if (leftMs <= 0) {
    if (isRefreshable) return { status: 'pass', evidence: 'resolved', detail: `it ended ${at} and can be refreshed` }
    return {
      status: 'fail',
      evidence: 'resolved',
      detail: `it ended ${at} and cannot be refreshed here`,
      ...(chosen ? { fix: { command: renewalCommand(chosen) } } : {}),
    }
  }
  if (options.minTtlMs !== undefined && leftMs < options.minTtlMs && !isRefreshable) {
    return {
      status: 'fail',
      evidence: 'resolved',
      detail: `it ends ${at}, sooner than in ${formatDuration(options.minTtlMs)}`,
      ...(chosen ? { fix: { command: renewalCommand(chosen) } } : {}),
    }
  }
  if (chosen && record && endsSoon(record, now)) {
    return {
      status: 'warn',
      evidence: 'resolved',
      detail: `it ends ${at}, and only a person can renew it`,
      fix: { command: renewalCommand(chosen) },
    }
  }
  return { status: 'pass', evidence: 'resolved', detail: `until ${at}${isRefreshable ? ', and can be refreshed' : ''}` }
}

function requiredKind({ chosen, candidates }: CredentialUse, { options }: Ground): Finding {
  if (chosen?.kind === options.require) return { status: 'pass', evidence: 'resolved', detail: `${chosen?.kind}` }
  const other = candidates.find(({ kind, state }) => kind === options.require && state === 'shadowed')
  const variable = chosen?.source.startsWith('env:') ? chosen.source.slice(4) : undefined
  const command = chosen && options.require !== undefined ? commandForKind(chosen, options.require) : undefined
  return {
    status: 'fail',
    evidence: 'resolved',
    detail: `${chosen?.kind} from ${chosen?.source} would be used, ${options.require} is required`,
    ...(other && variable ? { fix: { command: `unset ${variable}` } } : command === undefined ? {} : { fix: { command } }),
  }
}

/** At most one cheap request. A grant that has run out is refreshed first, under its lease, as every command would. */
async function acceptance({ chosen, route }: CredentialUse, { session, options }: Ground): Promise<Finding> {
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
