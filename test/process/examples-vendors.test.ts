import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { identityExample } from '../support/identity-examples.ts'
import { exchangesAt, readdress } from '../support/keyless.ts'
import { loopbackServer } from '../support/loopback-server.ts'
import { pointAt } from '../support/pointed-at.ts'
import { type Sandboxed, sandboxed } from '../support/sandboxed.ts'

const VENDORS = ['anthropic', 'openai', 'openai-codex', 'openrouter'] as const

/** A copy of an example that leads to the sandbox. */
function exampleAt(world: Sandboxed, name: string, routes?: Parameters<typeof readdress>[2]): string {
  const file = join(world.home, `example-${name}`)
  copyFileSync(identityExample(name), file)
  readdress(file, world, routes)
  return file
}

const inGithub = (world: Sandboxed) => ({ GITHUB_ACTIONS: 'true', ...world.identity.githubEnvironment() })

/** A program on PATH that wants exactly these arguments and variables, and prints one line. */
function placeProgram(world: Sandboxed, name: string, args: readonly string[], variables: readonly string[], line: string): string {
  const file = join(world.home, 'bin', name)
  mkdirSync(dirname(file), { recursive: true })
  const wanted = JSON.stringify({ args, variables: [...variables].sort() })
  const seen =
    "JSON.stringify({ args: process.argv.slice(2), variables: Object.keys(process.env).filter((name) => name.startsWith('AWS_')).sort() })"
  writeFileSync(
    file,
    `#!${process.execPath}\nif (${seen} !== ${JSON.stringify(wanted)}) { console.error(${seen}); process.exit(2) }\nconsole.log(${JSON.stringify(line)})\n`,
  )
  chmodSync(file, 0o755)
  return dirname(file)
}

describe('claw.toml', () => {
  it.each(VENDORS)('has what %s wants of a job', async (vendor) => {
    await using world = await sandboxed()
    const config = exampleAt(world, 'claw.toml', VENDORS)
    const args = ['auth', '--identity', vendor, '--config', config, '--json']
    const { exitCode, result } = await world.claw({ env: inGithub(world) }, ...args)
    expect(exitCode).toBe(0)
    expect(result).toMatchObject({
      schema: 'claw.auth/1',
      route: vendor,
      method: 'identity',
      kind: 'identity',
      claims: { sub: 'repo:claw-sandbox@1001/app@2002:ref:refs/heads/main' },
      check: { status: 'pass' },
    })
    expect(exchangesAt(world)).toEqual([expect.stringMatching(/-identity 200 granted$/)])
  })

  it('has what a server of RFC 8693 wants', async () => {
    await using world = await sandboxed()
    await using server = await loopbackServer(() => ({
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        access_token: 'acme-access-token-of-the-job',
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: 600,
      }),
    }))
    const config = exampleAt(world, 'claw.toml')
    pointAt(config, '', { providers: { acme: { auth: { ci: { token_endpoint: `${server.origin}/token` } } } } })
    const token = await world.claw({ env: inGithub(world) }, 'token', 'acme', '--config', config)
    expect(token).toMatchObject({ exitCode: 0, stdout: 'acme-access-token-of-the-job\n' })
    const [asked, ...more] = server.requests.map(({ method, path, body }) => ({
      method,
      path,
      fields: Object.fromEntries(new URLSearchParams(body)),
    }))
    expect(more).toEqual([])
    expect(asked).toEqual({
      method: 'POST',
      path: '/token',
      fields: {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        subject_token: expect.stringMatching(/^eyJ/),
      },
    })
  })
})

describe('clouds.toml', () => {
  it.each([
    ['google-vertex', 'google-identity 200 granted'],
    ['azure-openai', 'azure-identity 200 granted'],
  ])('has what %s is thought to want of a job', async (vendor, exchange) => {
    await using world = await sandboxed()
    const config = exampleAt(world, 'clouds.toml', ['google-vertex', 'azure-openai'])
    const env = { ...inGithub(world), AZURE_OPENAI_RESOURCE_NAME: 'acme' }
    const { exitCode, stdout, stderr } = await world.claw({ env }, 'token', vendor, '--config', config)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(/^\S+\n$/)
    expect(exchangesAt(world)).toEqual([exchange])
  })

  const AWS = { AWS_REGION: 'us-east-1', AWS_ROLE_ARN: 'arn:aws:iam::1:role/claw', AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/secrets/token' }

  it('has a program print the key of Bedrock, with the variables of its web identity', async () => {
    await using world = await sandboxed()
    const args = ['-c', 'from aws_bedrock_token_generator import provide_token; print(provide_token())']
    const bin = placeProgram(world, 'python3', args, Object.keys(AWS), 'bedrock-api-key-sandbox')
    const env = { ...AWS, AWS_SECRET_ACCESS_KEY: 'none-of-its-business', PATH: `${bin}:${process.env.PATH}` }
    const token = await world.claw({ env }, 'token', 'bedrock', '--config', identityExample('clouds.toml'))
    expect(token).toMatchObject({ exitCode: 0, stdout: 'bedrock-api-key-sandbox\n', stderr: '' })
  })

  it('has AWS vouch for its machine at another vendor', async () => {
    await using world = await sandboxed()
    const audience = 'https://api.anthropic.com'
    const subject = world.identity.mint({ audience })
    const args = ['sts', 'get-web-identity-token', '--audience', audience, '--signing-algorithm', 'RS256', '--duration-seconds', '300']
    const bin = placeProgram(world, 'aws', [...args, '--query', 'WebIdentityToken', '--output', 'text'], Object.keys(AWS), subject)
    const env = { ...AWS, PATH: `${bin}:${process.env.PATH}` }
    const config = exampleAt(world, 'clouds.toml', ['anthropic'])
    const { exitCode, result, stderr } = await world.claw({ env }, 'auth', '--identity', 'anthropic', '--config', config, '--json')
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(result).toMatchObject({ route: 'anthropic', kind: 'identity' })
    expect(exchangesAt(world)).toEqual(['anthropic-identity 200 granted'])
  })
})
