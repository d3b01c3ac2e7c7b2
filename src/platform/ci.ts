import type { Environment } from './environment.ts'

export type CiVendor = 'github' | 'gitlab' | 'buildkite' | 'circleci' | 'jenkins' | 'azure' | 'generic'

/** The CI system that this process runs in, as its variables say. It changes defaults and presentation, never trust. */
export interface CiSystem {
  readonly vendor: CiVendor | null
  readonly name: string
  readonly isPR: boolean | null
  /** Null where it cannot be told from the environment. */
  readonly isFork: boolean | null
}

type Get = Environment['get']

interface Row {
  readonly vendor: CiVendor
  readonly name: string
  isHere(get: Get): boolean
  isPR(get: Get): boolean
  isFork?(get: Get): boolean | null
}

const ROWS: readonly Row[] = [
  {
    vendor: 'github',
    name: 'GitHub Actions',
    isHere: (get) => get('GITHUB_ACTIONS') !== undefined,
    isPR: (get) => get('GITHUB_EVENT_NAME') === 'pull_request',
  },
  {
    vendor: 'gitlab',
    name: 'GitLab CI',
    isHere: (get) => get('GITLAB_CI') !== undefined,
    isPR: (get) => get('CI_MERGE_REQUEST_ID') !== undefined,
    isFork: (get) => differ(get('CI_MERGE_REQUEST_SOURCE_PROJECT_PATH'), get('CI_PROJECT_PATH')),
  },
  {
    vendor: 'buildkite',
    name: 'Buildkite',
    isHere: (get) => get('BUILDKITE') !== undefined,
    isPR: (get) => (get('BUILDKITE_PULL_REQUEST') ?? 'false') !== 'false',
    isFork: (get) => differ(get('BUILDKITE_PULL_REQUEST_REPO'), get('BUILDKITE_REPO')),
  },
  {
    vendor: 'circleci',
    name: 'CircleCI',
    isHere: (get) => get('CIRCLECI') !== undefined,
    isPR: (get) => get('CIRCLE_PULL_REQUEST') !== undefined,
    isFork: (get) => get('CIRCLE_PR_NUMBER') !== undefined,
  },
  {
    vendor: 'jenkins',
    name: 'Jenkins',
    isHere: (get) => get('JENKINS_URL') !== undefined && get('BUILD_ID') !== undefined,
    isPR: (get) => get('CHANGE_ID') !== undefined || get('ghprbPullId') !== undefined,
  },
  {
    vendor: 'azure',
    name: 'Azure Pipelines',
    isHere: (get) => get('TF_BUILD') !== undefined,
    isPR: (get) => get('BUILD_REASON') === 'PullRequest',
    isFork: (get) => {
      const said = get('SYSTEM_PULLREQUEST_ISFORK')
      return said === undefined ? null : said.toLowerCase() === 'true'
    },
  },
]

const ANY: readonly string[] = ['CI', 'BUILD_ID', 'BUILD_NUMBER', 'CI_NAME', 'RUN_ID', 'CONTINUOUS_INTEGRATION']
const NONE: CiSystem = { vendor: null, name: 'none', isPR: null, isFork: null }
const GENERIC: CiSystem = { vendor: 'generic', name: 'a CI system', isPR: null, isFork: null }

/**
 * `CLAW_CI` decides (`0`: none; `1`: some, see which; or a vendor), then the vendors' own variables, then the general ones.
 * `CI=false` means none.
 */
export function detectCi(environment: Environment): CiSystem {
  const get: Get = (name) => environment.get(name)
  const wanted = get('CLAW_CI')
  const isSure = wanted === '1' || wanted === 'true'
  if (wanted === '0' || wanted === 'false' || (wanted === undefined && get('CI') === 'false')) return NONE
  const row = ROWS.find(({ vendor, isHere }) => (wanted === undefined || isSure ? isHere(get) : vendor === wanted))
  if (row) {
    const isPR = row.isPR(get)
    return { vendor: row.vendor, name: row.name, isPR, isFork: isPR ? (row.isFork?.(get) ?? null) : null }
  }
  return wanted !== undefined || ANY.some((name) => get(name) !== undefined) ? GENERIC : NONE
}

function differ(one: string | undefined, other: string | undefined): boolean | null {
  return one === undefined || other === undefined ? null : one !== other
}
