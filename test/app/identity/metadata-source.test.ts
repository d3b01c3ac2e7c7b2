import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lookForSubject, obtainSubjectToken } from '../../../src/app/identity/subject-tokens.ts'
import type { Reference } from '../../../src/core/reference.ts'
import { connectProxy } from '../../support/connect-proxy.ts'
import { failureOf } from '../../support/failure.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { gate } from '../../support/gate.ts'
import type { Answerer, LoopbackServer } from '../../support/loopback-server.ts'
import { type Arranged, arrange, JWT, shown } from './arrange.ts'

const GCP: Reference = { scheme: 'oidc', source: 'gcp', audience: undefined }
const AZURE: Reference = { scheme: 'oidc', source: 'azure', audience: undefined }
const AUDIENCE = 'https://api.acme.example/?a&b'
const FLAVOR = { 'metadata-flavor': 'Google' }

let stage: Arranged
beforeEach(async () => {
  stage = await arrange()
})
afterEach(() => stage[Symbol.asyncDispose]())

const served = (answer: Answerer) => stage.served(answer)
const hostOf = (server: LoopbackServer) => ({ GCE_METADATA_HOST: `127.0.0.1:${server.port}` })
const obtain = async (reference: Reference, variables: Record<string, string>, audience: string | null = AUDIENCE) =>
  shown(await obtainSubjectToken({ reference, audience }, stage.world(variables)))
const refusal = (reference: Reference, variables: Record<string, string>, audience: string | null = AUDIENCE) =>
  failureOf(() => obtainSubjectToken({ reference, audience }, stage.world(variables, { timeoutMs: 400 })))
const asked = (server: LoopbackServer, ...names: string[]) =>
  server.requests.map(({ method, path, headers }) => [method, path, Object.fromEntries(names.map((name) => [name, headers[name]]))])

describe('the metadata server of Google Cloud', () => {
  it('is asked for a whole token, and gives it as it is', async () => {
    const server = await served(() => ({ headers: { ...FLAVOR, 'content-type': 'text/html' }, body: JWT }))
    expect(await obtain(GCP, hostOf(server))).toEqual(['subject-token', JWT])
    expect(asked(server, 'metadata-flavor', 'authorization')).toEqual([
      [
        'GET',
        '/computeMetadata/v1/instance/service-accounts/default/identity?format=full&audience=https%3A%2F%2Fapi.acme.example%2F%3Fa%26b',
        { ...FLAVOR, authorization: undefined },
      ],
    ])
  })

  it('is looked for without asking for a token', async () => {
    const server = await served(() => ({ headers: FLAVOR, body: 'computeMetadata/' }))
    expect(await lookForSubject(GCP, stage.world(hostOf(server)))).toEqual({ there: true })
    expect(asked(server, 'metadata-flavor')).toEqual([['GET', '/', FLAVOR]])
  })

  it.each<[string, Answerer]>([
    ['answers without its header', () => ({ body: 'hello' })],
    ['answers for another cloud', () => ({ headers: { 'metadata-flavor': 'Other' } })],
    ['is not found', () => ({ status: 404, headers: FLAVOR })],
    ['redirects', () => ({ status: 302, headers: { ...FLAVOR, location: 'http://127.0.0.1/' } })],
  ])('is not there where a server %s', async (_, answer) => {
    const server = await served(answer)
    expect(await lookForSubject(GCP, stage.world(hostOf(server)))).toEqual({
      there: false,
      why: `no metadata server answers at 127.0.0.1:${server.port}`,
      fix: 'run it on Google Cloud, on an instance or in a service that has a service account',
    })
  })

  it('is looked for no longer than a second', async () => {
    const begun = gate()
    const server = await served(() => {
      begun.open()
      return undefined
    })
    const clock = fakeClock()
    const looked = lookForSubject(GCP, stage.world(hostOf(server), { clock }))
    await begun.opened
    await clock.advance(1_000)
    expect(await looked).toMatchObject({ there: false })
  })

  it('is not waited for where the command is cancelled', async () => {
    const begun = gate()
    const server = await served(() => {
      begun.open()
      return undefined
    })
    const stop = new AbortController()
    const looked = lookForSubject(GCP, stage.world(hostOf(server), { signal: stop.signal }))
    await begun.opened
    stop.abort(new Error('stopped'))
    await expect(looked).rejects.toThrow('stopped')
  })

  it('gives no token to who names no audience', async () => {
    expect(await refusal(GCP, {}, null)).toEqual({
      code: 'CLAW_CONFIG_INVALID',
      what: '`oidc:gcp` needs an audience',
      fix: 'write `subject_token = "oidc:gcp?audience=…"`',
      data: {},
    })
  })

  it.each<[string, ReturnType<Answerer>, Record<string, unknown>]>([
    [
      'an instance without a service account',
      { status: 404, headers: FLAVOR, body: 'canary' },
      {
        code: 'CLAW_REFERENCE_UNRESOLVED',
        what: 'the metadata server of Google Cloud refused to give an identity token',
        why: 'HTTP 404',
        fix: 'run it on Google Cloud, on an instance or in a service that has a service account',
        data: { sent: true, status: 404 },
      },
    ],
    [
      'another server',
      { body: JWT },
      {
        code: 'CLAW_PROTOCOL',
        what: 'what answered is not the metadata server of Google Cloud',
        why: 'its answer has no header `metadata-flavor: Google`',
        fix: 'check what answers at HOST',
        data: { sent: true },
      },
    ],
    [
      'a page',
      { headers: { ...FLAVOR, 'content-type': 'text/html' }, body: '<html>canary' },
      {
        code: 'CLAW_PROTOCOL',
        what: 'the metadata server of Google Cloud answered without an identity token',
        why: 'HTTP 200, text/html',
        fix: 'check what answers at HOST',
        data: { sent: true },
      },
    ],
  ])('answers as %s', async (_, answer, expected) => {
    const server = await served(() => answer)
    const error = await refusal(GCP, hostOf(server))
    expect({ ...error, fix: error.fix?.replace(/127\.0\.0\.1:\d+/, 'HOST') }).toEqual(expected)
  })

  it('S-29 is not asked through a proxy', async () => {
    const proxy = await connectProxy()
    try {
      const variables = { http_proxy: proxy.url, GCE_METADATA_HOST: 'metadata.example' }
      expect(await refusal(GCP, variables)).toMatchObject({
        code: 'CLAW_INSECURE',
        what: '`metadata.example` would be spoken to without TLS through the proxy of `http_proxy`',
      })
      expect(await lookForSubject(GCP, stage.world(variables))).toMatchObject({ there: false })
      expect(proxy.requests).toEqual([])
    } finally {
      await proxy.close()
    }
  })

  it.each(['a b', 'user@host', 'host/path', 'http://host/path', ''.padEnd(3, '/')])('S-28 is not at `%s`', async (host) => {
    const fix = 'unset GCE_METADATA_HOST, or set it to `host:port`'
    const what = '`GCE_METADATA_HOST` names no host'
    expect(await refusal(GCP, { GCE_METADATA_HOST: host })).toEqual({ code: 'CLAW_CONFIG_INVALID', what, fix, data: {} })
    expect(await lookForSubject(GCP, stage.world({ GCE_METADATA_HOST: host }))).toEqual({
      there: false,
      why: 'GCE_METADATA_HOST names no host',
      fix,
    })
  })
})

describe('the managed identity of Azure', () => {
  const token = { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ access_token: JWT, token_type: 'Bearer' }) }

  it('is asked of the metadata server of a machine', async () => {
    const server = await served(() => token)
    const variables = { AZURE_POD_IDENTITY_AUTHORITY_HOST: `${server.origin}/` }
    expect(await obtain(AZURE, variables, 'api://acme')).toEqual(['subject-token', JWT])
    expect(await obtain(AZURE, { ...variables, AZURE_CLIENT_ID: 'id-1' }, 'api://acme')).toEqual(['subject-token', JWT])
    const path = '/metadata/identity/oauth2/token?api-version=2018-02-01'
    expect(asked(server, 'metadata')).toEqual([
      ['GET', `${path}&resource=api%3A%2F%2Facme`, { metadata: 'true' }],
      ['GET', `${path}&client_id=id-1&resource=api%3A%2F%2Facme`, { metadata: 'true' }],
    ])
  })

  it('is looked for by what is no token', async () => {
    const server = await served(({ path }) => ({ status: path.startsWith('/metadata/instance?') ? 200 : 404 }))
    expect(await lookForSubject(AZURE, stage.world({ AZURE_POD_IDENTITY_AUTHORITY_HOST: server.origin }))).toEqual({ there: true })
    expect(asked(server, 'metadata')).toEqual([['GET', '/metadata/instance?api-version=2021-02-01', { metadata: 'true' }]])
  })

  it('is asked of App Service where that says where, with its secret', async () => {
    const server = await served(() => token)
    for (const host of ['127.0.0.1', 'localhost']) {
      const variables = { IDENTITY_ENDPOINT: `http://${host}:${server.port}/msi/token`, IDENTITY_HEADER: 'canary-header-secret' }
      expect(await obtain(AZURE, variables, 'api://acme')).toEqual(['subject-token', JWT])
      expect(await lookForSubject(AZURE, stage.world(variables))).toEqual({ there: true })
    }
    const one = [
      'GET',
      '/msi/token?api-version=2019-08-01&resource=api%3A%2F%2Facme',
      { 'x-identity-header': 'canary-header-secret', authorization: undefined },
    ]
    expect(asked(server, 'x-identity-header', 'authorization')).toEqual([one, one])
  })

  it('S-28 sends that secret to no other host without TLS', async () => {
    const variables = { IDENTITY_ENDPOINT: 'http://identity.example/msi/token', IDENTITY_HEADER: 'canary-header-secret' }
    expect(await refusal(AZURE, variables, 'api://acme')).toEqual({
      code: 'CLAW_INSECURE',
      what: '`identity.example` would be spoken to without TLS',
      why: 'IDENTITY_ENDPOINT is no address that may have IDENTITY_HEADER',
      fix: 'check what IDENTITY_ENDPOINT leads to',
      data: { host: 'identity.example' },
    })
  })

  it('needs the secret beside the address', async () => {
    const variables = { IDENTITY_ENDPOINT: 'http://localhost:42356/msi/token' }
    expect(await lookForSubject(AZURE, stage.world(variables))).toMatchObject({ there: false, why: 'IDENTITY_HEADER is not set' })
  })

  it('that is not assigned is refused', async () => {
    const server = await served(() => ({ status: 400, body: JSON.stringify({ error: 'invalid_request', error_description: 'canary' }) }))
    expect(await refusal(AZURE, { AZURE_POD_IDENTITY_AUTHORITY_HOST: server.origin }, 'api://acme')).toEqual({
      code: 'CLAW_REFERENCE_UNRESOLVED',
      what: 'the managed identity of Azure refused to give an identity token',
      why: 'HTTP 400',
      fix: 'run it on Azure, where a managed identity is assigned; several of them: set AZURE_CLIENT_ID',
      data: { sent: true, status: 400 },
    })
  })
})
