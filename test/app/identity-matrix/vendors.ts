import { unspokenNote } from '../../../src/app/catalogue/model-route.ts'
import { DEFAULT_MARGIN_MS } from '../../../src/credentials/refresh-decision.ts'
import { SANDBOX_AUDIENCES, SANDBOX_IDS } from '../../../src/sandbox/identity/known-ids.ts'
import { ISSUER_PATH } from '../../../src/sandbox/sign-in/issuer-path.ts'
import type { JobSetting } from '../../support/rehearsed.ts'
import { ENTRIES, type Entry } from '../sign-in-matrix/entry.ts'

/** One exchange that a job may use. */
export interface Vendor {
  readonly id: string
  readonly provider: string
  /** What a command line calls it. */
  readonly route: string
  /** What stands in the table of the method beside the lines that the sandbox suggests. */
  readonly settings: Readonly<Record<string, JobSetting>>
  /** What the rule there wants, of a sandbox at this origin. */
  audience(origin: string): string
  /** Nobody knows what the rule wants: a source that can be asked gives what it usually does. */
  readonly isAudienceUnknown: boolean
  /** A setting of its own for whom the token is made out to stands for something else there. */
  readonly isAudienceAField: boolean
  /** How long what it mints lives, s, of a token that has so much left. */
  lifeS(leftS: number): number
  /** Who answers at the sandbox, the exchange first. */
  readonly dialects: readonly [string, ...string[]]
  readonly account: string | null
  readonly plan: string | null
  /** How long before its end a token is renewed, s; never more than a fifth of its life. */
  readonly marginS: number
  /** What its addresses need to know of the user. */
  readonly env: Readonly<Record<string, string>>
  /** Null where claw does not speak its protocol. */
  readonly model: string | null
  /** There is a cheap request that proves a token. */
  readonly isProvable: boolean
  /** What its rule says of claims, as people are told. */
  readonly claimRules: Readonly<Record<string, string>>
  /** What helps where it refuses. */
  readonly hint: string
}

type KnownRoute = keyof typeof SANDBOX_IDS
type Facts = Pick<Vendor, 'lifeS' | 'dialects'> & Partial<Pick<Vendor, 'account' | 'plan' | 'isProvable' | 'env'>>

const atMost = (limitS: number) => (leftS: number) => Math.min(limitS, leftS)
const always = (lifeS: number) => () => lifeS

/** What is known of each exchange beside the catalogue (identity.md of the vendors, 2026). An exchange without them does not compile. */
const FACTS: Readonly<Record<KnownRoute, Facts>> = {
  anthropic: { lifeS: (leftS) => Math.max(60, Math.min(3_600, 2 * leftS)), dialects: ['anthropic-identity'] },
  openai: { lifeS: atMost(3_600), dialects: ['openai-identity'] },
  'openai-codex': { lifeS: atMost(3_600), dialects: ['codex-identity'], account: 'sandbox-account', plan: 'business' },
  openrouter: { lifeS: atMost(900), dialects: ['openrouter-identity'] },
  'google-vertex': {
    lifeS: always(3_600),
    dialects: ['google-identity', 'google-account'],
    isProvable: false,
    env: { GOOGLE_CLOUD_LOCATION: 'global' },
  },
  'azure-openai': { lifeS: always(3_599), dialects: ['azure-identity'] },
}

const USUAL_HINT = "compare `iss`, `aud` and `sub` of the identity token with the vendor's rule"

const entries = ENTRIES.filter(({ auth }) => auth.kind === 'workload_identity')

/** Entries of the catalogue that have no exchange, and why. */
export const NO_EXCHANGE: Readonly<Record<string, string | undefined>> = Object.fromEntries(
  entries.filter(({ auth }) => auth.federation?.flow !== undefined).map(({ id, auth }) => [id, auth.offReason]),
)

export const VENDORS: readonly Vendor[] = [
  ...entries.filter(({ auth }) => auth.federation?.flow === undefined).flatMap(vendorsOf),
  ...['token-exchange', 'jwt-bearer', 'client-assertion'].map(ownServer),
]

/** The exchange as the sandbox suggests it, and without the second step where there is one. */
function vendorsOf({ route, auth }: Entry): Vendor[] {
  if (!isKnown(route.id)) throw new Error(`the sandbox has no exchange for ${route.id}`)
  const { account = null, plan = null, isProvable = true, env = {}, ...facts } = FACTS[route.id]
  const [audience] = SANDBOX_AUDIENCES[route.id]
  const vendor: Vendor = {
    id: route.id,
    provider: route.provider,
    route: route.id,
    settings: {},
    audience: () => audience,
    isAudienceUnknown: auth.federation?.defaultAudience === '',
    isAudienceAField: false,
    ...facts,
    account,
    plan,
    isProvable,
    env,
    marginS: auth.bufferS ?? DEFAULT_MARGIN_MS / 1_000,
    model: unspokenNote(route) === null ? (route.entry.models[0]?.id ?? 'a-deployment') : null,
    claimRules: auth.federation?.claimRules ?? {},
    hint: auth.federation?.refusedHint ?? USUAL_HINT,
  }
  const { when } = auth.federation?.secondStep ?? {}
  return when === undefined
    ? [vendor]
    : [vendor, { ...vendor, id: `${route.id} without ${when}`, settings: { [when]: null }, dialects: [facts.dialects[0]] }]
}

function ownServer(grant: string): Vendor {
  return {
    id: `a server of one's own, ${grant}`,
    provider: 'acme',
    route: 'acme',
    settings: { grant, client_id: 'claw' },
    audience: (origin) => `${origin}${ISSUER_PATH}/token`,
    isAudienceUnknown: false,
    isAudienceAField: true,
    lifeS: atMost(900),
    dialects: ['own-identity'],
    account: null,
    plan: null,
    isProvable: true,
    env: {},
    marginS: DEFAULT_MARGIN_MS / 1_000,
    model: 'm',
    claimRules: {},
    hint: USUAL_HINT,
  }
}

function isKnown(route: string): route is KnownRoute {
  return Object.hasOwn(SANDBOX_IDS, route)
}
