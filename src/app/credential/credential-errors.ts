import type { Expectation } from '../../config/config.ts'
import { ClawError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { profileFlag } from '../../core/vocabulary.ts'
import type { Snapshot } from '../../credentials/store.ts'
import { isSignIn, KIND_OF, METHOD_OF } from '../../providers/auth-kinds.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import { accessStepOf, ownerOf } from '../access/access-step.ts'
import { type Candidate, kindWords } from './candidates.ts'
import type { Named, Route } from '../catalogue/catalogue.ts'
import { inAdvisedOrder, methodsOf } from '../sign-in/choose-method.ts'
import { goOnCommand, signInCommand } from '../sign-in/sign-in-command.ts'
import { methodOff, termsOf } from '../sign-in/terms.ts'
import { hasOne, useProfile } from './other-profiles.ts'
import { isWantedKind, type WantedCredential } from './wanted-credential.ts'

/** Exit 77: what was wanted and by whom, where claw looked, and every way in that works here. */
export function noCredential(
  named: Named,
  wanted: WantedCredential,
  lookedAt: readonly string[],
  candidates: readonly Candidate[],
  elsewhere: readonly string[],
): ClawError {
  const ways = waysIn(named, wanted)
  const modes = { auto: 'any kind', api_key: 'an API key', oauth: 'OAuth (a grant, a token or an identity)' }
  const found = candidates.flatMap(({ source, reference, fact, reason }) =>
    fact === 'usable' || fact === 'refreshable'
      ? []
      : `${reference ?? source} is ${fact.replace('_', ' ')}${reason === null ? '' : `: ${reason}`}`,
  )
  const lines = [
    `wanted: ${modes[wanted.authMode]} (auth_mode ${wanted.authMode}, from ${wanted.authModeBy})`,
    `looked at: ${lookedAt.join(', ')}`,
    ...found,
    ...(elsewhere.length > 0 ? [`\`${named.name}\` ${hasOne(elsewhere)}`] : []),
    ...ways.map(({ line }) => line),
  ]
  return new ClawError('CLAW_NO_CREDENTIAL', {
    what: `there is no usable credential for \`${named.name}\``,
    why: lines.join('\n'),
    fix:
      waitCommand(named, wanted, candidates) ??
      switchOn(candidates) ??
      sourceLine(wanted, candidates) ??
      useProfile(elsewhere) ??
      ways[0]?.fix,
    data: {
      wanted: { authMode: wanted.authMode, by: wanted.authModeBy },
      lookedAt,
      methods: ways.map(({ line }) => line),
      commands: ways.map(({ command }) => command),
      ...(elsewhere.length > 0 ? { profiles: elsewhere } : {}),
    },
  })
}

/** Where somebody has signed in by a method that was on for one command, or has set one up, switching it on is the shortest way. */
function switchOn(candidates: readonly Candidate[]): string | undefined {
  const off = candidates.find(
    ({ origin, fact, auth }) => (origin === 'store' || origin === 'identity') && fact === 'refused' && !auth.enabled,
  )
  return off && termsOf(off) !== 'retired' ? methodOff(off).fix : undefined
}

/** An identity was set up for this provider: what its source lacks here is the one thing to add. */
function sourceLine(wanted: WantedCredential, candidates: readonly Candidate[]): string | undefined {
  const missing = candidates.find(
    ({ origin, fact, kind, fix }) => origin === 'identity' && fact === 'missing' && fix !== null && isWantedKind(kind, wanted),
  )
  return missing?.fix ?? undefined
}

/** Where a sign-in has been started, the shortest way is to finish it. */
function waitCommand(named: Named, wanted: WantedCredential, candidates: readonly Candidate[]): string | undefined {
  const waits = candidates.find(
    ({ fact, kind, auth }) => fact === 'pending' && isWantedKind(kind, wanted) && ['device', 'pkce'].includes(METHOD_OF[auth.kind]),
  )
  return waits && goOnCommand({ method: METHOD_OF[waits.auth.kind], route: named.name, profile: waits.profile })
}

interface WayIn {
  readonly line: string
  readonly fix: string
  readonly command: string
}

/** One line for each method that works here, the best to advise first. */
function waysIn(named: Named, wanted: WantedCredential): WayIn[] {
  const works = methodsOf(named).filter(({ auth }) => auth.enabled && isWantedKind(KIND_OF[auth.kind], wanted))
  return inAdvisedOrder(works).flatMap(({ route, auth }) => wayIn(named, route, auth, wanted.profile))
}

function wayIn(named: Named, route: Route, auth: AuthEntry, profile: string): WayIn[] {
  const variable = auth.env?.[0]
  const page = route.entry.keyUrl === undefined ? '' : `; a key comes from ${route.entry.keyUrl}`
  const command = signInCommand({ method: METHOD_OF[auth.kind], route: named.name, profile })
  const given = (key: string, words: string): WayIn => {
    const set = variable === undefined ? '' : `set ${variable}, or `
    return {
      line: `${words}: ${set}run \`${command}\`, or write \`${key}\` in [providers.${named.name}]${key === 'api_key' ? page : ''}`,
      fix: variable === undefined ? command : `set ${variable}`,
      command,
    }
  }
  switch (METHOD_OF[auth.kind]) {
    case 'api_key':
      return [given('api_key', 'API key')]
    case 'token':
      return [given('auth_token', 'token')]
    case 'device':
      return [{ line: `device sign-in: run \`${command}\` and approve it in a browser elsewhere`, fix: command, command }]
    case 'pkce':
      return [
        { line: `sign-in in a browser: run \`${command}\`, then \`claw auth complete ${named.name} --stdin\``, fix: command, command },
      ]
    case 'identity':
      return [
        {
          line: `identity of a CI job or machine: write \`subject_token\` and its ids in [providers.${route.id}.auth.${auth.id}], then run \`${command}\` there`,
          fix: command,
          command,
        },
      ]
    case 'none':
      return []
  }
}

/** Exit 78 where no method of the provider yields the kind that `auth_mode` asks for. */
export function checkAuthMode(named: Named, wanted: WantedCredential, candidates: readonly Candidate[]): void {
  if (wanted.authMode === 'auto') return
  const methods = named.routes.flatMap((route) => route.entry.auth.filter(isSignIn).map((auth) => ({ auth, route })))
  if (candidates.some(({ kind }) => isWantedKind(kind, wanted)) || waysIn(named, wanted).length > 0) return
  const off = methods
    .filter(({ auth }) => !auth.enabled && isWantedKind(KIND_OF[auth.kind], wanted))
    .map(({ auth, route }) => `${route.id}/${auth.id}`)
  const has = [...new Set(methods.filter(({ auth }) => auth.enabled).map(({ auth }) => METHOD_OF[auth.kind]))]
  throw new ClawError('CLAW_AUTH_MODE_UNSATISFIABLE', {
    what: `\`${named.name}\` has no method that yields what \`auth_mode = "${wanted.authMode}"\` asks for`,
    why: `it comes from ${wanted.authModeBy}; the methods are ${has.join(', ')}${off.length > 0 ? `, and off ${off.join(', ')}` : ''}`,
    fix: `set auth_mode to ${has.some((method) => method === 'api_key') ? '`api_key` or `auto`' : '`auto`'}`,
    data: { methods: has },
  })
}

/** Exit 78 where the credential that wins is not the one that the contract of the provider names. */
export function checkExpectation(named: Named, expected: Expectation | undefined, winner: Candidate): void {
  if (!expected) return
  const { kind, route, account } = winner
  const faults = [
    ...(expected.kind !== undefined && expected.kind !== kind ? [`kind \`${expected.kind}\``] : []),
    ...(expected.route !== undefined && expected.route !== route.id ? [`route \`${expected.route}\``] : []),
    ...(expected.account !== undefined && !mayBeOf(winner, expected.account) ? [`account \`${expected.account}\``] : []),
  ]
  if (faults.length === 0) return
  throw new ClawError('CLAW_EXPECTATION_BROKEN', {
    what: `\`${named.name}\` would use the ${kindWords(kind)} from \`${winner.source}\`, and \`expect\` names another credential`,
    why: `expected ${faults.join(', ')}; found kind \`${kind}\`, route \`${route.id}\`, account ${account === null ? 'not known' : `\`${account}\``}`,
    fix: removalOf(winner),
    data: { source: winner.source, kind, route: route.id, account },
  })
}

/** Whose a credential is may be known only when its provider was asked: it is compared again then, before it is used. */
function mayBeOf(winner: Candidate, expected: string): boolean {
  const owner = ownerOf(winner)
  const known = [winner.account, owner?.id, owner?.name].filter((name) => name != null)
  return known.includes(expected) || (known.length === 0 && accessStepOf(winner) !== null)
}

function removalOf({ origin, setting, kind, route, profile }: Candidate): string | undefined {
  if (origin === 'environment' || origin === 'bundle') return `unset ${setting}`
  if (origin === 'config' || origin === 'identity') return `remove \`${setting}\` from the configuration`
  if (origin === 'store') return `claw auth logout ${route.id} --kind ${kind}${profileFlag(profile)}`
  return undefined
}

/** Exit 66 for a profile that nobody has signed in to. */
export function unknownProfile(profile: string, snapshot: Snapshot): ClawError {
  const known = profilesOf(snapshot)
  const near = nearest(profile, known)
  return new ClawError('CLAW_PROFILE_UNKNOWN', {
    what: `there is no profile \`${profile}\``,
    why: known.length > 0 ? `the profiles are ${known.map((name) => `\`${name}\``).join(', ')}` : 'nothing is stored under any profile',
    fix: near[0] === undefined ? undefined : `use --profile ${near[0]}`,
    data: { nearest: near },
  })
}

/** Every profile that something is stored under. */
export function profilesOf({ records, flows }: Snapshot): string[] {
  return [...new Set([...records.filter(({ state }) => state !== 'logged_out'), ...flows].map(({ profile }) => profile))].sort()
}

/** Exit 77 or another for the candidate at which the search ended. */
export function stoppedError(stopped: Candidate): ClawError {
  return (
    stopped.error ??
    new ClawError('CLAW_CREDENTIAL_EXPIRED', {
      what: `the credential from \`${stopped.source}\` cannot be used`,
      why: stopped.reason ?? undefined,
      fix: stopped.record ? signInCommand(stopped.record) : undefined,
    })
  )
}
