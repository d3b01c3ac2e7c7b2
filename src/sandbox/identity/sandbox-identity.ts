import type { JsonWebKey } from 'node:crypto'
import type { SandboxWorld } from '../dialect.ts'
import type { ExchangeFault } from '../scenarios.ts'
import type { SubjectOptions } from './issuer.ts'
import { jobEnvironment } from './job-tokens.ts'

/** The workload identity of a sandbox, for who starts one. */
export interface SandboxIdentity {
  /** The `iss` of the tokens of jobs; its discovery document and keys are below it. */
  readonly issuer: string
  /** A token of a job, which every vendor takes unless something else is said. */
  mint(options?: SubjectOptions): string
  /** The variables of a job in GitHub Actions that may ask for tokens. */
  githubEnvironment(): Readonly<Record<'ACTIONS_ID_TOKEN_REQUEST_URL' | 'ACTIONS_ID_TOKEN_REQUEST_TOKEN', string>>
  /** Has every vendor take the tokens of another issuer too. */
  trust(issuer: string, keys: readonly JsonWebKey[]): void
  /** Has the rule of every vendor name another audience beside its own: that of a system whose jobs cannot choose theirs. */
  nameAudience(audience: string): void
  /** Has the next exchanges fail, one fault each, whatever the scenario is. */
  failNext(...faults: readonly ExchangeFault[]): void
}

export function identityOf(world: SandboxWorld): SandboxIdentity {
  const { issuer, exchanges } = world
  return {
    issuer: issuer.url,
    mint: (options) => issuer.mint(options),
    githubEnvironment: () => jobEnvironment(world),
    trust: (url, keys) => issuer.trust(url, keys),
    nameAudience: (audience) => issuer.nameAudience(audience),
    failNext: (...faults) => exchanges.failNext(...faults),
  }
}
