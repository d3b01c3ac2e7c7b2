import { createServer } from 'node:http'
import type { EndpointAsk, MetadataAsk, SocketAsk } from '../../../../src/providers/subject-source.ts'
import { type Answer, loopbackServer, type SeenRequest } from '../../../support/loopback-server.ts'
import { socketIn } from '../../../support/rehearsed.ts'
import { type Backstage, type Play, Tokens } from './play.ts'

const SECRET = 'a-secret-of-this-job-0123456789'
const REFUSED: Answer = { status: 403, body: 'no' }

/** What a CI system or platform serves to its jobs, behind a secret that stands in a variable. */
export async function playEndpoint(ask: EndpointAsk, stage: Backstage): Promise<Play> {
  const tokens = new Tokens(stage)
  const server = await loopbackServer((request) => {
    const query = queryOf(request)
    const sent = request.headers[ask.secretHeader]
    const isRight =
      request.method === ask.method &&
      sent === (ask.secretHeader === 'authorization' ? `Bearer ${SECRET}` : SECRET) &&
      [['of', 'the-job'], ...Object.entries(ask.query)].every(([name = '', value]) => query.get(name) === value)
    if (!isRight) return REFUSED
    return json({ [ask.answerField]: tokens.give(ask.audienceField === undefined ? null : query.get(ask.audienceField)) })
  })
  const env = { [ask.urlVariable]: `${server.origin}/tokens?of=the-job`, [ask.secretVariable]: SECRET }
  return { env, secrets: [SECRET], rotate: async () => tokens.rotate(), [Symbol.asyncDispose]: () => server.close() }
}

/** The metadata server of a cloud. */
export async function playMetadata(ask: MetadataAsk, stage: Backstage): Promise<Play> {
  const tokens = new Tokens(stage)
  const { answerHeader: [name, value] = ['server', 'metadata'] } = ask
  const server = await loopbackServer((request) => {
    const isRight = Object.entries(ask.headers).every(([header, wanted]) => request.headers[header] === wanted)
    const query = queryOf(request)
    if (!isRight) return REFUSED
    if (request.path === ask.probePath) return { headers: { [name]: value }, body: 'computeMetadata/' }
    const isAsked =
      request.path.startsWith(`${ask.path}?`) && Object.entries(ask.query).every(([each, wanted]) => query.get(each) === wanted)
    if (!isAsked) return { status: 404 }
    const token = tokens.give(query.get(ask.audienceField))
    return ask.answerField === null ? { headers: { [name]: value }, body: token } : json({ [ask.answerField]: token })
  })
  const env = { [ask.hostVariable]: new URL(server.origin).host }
  return { env, secrets: [], rotate: async () => tokens.rotate(), [Symbol.asyncDispose]: () => server.close() }
}

/** What listens on a socket of the machine. */
export async function playSocket(ask: SocketAsk, stage: Backstage): Promise<Play> {
  const tokens = new Tokens(stage)
  const server = createServer((message, response) => {
    const chunks: Buffer[] = []
    message.on('data', (chunk) => chunks.push(chunk))
    message.on('end', () => {
      if (message.method !== 'POST' || message.url !== ask.path) return response.writeHead(404).end()
      const audience: unknown = JSON.parse(Buffer.concat(chunks).toString())[ask.audienceField]
      return response.end(tokens.give(typeof audience === 'string' ? audience : null))
    })
  })
  await new Promise<void>((resolve) => server.listen(socketIn(stage.home), resolve))
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { env: {}, secrets: [], rotate: async () => tokens.rotate(), [Symbol.asyncDispose]: close }
}

function queryOf({ path }: SeenRequest): URLSearchParams {
  return new URL(path, 'http://127.0.0.1').searchParams
}

function json(value: unknown): Answer {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}
