import { describe, expect, it } from 'vitest'
import { detectCi } from '../../src/platform/ci.ts'
import { environmentOf } from '../../src/platform/environment.ts'

const seen = (env: Readonly<Record<string, string>>) => {
  const { vendor, isPR, isFork } = detectCi(environmentOf(env))
  return { vendor, isPR, isFork }
}

describe('the CI system', () => {
  it.each([
    [{}, null, null, null],
    [{ GITHUB_ACTIONS: 'true', GITHUB_EVENT_NAME: 'push' }, 'github', false, null],
    [{ GITHUB_ACTIONS: 'true', GITHUB_EVENT_NAME: 'pull_request' }, 'github', true, null],
    [{ GITHUB_ACTIONS: 'true', GITHUB_EVENT_NAME: 'pull_request_target' }, 'github', false, null],
    [{ GITLAB_CI: 'true' }, 'gitlab', false, null],
    [
      { GITLAB_CI: 'true', CI_MERGE_REQUEST_ID: '1', CI_MERGE_REQUEST_SOURCE_PROJECT_PATH: 'me/x', CI_PROJECT_PATH: 'them/x' },
      'gitlab',
      true,
      true,
    ],
    [
      { GITLAB_CI: 'true', CI_MERGE_REQUEST_ID: '1', CI_MERGE_REQUEST_SOURCE_PROJECT_PATH: 'me/x', CI_PROJECT_PATH: 'me/x' },
      'gitlab',
      true,
      false,
    ],
    [{ BUILDKITE: 'true', BUILDKITE_PULL_REQUEST: 'false' }, 'buildkite', false, null],
    [{ BUILDKITE: 'true', BUILDKITE_PULL_REQUEST: '7', BUILDKITE_PULL_REQUEST_REPO: 'a', BUILDKITE_REPO: 'b' }, 'buildkite', true, true],
    [{ CIRCLECI: 'true' }, 'circleci', false, null],
    [{ CIRCLECI: 'true', CIRCLE_PULL_REQUEST: 'https://x', CIRCLE_PR_NUMBER: '7' }, 'circleci', true, true],
    [{ JENKINS_URL: 'https://x', BUILD_ID: '1', CHANGE_ID: '7' }, 'jenkins', true, null],
    [{ JENKINS_URL: 'https://x' }, null, null, null],
    [{ TF_BUILD: 'True', BUILD_REASON: 'PullRequest', SYSTEM_PULLREQUEST_ISFORK: 'True' }, 'azure', true, true],
    [{ CI: 'true' }, 'generic', null, null],
    [{ BUILD_NUMBER: '1' }, 'generic', null, null],
    [{ CI: '', GITHUB_ACTIONS: '' }, null, null, null],
    [{ CI: 'false', GITHUB_ACTIONS: 'true' }, null, null, null],
    [{ CLAW_CI: '0', GITHUB_ACTIONS: 'true' }, null, null, null],
    [{ CLAW_CI: '1' }, 'generic', null, null],
    [{ CLAW_CI: '1', CI: 'false', GITLAB_CI: 'true' }, 'gitlab', false, null],
    [{ CLAW_CI: 'azure', GITHUB_ACTIONS: 'true' }, 'azure', false, null],
    [{ CLAW_CI: 'something' }, 'generic', null, null],
  ] as const)('of %j is %j (pull request %j, fork %j)', (env, vendor, isPR, isFork) => {
    expect(seen(env)).toEqual({ vendor, isPR, isFork })
  })
})
