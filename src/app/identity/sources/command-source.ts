import { ClawError } from '../../../core/errors.ts'
import { type Reference, referenceName } from '../../../core/reference.ts'
import type { Secret } from '../../../core/secret.ts'
import { outputOf } from '../../../credentials/command-output.ts'
import { findProgram } from '../../../platform/run-command.ts'
import { subjectFrom } from './subject-secret.ts'
import { type Sight, type SubjectWorld, THERE } from './subject-world.ts'

type Command = Extract<Reference, { scheme: 'cmd' }>

/** Whether the program is there. It is not started. */
export async function lookForCommand({ argv: [name = ''] }: Command, { environment, projectRoot }: SubjectWorld): Promise<Sight> {
  if ((await findProgram(name, { environment, avoid: projectRoot })) !== undefined) return THERE
  const why = 'there is no such program at an absolute path or in an absolute directory of PATH'
  return { there: false, why, fix: 'name the program of `subject_token` by its absolute path' }
}

/** The line that the program writes. @throws {ClawError} `CLAW_REFERENCE_UNRESOLVED` */
export async function askCommand(reference: Command, world: SubjectWorld): Promise<Secret> {
  const name = referenceName(reference)
  const fix = 'run the command of `subject_token` by hand, with no variables but those of its `env`'
  try {
    const output = await outputOf(reference, name, { ...world, commandDeadlineMs: world.commandDeadlineMs ?? world.timeoutMs })
    return subjectFrom(output, name, fix)
  } catch (thrown) {
    if (!(thrown instanceof ClawError) || thrown.code !== 'CLAW_REFERENCE_UNRESOLVED') throw thrown
    throw thrown.reworded({ what: `\`${name}\` gave no identity token`, fix })
  }
}
