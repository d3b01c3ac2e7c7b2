import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type LoopbackServer, loopbackServer } from './loopback-server.ts'

const JOB = '0195d3a2-0000-4000-8000-000000000001'
const ACCESS_TOKEN = 'bkaj_of_this_job'

/** What asks for a token as the agent does: the flags it has, the variables it needs, one request (buildkite/agent, 2026). */
const PROGRAM = `
const [command, verb, ...args] = process.argv.slice(2)
const die = (text) => { console.error('fatal: ' + text); process.exit(1) }
if (command !== 'oidc' || verb !== 'request-token') die('no such command')
const asked = {}
while (args.length > 0) {
  const flag = args.shift()
  if (!['--audience', '--lifetime', '--subject-claim'].includes(flag)) die('flag provided but not defined: ' + flag)
  asked[flag.slice(2).replace('-', '_')] = args.shift() ?? die('flag needs an argument: ' + flag)
}
const { BUILDKITE_JOB_ID: job, BUILDKITE_AGENT_ACCESS_TOKEN: token, BUILDKITE_AGENT_ENDPOINT: endpoint } = process.env
if (!job) die("Missing job. See: 'buildkite-agent oidc request-token --help'")
if (!token) die("Missing agent-access-token. See: 'buildkite-agent oidc request-token --help'")
const body = JSON.stringify({ ...asked, variables: Object.keys(process.env).sort() })
const headers = { authorization: 'Token ' + token, 'content-type': 'application/json' }
fetch(endpoint + '/jobs/' + job + '/oidc/tokens', { method: 'POST', headers, body })
  .then(async (answer) => (answer.ok ? console.log((await answer.json()).token) : die('HTTP ' + answer.status)))
  .catch((error) => die(error.message))
`

export interface BuildkiteAgent extends AsyncDisposable {
  /** What the agent gives to the commands of a job. */
  readonly env: Readonly<Record<string, string>>
  /** What the program was asked for, and the names of the variables that it saw, in order. */
  asked(): readonly unknown[]
}

/** Places a program `buildkite-agent` and serves the API that it asks. */
export async function buildkiteAgent(file: string, mint: (audience: string) => string): Promise<BuildkiteAgent> {
  const server: LoopbackServer = await loopbackServer(({ method, path, headers, body }) => {
    if (`${method} ${path}` !== `POST /v3/jobs/${JOB}/oidc/tokens`) return { status: 404 }
    if (headers.authorization !== `Token ${ACCESS_TOKEN}`) return { status: 401 }
    return { status: 201, body: JSON.stringify({ token: mint(JSON.parse(body).audience) }) }
  })
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `#!${process.execPath}\n${PROGRAM}`)
  chmodSync(file, 0o755)
  return {
    env: {
      CI: 'true',
      BUILDKITE: 'true',
      BUILDKITE_JOB_ID: JOB,
      BUILDKITE_AGENT_ACCESS_TOKEN: ACCESS_TOKEN,
      BUILDKITE_AGENT_ENDPOINT: `${server.origin}/v3`,
    },
    asked: () => server.requests.map(({ body }) => JSON.parse(body)),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
