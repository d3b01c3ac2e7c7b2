import { SUBJECT_PLACES } from '../../../src/providers/subject-places.ts'
import type { Freshness, SourceAsk, SubjectSource } from '../../../src/providers/subject-source.ts'
import { OIDC_SUBJECT_SOURCES } from '../../../src/providers/subject-sources.ts'
import { REPOSITORY } from '../../../src/sandbox/identity/known-ids.ts'

/** How claw comes to a token: a kind without somebody who plays it does not compile. */
export type Way =
  | SourceAsk
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'file'; readonly isVolume: boolean }
  | { readonly kind: 'command'; readonly argv: readonly string[] }

/** One place where a job gets its token from. */
export interface Source {
  readonly id: string
  readonly freshness: Freshness
  /** What it is asked for reaches it. */
  readonly isAsked: boolean
  /** There is none by itself. */
  readonly isAudienceRequired: boolean
  readonly hereVariable: string | null
  readonly way: Way
  /** How long its tokens live, s. */
  readonly lifeS: number
  readonly looks: Looks
}

/** How its tokens differ from those of GitHub Actions. */
export interface Looks {
  readonly sub?: string
  /** Nobody can have another one: the rule of the vendor must name it. */
  readonly aud?: string
  readonly isAudAList?: boolean
  readonly hasNoJti?: boolean
}

const { owner, name, id: project } = REPOSITORY
const CIRCLECI = `org/${owner}/project/${project}/user/1`

const LOOKS: Readonly<Record<string, Looks | undefined>> = {
  circleci: { sub: CIRCLECI },
  'circleci-variable': { sub: CIRCLECI, aud: '5a5db000-0000-4000-8000-00000000000c' },
  buildkite: { sub: `organization:${owner}:pipeline:${name}:ref:refs/heads/main:commit:5a5db00:step:build` },
  'azure-pipelines': { aud: 'api://AzureADTokenExchange' },
  gitlab: { sub: `project_path:${owner}/${name}:ref_type:branch:ref:main` },
  bitbucket: { isAudAList: true },
  jenkins: { hasNoJti: true },
  vercel: { aud: `https://vercel.com/${owner}` },
  modal: { aud: 'oidc.modal.com' },
  kubernetes: { sub: `system:serviceaccount:${owner}:${name}`, isAudAList: true },
  spiffe: { sub: `spiffe://${owner}/${name}`, isAudAList: true, hasNoJti: true },
}

/** The longest that every vendor takes; where a source gives longer ones somebody has raised that. */
const LONGEST_S = 3_600

function sourceOf(row: SubjectSource, way: Way, id = row.id): Source {
  const { freshness, audience, hereVariable, lifeS } = row
  return {
    id,
    freshness,
    isAsked: audience !== 'preset',
    isAudienceRequired: audience === 'required',
    hereVariable,
    way,
    lifeS: Math.min(lifeS ?? LONGEST_S, LONGEST_S),
    looks: LOOKS[row.id] ?? {},
  }
}

const asked = [...OIDC_SUBJECT_SOURCES.values()].flatMap((row) =>
  row.asks.map((ask) => sourceOf(row, ask, row.asks.length > 1 ? `${row.id}, ${ask.kind}` : row.id)),
)

const places = SUBJECT_PLACES.map((row) => sourceOf(row, wayTo(row.id, row.reference, row.variables)))

export const SOURCES: readonly Source[] = [...asked, ...places]

function wayTo(id: string, reference: string, variables: readonly string[] = []): Way {
  const [, scheme, rest = ''] = /^(env|file|cmd):(.+)$/.exec(reference) ?? []
  if (scheme === 'env') return { kind: 'variable', name: variables[0] ?? 'JOB_TOKEN' }
  if (scheme === 'file') return { kind: 'file', isVolume: id === 'kubernetes' }
  if (scheme === 'cmd') return { kind: 'command', argv: JSON.parse(rest) }
  throw new Error(`nobody knows how to play ${reference}`)
}
