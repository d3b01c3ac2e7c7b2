import { METADATA_SOURCES } from './subject-metadata.ts'
import type { OidcSource } from './subject-source.ts'

const GITHUB: OidcSource = {
  id: 'github',
  name: 'GitHub Actions',
  reference: 'oidc:github',
  hereVariable: 'GITHUB_ACTIONS',
  freshness: 'fresh',
  audience: 'asked',
  lifeS: 300,
  enable: 'add `permissions: { contents: read, id-token: write }` to the job; pull requests from forks get no identity token',
  // One of another event has no pull request, and is run.
  forkLine: 'add `if: github.event.pull_request.head.repo.fork != true` to the job',
  asks: [
    {
      kind: 'endpoint',
      method: 'GET',
      urlVariable: 'ACTIONS_ID_TOKEN_REQUEST_URL',
      secretVariable: 'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
      secretHeader: 'authorization',
      query: {},
      audienceField: 'audience',
      answerField: 'value',
    },
  ],
  quirks: [
    'the default audience is the address of the owner, which no vendor takes',
    'sub of repositories created, renamed or moved after 15 July 2026: repo:OWNER@ID/REPOSITORY@ID:…',
  ],
  source: 'actions/toolkit packages/core/src/oidc-utils.ts (2026), github/docs OpenID Connect reference (2026)',
}

const CIRCLECI: OidcSource = {
  id: 'circleci',
  name: 'CircleCI',
  reference: 'oidc:circleci',
  hereVariable: 'CIRCLECI',
  freshness: 'fresh',
  audience: 'asked',
  lifeS: 3_600,
  enable: 'run it in a CircleCI job; a build of a fork gets a token only where `Pass secrets to builds from forked pull requests` is on',
  asks: [
    {
      kind: 'program',
      argv: ['circleci', 'run', 'oidc', 'get'],
      audienceArgv: ['--claims', '{"aud":{json}}'],
      // CircleCI says of the variables of its own program only that they may change.
      passOn: ['CI', 'CIRCLECI', 'CIRCLE_*'],
    },
  ],
  quirks: ['the default audience is the id of the organization', 'CircleCI does not mask what the program prints'],
  source: 'CircleCI documentation, OIDC tokens with custom claims (2026); pypi id library, ambient.py (2026)',
}

const BUILDKITE: OidcSource = {
  id: 'buildkite',
  name: 'Buildkite',
  reference: 'oidc:buildkite',
  hereVariable: 'BUILDKITE',
  freshness: 'fresh',
  audience: 'asked',
  lifeS: 300,
  enable:
    'run it in the job itself, or give BUILDKITE_JOB_ID, BUILDKITE_AGENT_ACCESS_TOKEN and the program buildkite-agent to its container',
  asks: [
    {
      kind: 'program',
      // Without --lifetime: what the vendor gives by itself is known to be taken, its longest life is not.
      argv: ['buildkite-agent', 'oidc', 'request-token'],
      audienceArgv: ['--audience', '{audience}'],
      passOn: [
        'BUILDKITE_JOB_ID',
        'BUILDKITE_AGENT_ACCESS_TOKEN',
        'BUILDKITE_AGENT_ENDPOINT',
        'BUILDKITE_NO_HTTP2',
        // The agent strikes the token from the log of the job by these two.
        'BUILDKITE_AGENT_JOB_API_SOCKET',
        'BUILDKITE_AGENT_JOB_API_TOKEN',
        'BUILDKITE_OIDC_TOKEN_SUBJECT_CLAIM',
        'BUILDKITE_OIDC_TOKEN_CLAIMS',
      ],
    },
  ],
  quirks: ['sub ends in commit and step: set BUILDKITE_OIDC_TOKEN_SUBJECT_CLAIM=pipeline_id in a hook of the agent for an exact match'],
  source: 'buildkite/agent clicommand/oidc_request_token.go (2026), Buildkite documentation, agent CLI (2026)',
}

const AZURE_PIPELINES: OidcSource = {
  id: 'azure-pipelines',
  name: 'Azure Pipelines',
  reference: 'oidc:azure-pipelines',
  hereVariable: 'TF_BUILD',
  freshness: 'fresh',
  audience: 'preset',
  lifeS: null,
  enable: 'add `env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)` to the step',
  asks: [
    {
      kind: 'endpoint',
      method: 'POST',
      urlVariable: 'SYSTEM_OIDCREQUESTURI',
      secretVariable: 'SYSTEM_ACCESSTOKEN',
      secretHeader: 'authorization',
      query: { 'api-version': '7.1' },
      // With one the subject is the service connection (sc://…), without one the pipeline itself (p://…).
      optionalFields: {
        serviceConnectionId: [
          'AZURESUBSCRIPTION_SERVICE_CONNECTION_ID',
          'ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID',
          'ARM_OIDC_AZURE_SERVICE_CONNECTION_ID',
        ],
      },
      // Else a refusal is a redirect to a page for signing in.
      headers: { 'content-type': 'application/json', 'x-tfs-fedauthredirect': 'Suppress' },
      answerField: 'oidcToken',
    },
  ],
  quirks: [
    'aud is api://AzureADTokenExchange, whatever the vendor wants',
    'the tasks AzureCLI@2 and AzurePowerShell@5 set AZURESUBSCRIPTION_SERVICE_CONNECTION_ID to their service connection',
  ],
  source: 'Azure SDK, AzurePipelinesCredential (2026); Microsoft REST reference, distributedtask oidctoken 7.1 (2026)',
}

const FLY: OidcSource = {
  id: 'fly',
  name: 'Fly',
  reference: 'oidc:fly',
  hereVariable: 'FLY_APP_NAME',
  freshness: 'fresh',
  audience: 'asked',
  lifeS: 900,
  enable: 'run it in a Fly Machine, as a user who may write to the socket /.fly/api',
  asks: [{ kind: 'socket', socketPath: '/.fly/api', path: '/v1/tokens/oidc', audienceField: 'aud' }],
  quirks: ['the default audience is the address of the organization'],
  source: 'Fly documentation, Machines API, Tokens (2026)',
}

/** Everything that `oidc:` may name, by id. */
export const OIDC_SUBJECT_SOURCES: ReadonlyMap<string, OidcSource> = new Map(
  [GITHUB, CIRCLECI, BUILDKITE, AZURE_PIPELINES, ...METADATA_SOURCES, FLY].map((row) => [row.id, row]),
)
