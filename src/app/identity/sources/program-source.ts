import { ClawError } from '../../../core/errors.ts'
import type { Secret } from '../../../core/secret.ts'
import { outputOf } from '../../../credentials/command-output.ts'
import { unresolved } from '../../../credentials/unresolved.ts'
import type { Environment } from '../../../platform/environment.ts'
import { isIdentityVariable } from '../../../platform/identity-variables.ts'
import { findProgram } from '../../../platform/run-command.ts'
import type { ProgramAsk, SubjectSource } from '../../../providers/subject-source.ts'
import { subjectFrom } from './subject-secret.ts'
import { type Sight, type SubjectWorld, THERE } from './subject-world.ts'

/** Whether this is the CI system whose program it is, and the program is there. It is not started. */
export async function lookForProgram(source: SubjectSource, ask: ProgramAsk, world: SubjectWorld): Promise<Sight> {
  const { environment, projectRoot } = world
  const { hereVariable } = source
  if (hereVariable !== null && environment.get(hereVariable) === undefined)
    return { there: false, why: `${hereVariable} is not set`, fix: `run it in ${source.name}` }
  const [name = ''] = ask.argv
  if ((await findProgram(name, { environment, avoid: projectRoot })) === undefined)
    return { there: false, why: `there is no program \`${name}\` in PATH`, fix: source.enable }
  return THERE
}

/**
 * Starts the program of a CI system, which asks for the token in its own way and writes it to stdout. It tries again by itself.
 *
 * @throws {ClawError} `CLAW_REFERENCE_UNRESOLVED`, with what it wrote to stderr, struck of all that could be a secret.
 */
export async function askProgram(source: SubjectSource, ask: ProgramAsk, audience: string | null, world: SubjectWorld): Promise<Secret> {
  const { environment, timeoutMs } = world
  const sight = await lookForProgram(source, ask, world)
  if (!sight.there) throw unresolved(`${source.name} offers no identity token here`, sight.why, sight.fix)
  const wanted = audience === null ? [] : ask.audienceArgv.map((part) => withAudience(part, audience))
  const reference = { scheme: 'cmd', argv: [...ask.argv, ...wanted], env: namesOf(ask.passOn, environment) } as const
  try {
    const output = await outputOf(reference, source.reference, { ...world, commandDeadlineMs: timeoutMs })
    return subjectFrom(output, source.reference, source.enable)
  } catch (thrown) {
    if (!(thrown instanceof ClawError) || thrown.code !== 'CLAW_REFERENCE_UNRESOLVED') throw thrown
    throw thrown.reworded({ what: `\`${ask.argv.join(' ')}\` of ${source.name} gave no identity token`, fix: source.enable })
  }
}

function withAudience(part: string, audience: string): string {
  return part.replace('{audience}', () => audience).replace('{json}', () => JSON.stringify(audience))
}

/** The names in the environment that a list of names and beginnings stands for; what is an identity itself only by its full name. */
function namesOf(passOn: readonly string[], environment: Environment): string[] {
  return environment.names.filter((name) =>
    passOn.some((each) => name === each || (each.endsWith('*') && name.startsWith(each.slice(0, -1)) && !isIdentityVariable(name))),
  )
}
