import { describe, expect, it } from 'vitest'
import { rehearsed } from '../../support/rehearsed.ts'

const ASKED = '/pipelines.actions.githubusercontent.com/sandbox/_apis/distributedtask/hubs/Actions/plans/1/jobs/1/idtoken'
const TENANT = '5a5db000-0000-4000-8000-000000000003'
const ACCOUNT = 'sandbox%40sandbox-project.iam.gserviceaccount.com'

/** By provider: the exchange, its grant, and what comes after it. */
const JOBS: readonly (readonly [provider: string, path: string, grantType: string, after: readonly string[]])[] = [
  ['anthropic', '/api.anthropic.com/v1/oauth/token', 'jwt-bearer', ['/api.anthropic.com/v1/models']],
  ['openai', '/auth.openai.com/oauth/token', 'token-exchange', ['/api.openai.com/v1/models']],
  ['openai-codex', '/auth.openai.com/oauth/token', 'jwt-bearer', ['/chatgpt.com/backend-api/wham/usage']],
  ['openrouter', '/openrouter.ai/api/v1/oauth/token', 'token-exchange', ['/openrouter.ai/api/v1/key']],
  [
    'google-vertex',
    '/sts.googleapis.com/v1/token',
    'token-exchange',
    [`/iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${ACCOUNT}:generateAccessToken`],
  ],
  [
    'azure-openai',
    `/login.microsoftonline.com/${TENANT}/oauth2/v2.0/token`,
    'client-credentials',
    ['/sandbox.openai.azure.com/openai/v1/models'],
  ],
  ['acme', '/issuer/token', 'token-exchange', ['/v1/models']],
]

describe('the configuration of the sandbox', () => {
  it.each(JOBS)('lets a job without a key sign in to %s by the lines that stand there', async (job, path, grantType, after) => {
    await using machine = await rehearsed({ job })
    const env = machine.sandbox.identity.githubEnvironment()
    const { exitCode, stderr } = await machine.claw(['auth', '--identity', job, '--check'], { env })
    expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' })
    const asked = machine.asked()
    expect(asked.map(({ path: each, status, note }) => [each, status, note])).toEqual([
      [ASKED, 200, 'given'],
      [path, 200, 'granted'],
      ...after.map((each) => [each, 200, each.endsWith(':generateAccessToken') ? 'granted' : undefined]),
    ])
    expect(asked[1]).toMatchObject({ grantType, token: asked[0]?.token })
  })

  it('names nobody for whom a job would sign in by itself', async () => {
    await using machine = await rehearsed()
    const env = machine.sandbox.identity.githubEnvironment()
    expect((await machine.claw(['auth', '--identity', 'anthropic'], { env })).exitCode).not.toBe(0)
    expect(machine.asked()).toEqual([])
  })
})
