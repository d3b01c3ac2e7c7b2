import type { Protocol } from '../core/vocabulary.ts'
import type { TakenCredential } from './credential.ts'

/** One base URL of the catalogue, as the sandbox answers at it: `https://HOST/PATH` is served at `ORIGIN/HOST/PATH`. */
export interface MirroredBase {
  /** The first route that has it. */
  readonly route: string
  /** `/HOST/PATH`, without a slash at its end. */
  readonly base: string
  readonly protocols: readonly Protocol[]
  readonly models: readonly string[]
  /** Nobody is asked for a credential; one that comes must be right all the same. */
  readonly isOpen: boolean
  readonly credentials: readonly TakenCredential[]
  readonly reads: readonly MirroredRead[]
}

/** What can be read with GET. */
export interface MirroredRead {
  /** From the root of the sandbox. */
  readonly path: string
  /** The list of models, or the document that proves a credential. */
  readonly answers: 'models' | 'proof'
  /** Nobody is asked for a credential. */
  readonly isPublic: boolean
}

/** The catalogue as the sandbox serves it. */
export interface Mirror {
  readonly bases: readonly MirroredBase[]
  /** Variables that hold a credential or an address of a vendor: a rehearsal must not have them. */
  readonly variables: readonly string[]
  /**
   * The configuration that leads every address of the catalogue to an origin. `jobs` is what the identity method of each
   * route would be set to; it stands there as a comment.
   */
  toml(origin: string, jobs: Readonly<Record<string, Readonly<Record<string, string>>>>): string
  /** The base URLs of vendors' own libraries, by variable. */
  environment(origin: string): Readonly<Record<string, string>>
}
