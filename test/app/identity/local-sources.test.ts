import { chmod, readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lookForSubject, obtainSubjectToken } from '../../../src/app/identity/subject-tokens.ts'
import type { Reference } from '../../../src/core/reference.ts'
import { failureOf } from '../../support/failure.ts'
import { type Arranged, arrange, JWT, shown } from './arrange.ts'

let stage: Arranged
const servers: Server[] = []
beforeEach(async () => {
  stage = await arrange()
})
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  await stage[Symbol.asyncDispose]()
})

describe('Fly', () => {
  const FLY: Reference = { scheme: 'oidc', source: 'fly', audience: undefined }
  const ENABLE = 'run it in a Fly Machine, as a user who may write to the socket /.fly/api'

  async function machine(status: number, body: string) {
    const socketPath = join(stage.dir, 'api')
    const seen: unknown[] = []
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk) => chunks.push(chunk))
      request.on('end', () => {
        const { method, url, headers } = request
        seen.push([method, url, headers.host, headers['content-type'], headers.authorization, Buffer.concat(chunks).toString()])
        response.writeHead(status, { 'content-type': 'text/plain' }).end(body)
      })
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(socketPath, resolve))
    return { socketPath, seen }
  }

  it.each([
    ['as it is', JWT],
    ['as a line', `${JWT}\n`],
    ['as a JSON string', JSON.stringify(JWT)],
  ])('is asked over its socket, and gives a token %s', async (_, body) => {
    const { socketPath, seen } = await machine(200, body)
    const world = stage.world({ http_proxy: 'http://127.0.0.1:9' }, { socketPath })
    expect(await lookForSubject(FLY, world)).toEqual({ there: true })
    expect(shown(await obtainSubjectToken({ reference: FLY, audience: 'https://api.acme.example' }, world))).toEqual(['subject-token', JWT])
    expect(shown(await obtainSubjectToken({ reference: FLY, audience: null }, world))).toEqual(['subject-token', JWT])
    const one = (sent: string) => ['POST', '/v1/tokens/oidc', 'localhost', 'application/json', undefined, sent]
    expect(seen).toEqual([one('{"aud":"https://api.acme.example"}'), one('{}')])
  })

  it.each([
    ['nothing', '', 'the body is empty'],
    ['a page', '<html>canary</html>', 'HTTP 200, text/plain'],
    ['an object', '{"token":"canary"}', 'HTTP 200, text/plain'],
    ['a broken string', '"canary', 'HTTP 200, text/plain'],
    ['words', 'canary in words', 'the body holds characters that no token has'],
  ])('answers with %s', async (_, body, why) => {
    const { socketPath } = await machine(200, body)
    const world = stage.world({}, { socketPath })
    const error = await failureOf(() => obtainSubjectToken({ reference: FLY, audience: 'a' }, world))
    const fix = `check what listens on ${socketPath}`
    const expected = { code: 'CLAW_PROTOCOL', what: 'Fly answered without an identity token', why, fix, data: { sent: true } }
    expect(error).toEqual(expected)
  })

  it('refuses', async () => {
    const { socketPath } = await machine(403, 'canary')
    const error = await failureOf(() => obtainSubjectToken({ reference: FLY, audience: 'a' }, stage.world({}, { socketPath })))
    expect(error).toEqual({
      code: 'CLAW_REFERENCE_UNRESOLVED',
      what: 'Fly refused to give an identity token',
      why: 'HTTP 403',
      fix: ENABLE,
      data: { sent: true, status: 403 },
    })
  })

  it('is not there without its socket', async () => {
    const socketPath = join(stage.dir, 'none')
    const world = stage.world({}, { socketPath, timeoutMs: 400 })
    expect(await lookForSubject(FLY, world)).toEqual({ there: false, why: `there is no socket ${socketPath}`, fix: ENABLE })
    expect(await lookForSubject(FLY, stage.world())).toEqual({ there: false, why: 'there is no socket /.fly/api', fix: ENABLE })
    expect(await failureOf(() => obtainSubjectToken({ reference: FLY, audience: 'a' }, world))).toEqual({
      code: 'CLAW_REFERENCE_UNRESOLVED',
      what: 'Fly offers no identity token here',
      why: `there is no socket ${socketPath}`,
      fix: ENABLE,
      data: {},
    })
  })
})

describe('a program of a CI system', () => {
  const CIRCLECI: Reference = { scheme: 'oidc', source: 'circleci', audience: undefined }
  const BUILDKITE: Reference = { scheme: 'oidc', source: 'buildkite', audience: undefined }

  /** A program of that name in PATH, which writes down how it was called. */
  async function program(name: string, script: string): Promise<Record<string, string>> {
    const path = join(stage.dir, name)
    const note = `require('fs').writeFileSync(${JSON.stringify(`${path}.called`)}, JSON.stringify([process.argv.slice(2), process.env]));`
    await writeFile(path, `#!${process.execPath}\n${note}${script}\n`)
    await chmod(path, 0o755)
    return { PATH: stage.dir, CI: 'true', CIRCLECI: 'true', BUILDKITE: 'true' }
  }
  async function called(name: string): Promise<unknown> {
    return JSON.parse(await readFile(join(stage.dir, `${name}.called`), 'utf8'))
  }
  const prints = `console.log(${JSON.stringify(JWT)})`
  const obtain = async (reference: Reference, audience: string | null, variables: Record<string, string>) =>
    shown(await obtainSubjectToken({ reference, audience }, stage.world(variables)))

  it('S-56 of CircleCI is asked by claims, with the variables of CircleCI and no token of its own', async () => {
    const variables = {
      ...(await program('circleci', prints)),
      CIRCLE_INTERNAL_TASK_DATA: '/tmp/task',
      CIRCLE_OIDC_TOKEN: 'canary',
      CIRCLE_OIDC_TOKEN_V2: 'canary',
      OPENAI_API_KEY: 'canary',
    }
    const seen = { PATH: stage.dir, CI: 'true', CIRCLECI: 'true', CIRCLE_INTERNAL_TASK_DATA: '/tmp/task' }
    expect(await lookForSubject(CIRCLECI, stage.world(variables))).toEqual({ there: true })
    expect(await obtain(CIRCLECI, 'https://a.example/"$&', variables)).toEqual(['subject-token', JWT])
    expect(await called('circleci')).toEqual([['run', 'oidc', 'get', '--claims', '{"aud":"https://a.example/\\"$&"}'], seen])
    expect(await obtain(CIRCLECI, null, variables)).toEqual(['subject-token', JWT])
    expect(await called('circleci')).toEqual([['run', 'oidc', 'get'], seen])
  })

  it('S-56 of Buildkite is asked with the variables of its agent, and no other', async () => {
    const agent = {
      BUILDKITE_JOB_ID: 'job-1',
      BUILDKITE_AGENT_ACCESS_TOKEN: 'canary-agent',
      BUILDKITE_AGENT_ENDPOINT: 'https://agent.example/v3',
      BUILDKITE_AGENT_JOB_API_SOCKET: '/tmp/job.sock',
      BUILDKITE_AGENT_JOB_API_TOKEN: 'canary-job',
      BUILDKITE_OIDC_TOKEN_SUBJECT_CLAIM: 'pipeline_id',
    }
    const base = await program('buildkite-agent', prints)
    const variables = { ...base, ...agent, BUILDKITE_BUILD_CREATOR: 'x', AWS_SECRET_ACCESS_KEY: 'canary' }
    expect(await lookForSubject(BUILDKITE, stage.world(variables))).toEqual({ there: true })
    expect(await obtain(BUILDKITE, 'https://api.acme.example', variables)).toEqual(['subject-token', JWT])
    expect(await called('buildkite-agent')).toEqual([
      ['oidc', 'request-token', '--audience', 'https://api.acme.example'],
      { PATH: stage.dir, ...agent },
    ])
  })

  const ENABLE =
    'run it in the job itself, or give BUILDKITE_JOB_ID, BUILDKITE_AGENT_ACCESS_TOKEN and the program buildkite-agent to its container'
  it.each([
    ['fails', 'console.error("no access"); process.exit(1)', 'its exit code was 1; it wrote: no access'],
    ['writes nothing', '', 'it wrote nothing'],
    ['writes a page', 'console.log("<html>\\ncanary")', 'it wrote 2 lines, and a secret is one'],
  ])('that %s gives no token', async (_, script, why) => {
    const variables = await program('buildkite-agent', script)
    expect(await failureOf(() => obtain(BUILDKITE, null, variables))).toEqual({
      code: 'CLAW_REFERENCE_UNRESOLVED',
      what: '`buildkite-agent oidc request-token` of Buildkite gave no identity token',
      why,
      fix: ENABLE,
      data: {},
    })
  })

  it('that is not there, or of another CI system, offers none', async () => {
    const missing = { there: false, why: 'there is no program `buildkite-agent` in PATH', fix: ENABLE }
    expect(await lookForSubject(BUILDKITE, stage.world({ PATH: stage.dir, BUILDKITE: 'true' }))).toEqual(missing)
    expect(await failureOf(() => obtain(BUILDKITE, null, { PATH: stage.dir, BUILDKITE: 'true' }))).toEqual({
      code: 'CLAW_REFERENCE_UNRESOLVED',
      what: 'Buildkite offers no identity token here',
      why: missing.why,
      fix: ENABLE,
      data: {},
    })
    expect(await lookForSubject(CIRCLECI, stage.world({ PATH: stage.dir }))).toEqual({
      there: false,
      why: 'CIRCLECI is not set',
      fix: 'run it in CircleCI',
    })
  })

  it('S-21 is not taken from the repository', async () => {
    const variables = await program('buildkite-agent', prints)
    expect(await lookForSubject(BUILDKITE, stage.world(variables, { projectRoot: stage.dir }))).toMatchObject({ there: false })
  })
})
