import type { ClaimRow } from '../app/identity/claim-rows.ts'
import { type Presentation, servedInstead, signInWithIdentity } from '../app/identity/sign-in-identity.ts'
import type { Session } from '../app/session.ts'
import type { DeviceSignInOutput } from './auth-output.ts'
import { finishSignIn } from './finish-sign-in.ts'
import { WriteQueue } from './write-queue.ts'

export interface IdentityOptions {
  readonly provider: string
  readonly force: boolean
  /** `true`: a failed check is exit 1; `false`: none is made; `undefined`: it is a warning. */
  readonly check: boolean | undefined
}

/** Exchanges the job's own identity, and shows first what is presented. */
export async function exchangeIdentity(session: Session, output: DeviceSignInOutput, options: IdentityOptions): Promise<number> {
  const writes = new WriteQueue()
  let shown: Presentation | undefined
  const show = (presentation: Presentation) => {
    const isAgain = shown !== undefined
    shown = presentation
    // Another token of the same job, after one that was not answered: what a rule looks at is the same.
    if (isAgain) return
    const isShown = !output.json && presentation.rows.length > 0
    for (const line of isShown ? lines(presentation) : []) writes.add(() => output.say(line))
    for (const warning of presentation.warnings) writes.add(() => output.say(`warning: ${warning}`))
  }
  try {
    const { provider, force } = options
    const result = await signInWithIdentity(session, { name: provider, force, onPresentation: show })
    await writes.drain()
    if (result.unkept) await output.say(`warning: what it is exchanged for serves this command alone: ${result.unkept.message}`)
    const exitCode = await finishSignIn(session, { state: 'granted', ...result }, output, options.check, shown ? facts(shown) : {})
    const instead = await servedInstead(session, provider)
    if (instead !== null) await output.say(`warning: \`${instead}\` comes first: commands use that, and not this identity`)
    return exitCode
  } finally {
    await writes.drain()
  }
}

/** What a script can compare with the vendor's rule. */
function facts({ federation, claims, rows }: Presentation): Readonly<Record<string, unknown>> {
  return {
    source: `identity:${federation.source}`,
    audience: federation.audience,
    claims,
    rules: Object.fromEntries(rows.flatMap(({ claim, rule }) => (rule === null ? [] : [[claim, rule]]))),
  }
}

/** No issuer writes so many claims: a log is not to be filled by one that does. */
const MOST_ROWS = 64

function lines(presentation: Presentation): string[] {
  const { rows } = presentation
  const shown = rows.slice(0, MOST_ROWS)
  const width = Math.max(...shown.map(({ claim }) => claim.length), 0)
  return [
    headingOf(presentation),
    ...shown.flatMap((row) => claimLines(row, width)),
    ...(rows.length > MOST_ROWS ? [`  and ${rows.length - MOST_ROWS} more; --json has them all`] : []),
  ]
}

function headingOf({ way, federation: { route, source } }: Presentation): string {
  const { name } = route.entry
  const how = {
    presented: `as it is presented to ${name}`,
    kept: `which is not presented: the token that ${name} gave before is used`,
    incomplete: `as it would be presented to ${name}`,
  }
  return `the identity token from ${source}, ${how[way]}; with what the rule there must say:`
}

function claimLines({ claim, value, rule }: ClaimRow, width: number): string[] {
  const indent = ' '.repeat(width + 4)
  return [`  ${claim.padEnd(width)}  ${value}`, ...(rule === null ? [] : [`${indent}rule: ${rule}`])]
}
