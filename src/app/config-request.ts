import type { ConfigRequest } from '../config/config-request.ts'
import { ClawError } from '../core/errors.ts'
import { systemConfigFiles } from '../platform/config-files.ts'
import { catalogueNames } from './catalogue/catalogue.ts'
import type { World } from './ports.ts'

/** What the commands about the configuration need of the world, and the options that name a file. */
export interface ConfigPlace {
  readonly world: Pick<World, 'environment' | 'machine'>
  readonly flags: { readonly configFile?: string | undefined; readonly profile?: string | undefined }
}

export function configRequest({ world, flags }: ConfigPlace, cwd: string = world.machine.cwd): ConfigRequest {
  const { environment, machine } = world
  return { environment, machine: { home: machine.home, cwd }, files: systemConfigFiles, flags, catalogue: catalogueNames() }
}

export function homeMissing(): ClawError {
  return new ClawError('CLAW_HOME_MISSING', {
    what: 'there is no directory for the files of claw',
    why: 'HOME is not set',
    fix: 'set CLAW_HOME to an absolute path',
  })
}
