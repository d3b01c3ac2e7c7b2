import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { detectCi } from '../../src/platform/ci.ts'
import { withEvent } from '../../src/platform/ci-event.ts'
import { environmentOf } from '../../src/platform/environment.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'claw-event-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const PULL_REQUEST = { GITHUB_ACTIONS: 'true', GITHUB_EVENT_NAME: 'pull_request', GITHUB_REPOSITORY: 'them/app' }

async function isFork(event: unknown, env: Readonly<Record<string, string>> = PULL_REQUEST): Promise<boolean | null> {
  const path = join(dir, 'event.json')
  await writeFile(path, typeof event === 'string' ? event : JSON.stringify(event))
  const environment = environmentOf({ GITHUB_EVENT_PATH: path, ...env })
  return (await withEvent(detectCi(environment), environment)).isFork
}
const from = (repo: unknown) => ({ pull_request: { head: { repo } } })

describe('the event of a job in GitHub Actions', () => {
  it.each<[string, unknown, boolean | null]>([
    ['a fork', from({ full_name: 'me/app', fork: true }), true],
    ['a branch of the repository', from({ full_name: 'them/app', fork: false }), false],
    ['a branch of a repository that is a fork itself', from({ full_name: 'Them/App', fork: true }), false],
    ['a repository that was deleted', from(null), true],
    ['a repository without a name', from({ fork: true }), true],
    ['a repository without either', from({}), null],
    ['no pull request', { ref: 'refs/heads/main' }, null],
    ['a list', [], null],
    ['no JSON', '{"pull_request":', null],
    ['nothing', '', null],
  ])('says whether its pull request comes from a fork: %s', async (_, event, expected) => {
    expect(await isFork(event)).toBe(expected)
  })

  it('is believed by its own flag where nobody says which repository this is', async () => {
    const { GITHUB_REPOSITORY: _, ...env } = PULL_REQUEST
    expect([await isFork(from({ full_name: 'me/app', fork: true }), env), await isFork(from({ full_name: 'me/app' }), env)]).toEqual([
      true,
      null,
    ])
  })

  it('S-06 is not read where it is too large, no file, or not there', async () => {
    expect(await isFork(`${JSON.stringify(from({ full_name: 'me/app' }))}${' '.repeat(4 * 1024 * 1024)}`)).toBeNull()
    expect(await isFork({}, { ...PULL_REQUEST, GITHUB_EVENT_PATH: dir })).toBeNull()
    expect(await isFork({}, { ...PULL_REQUEST, GITHUB_EVENT_PATH: join(dir, 'missing') })).toBeNull()
  })

  it('says nothing of a push, and is read for no other CI system', async () => {
    const event = from({ full_name: 'me/app', fork: true })
    expect(await isFork(event, { ...PULL_REQUEST, GITHUB_EVENT_NAME: 'push' })).toBeNull()
    expect(await isFork(event, { JENKINS_URL: 'https://ci.example', BUILD_ID: '1', CHANGE_ID: '7' })).toBeNull()
  })
})
