import type { ServedRequest } from '../../platform/served-request.ts'
import { credentialOf, isTaken } from '../credential.ts'
import { type Dialect, json, type Reply, type SandboxWorld } from '../dialect.ts'
import { shortHash } from '../journal.ts'

const GITHUB_API = '/api.github.com/copilot_internal'
const COPILOT_API = '/api.individual.githubcopilot.com'
/** What an exchange mints begins so; the API takes it. */
const MINTED = 'tid=sandbox'
const LIFETIME_S = 1_500
/** Tokens of apps may be exchanged; those of persons may not, and those of servers have no account to ask for. */
const OF_APPS = ['gho_', 'ghu_']
const OF_ACCOUNTS = [...OF_APPS, 'github_pat_']
const NOT_ACCESSIBLE = 'Resource not accessible by integration'

/** What stands between a token of GitHub and Copilot: the address of the API, or an exchange. */
export const copilot: Dialect = {
  name: 'copilot',
  answer(request, world) {
    switch (`${request.method} ${request.path}`) {
      case `GET ${GITHUB_API}/user`:
        return refusal(request, world, OF_ACCOUNTS) ?? json(200, userOf(world), noteOf(request, 'asked'))
      case `GET ${GITHUB_API}/v2/token`:
        return refusal(request, world, OF_APPS) ?? json(200, mint(world), noteOf(request, 'exchanged'))
      default:
        return undefined
    }
  },
}

function refusal(request: ServedRequest, world: SandboxWorld, prefixes: readonly string[]): Reply | undefined {
  const sent = credentialOf(request)
  const takes = (accepted: readonly string[]) =>
    typeof sent === 'object' && isTaken(sent, [{ header: 'authorization', scheme: 'Bearer', prefixes: accepted, isToken: true }], world)
  const isExchange = request.path.endsWith('/token')
  if (!takes([...OF_ACCOUNTS, 'ghs_'])) return json(401, { message: 'Bad credentials', status: '401' }, noteOf(request, 'refused'))
  if (!takes(prefixes) || (isExchange && world.scenario.copilot === 'no_exchange'))
    return json(403, { message: NOT_ACCESSIBLE, status: '403' }, noteOf(request, 'refused'))
  if (world.scenario.copilot === 'no_seat') {
    const details = { error_details: { notification_id: 'no_copilot_access' }, message: NOT_ACCESSIBLE }
    return isExchange
      ? json(403, details, noteOf(request, 'no seat'))
      : json(404, { message: 'Not Found', status: '404' }, noteOf(request, 'no seat'))
  }
  return undefined
}

function userOf(world: SandboxWorld): Record<string, unknown> {
  return { login: 'sandbox', copilot_plan: 'individual', chat_enabled: true, endpoints: { api: apiOf(world) } }
}

/** The address of the API stands beside the token: within it there is a host only, and none of this machine's. */
function mint(world: SandboxWorld): Record<string, unknown> {
  const { clock, scenario } = world
  const expiresAt = Math.floor(clock.wall() / 1_000) + LIFETIME_S
  const isEvil = scenario.copilot === 'evil_host'
  return {
    token: `${MINTED}-${shortHash(String(clock.now()))};exp=${expiresAt};sku=sandbox${isEvil ? ';proxy-ep=proxy.evil.example' : ''}`,
    expires_at: expiresAt,
    refresh_in: LIFETIME_S - 300,
    endpoints: { api: apiOf(world) },
  }
}

function apiOf({ origin, scenario }: SandboxWorld): string {
  return scenario.copilot === 'evil_host' ? 'https://api.evil.example' : `${origin}${COPILOT_API}`
}

function noteOf(request: ServedRequest, note: string): { readonly token: string; readonly note: string } {
  const sent = credentialOf(request)
  return { token: shortHash(typeof sent === 'object' ? sent.value : ''), note }
}
