import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { linkIfFree, makePrivateDirectory, readRegularFile, removeIfThere, stageWhole } from '../../platform/files.ts'
import type { Route } from '../catalogue/catalogue.ts'
import { deviceHeaders, type DeviceFacts } from './route-headers.ts'
import type { Session } from '../session.ts'

/** What this installation tells of itself. Only read, never made: a command that stores nothing leaves nothing behind. */
export async function deviceFacts(session: Session): Promise<DeviceFacts> {
  const { version, machine } = session.ports
  return { version, machine, installationId: (await storedId(session)) ?? derivedId(machine.machineId) }
}

/** The headers that name this installation to a sign-in host. */
export async function installationHeaders(session: Session, route: Route): Promise<Record<string, string>> {
  const { version, machine } = session.ports
  return deviceHeaders(route, { version, machine, installationId: await installationId(session) })
}

/** The id of this installation, a UUID in lower case; it is made and kept on first use. */
export async function installationId(session: Session): Promise<string> {
  const { machine, random } = session.ports
  const known = await storedId(session)
  if (known) return known
  const dir = session.config.paths.stateDir
  if (dir === null) return derivedId(machine.machineId)
  const made = random.uuid()
  await makePrivateDirectory(dir)
  const staged = await stageWhole(dir, Buffer.from(`${made}\n`))
  try {
    const isOurs = await linkIfFree(staged.path, join(dir, 'installation'))
    return isOurs ? made : ((await storedId(session)) ?? made)
  } finally {
    await removeIfThere(staged.path)
  }
}

async function storedId(session: Session): Promise<string | undefined> {
  const dir = session.config.paths.stateDir
  if (dir === null) return undefined
  const file = await readRegularFile(join(dir, 'installation'), { maxBytes: 100, followSymlinks: false, code: 'CLAW_STORE_UNREADABLE' })
  const text = file?.bytes.toString('latin1').trim()
  return text && /^[0-9a-f-]{36}$/.test(text) ? text : undefined
}

/** Where nothing can be kept, the same machine still has the same id. */
function derivedId(machineId: string): string {
  const hex = createHash('sha256').update(`claw installation ${machineId}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
