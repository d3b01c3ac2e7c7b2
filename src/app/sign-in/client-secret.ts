import type { Reference } from '../../core/reference.ts'
import type { Secret } from '../../core/secret.ts'
import { type ReferenceWorld, resolveReference } from '../../credentials/references.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import type { Route } from '../catalogue/catalogue.ts'
import type { Session } from '../session.ts'

/** The client secret of a provider of one's own, where its configuration refers to one. Public clients have none. */
export async function clientSecretOf(session: Session, route: Route, auth: AuthEntry): Promise<Secret | undefined> {
  const reference = route.settings?.auth[auth.id]?.clientSecret
  return isReference(reference) ? resolveReference(reference, referenceWorld(session), 'client-secret') : undefined
}

/** What references are resolved with in this session. */
export function referenceWorld({ ports, config, signal }: Session): ReferenceWorld {
  const { environment, clock, machine } = ports
  return { environment, clock, uid: machine.uid, stateDir: config.paths.stateDir, projectRoot: config.paths.projectRoot, signal }
}

function isReference(value: unknown): value is Reference {
  return typeof value === 'object' && value !== null && 'scheme' in value
}
