import { ClawError } from '../../core/errors.ts'
import { type Reference, referenceName } from '../../core/reference.ts'
import type { Secret } from '../../core/secret.ts'
import { resolveReference } from '../../credentials/references.ts'
import type { Freshness, OidcSource, SourceAsk } from '../../providers/subject-source.ts'
import { OIDC_SUBJECT_SOURCES } from '../../providers/subject-sources.ts'
import { askEndpoint, lookForEndpoint } from './sources/endpoint-source.ts'
import { askMetadata, lookForMetadata } from './sources/metadata-source.ts'
import { lookForFile, lookForVariable, readFileToken, readVariable } from './sources/place-source.ts'
import { askSocket, lookForSocket } from './sources/socket-source.ts'
import { type Sight, type SubjectWorld, THERE } from './sources/subject-world.ts'

export type { Sight, SubjectWorld } from './sources/subject-world.ts'

export interface SubjectQuestion {
  readonly reference: Reference
  /** null = the source's own default. */
  readonly audience: string | null
}

/** Whether asking again brings a new token. A command is asked anew each time: one that gives the same again is seen by its hash. */
export function freshnessOf(reference: Reference): Freshness {
  if (reference.scheme === 'oidc') return OIDC_SUBJECT_SOURCES.get(reference.source)?.freshness ?? 'fixed'
  return reference.scheme === 'cmd' ? 'fresh' : 'fixed'
}

/** What a source is called in tables and errors: `github`, `env:NAME`, `file:/path`, `cmd:["x",…]`. */
export function sourceNameOf(reference: Reference): string {
  return reference.scheme === 'oidc' ? reference.source : referenceName(reference)
}

/**
 * Whether the source can give a token here. Sends nothing, but for metadata servers, which are asked whether they are there
 * for a second at the most. Reads no token.
 */
export async function lookForSubject(reference: Reference, world: SubjectWorld): Promise<Sight> {
  switch (reference.scheme) {
    case 'literal':
      return THERE
    case 'env':
      return lookForVariable(reference, world.environment)
    case 'file':
    case 'cred':
      return lookForFile(reference, world)
    case 'cmd':
      return (await import('./sources/command-source.ts')).lookForCommand(reference, world)
    case 'keyring':
      return { there: false, why: 'this version of claw does not read keyrings', fix: 'use a `cmd:` reference, or `file:`' }
    case 'oidc': {
      const source = sourceOf(reference.source)
      return lookBy(source, askOf(source, world), world)
    }
  }
}

/**
 * The token of this job or machine, asked for or read anew each time.
 *
 * @throws {ClawError} `CLAW_REFERENCE_UNRESOLVED` (66: the source is not there, or refuses), `CLAW_PROTOCOL` and
 * `CLAW_REDIRECT` (76: an answer that is none), `CLAW_NETWORK` and `CLAW_SERVER` (69), `CLAW_TIMEOUT` (81), `CLAW_INSECURE`
 * and `CLAW_CONFIG_INVALID` (78: an address or file that cannot be trusted, an audience that must be given). Never with a
 * body or a token.
 */
export async function obtainSubjectToken({ reference, audience }: SubjectQuestion, world: SubjectWorld): Promise<Secret> {
  switch (reference.scheme) {
    case 'literal':
    case 'keyring':
      return resolveReference(reference, world, 'subject-token')
    case 'env':
      return readVariable(reference, world.environment)
    case 'file':
    case 'cred':
      return readFileToken(reference, world)
    case 'cmd':
      return (await import('./sources/command-source.ts')).askCommand(reference, world)
    case 'oidc': {
      const source = sourceOf(reference.source)
      if (audience === null && source.audience === 'required')
        throw new ClawError('CLAW_CONFIG_INVALID', {
          what: `\`${source.reference}\` needs an audience`,
          fix: `write \`subject_token = "${source.reference}?audience=…"\``,
        })
      return askBy(source, askOf(source, world), audience, world)
    }
  }
}

function sourceOf(id: string): OidcSource {
  const source = OIDC_SUBJECT_SOURCES.get(id)
  if (source) return source
  throw new ClawError('CLAW_CONFIG_INVALID', {
    what: 'a reference names no source of identity tokens',
    fix: `use one of ${[...OIDC_SUBJECT_SOURCES.keys()].map((each) => `oidc:${each}`).join(', ')}`,
  })
}

/** The way whose variables are set, else the first. */
function askOf({ asks }: OidcSource, { environment }: SubjectWorld): SourceAsk {
  return asks.find((ask) => ask.kind === 'endpoint' && environment.get(ask.urlVariable) !== undefined) ?? asks[0]
}

async function lookBy(source: OidcSource, ask: SourceAsk, world: SubjectWorld): Promise<Sight> {
  switch (ask.kind) {
    case 'endpoint':
      return lookForEndpoint(source, ask, world.environment)
    case 'metadata':
      return lookForMetadata(source, ask, world)
    case 'socket':
      return lookForSocket(source, ask, world)
    case 'program':
      return (await import('./sources/program-source.ts')).lookForProgram(source, ask, world)
  }
}

async function askBy(source: OidcSource, ask: SourceAsk, audience: string | null, world: SubjectWorld): Promise<Secret> {
  switch (ask.kind) {
    case 'endpoint':
      return askEndpoint(source, ask, audience, world)
    case 'metadata':
      return askMetadata(source, ask, audience, world)
    case 'socket':
      return askSocket(source, ask, audience, world)
    case 'program':
      return (await import('./sources/program-source.ts')).askProgram(source, ask, audience, world)
  }
}
