import { describe, expect, it } from 'vitest'
import { keyPrefixes } from '../../src/app/rehearsal/mirrored-base.ts'
import { METHOD_OF } from '../../src/providers/auth-kinds.ts'
import { copied, decideAt } from '../app/sign-in-matrix/browser.ts'
import { ENTRIES, type Entry, enabling } from '../app/sign-in-matrix/entry.ts'
import { sandboxed, type Sandboxed } from '../support/sandboxed.ts'

/** The first method of each kind that is a sign-in of its own. */
const FIRST = [...new Map([...ENTRIES].reverse().map((entry) => [entry.auth.kind, entry])).values()].filter(
  ({ auth }) => auth.kind !== 'none' && auth.kind !== 'workload_identity' && auth.needs === undefined,
)

/** Signs in by whatever the method takes, as the built program. */
async function signIn({ id, route, auth }: Entry, world: Sandboxed, env: Readonly<Record<string, string>>) {
  const claw = (stdin: string, ...args: string[]) => world.claw({ env, stdin }, 'auth', ...args, '--json')
  switch (METHOD_OF[auth.kind]) {
    case 'api_key':
      return claw(`${keyPrefixes(auth)[0]}sandbox-0123456789`, '--api-key', route.id, '--stdin', '--check')
    case 'token':
      return claw(`${keyPrefixes(auth)[0]}sandbox-0123456789`, '--token', route.id, '--stdin', '--check')
    case 'device':
      return claw('', '--device', route.id)
    case 'pkce': {
      const begun = await claw('', '--paste', route.id)
      const ended = await decideAt(String(begun.result?.verificationUri), 'approve')
      return claw(await copied(ended, auth.pasteRedirectUri !== undefined), 'complete', route.id, '--stdin')
    }
    default:
      throw new Error(`nobody knows how to sign in by ${id}`)
  }
}

describe('the built program signs in by each kind of method', () => {
  it.each(FIRST)('$auth.kind ($id)', async (entry) => {
    await using world = await sandboxed()
    const env = { CLAW_ENABLE: enabling(entry).join(',') }
    const { provider, id: route } = entry.route
    const signedIn = await signIn(entry, world, env)
    expect({ exitCode: signedIn.exitCode, result: signedIn.result }).toMatchObject({
      exitCode: 0,
      result: { type: 'result', schema: 'claw.auth/1', provider, route, method: METHOD_OF[entry.auth.kind], changed: true },
    })
    const token = await world.claw({ env }, 'token', route)
    expect({ ...token, stdout: token.stdout.length > 10 }).toMatchObject({ exitCode: 0, stdout: true, stderr: '' })
    expect(signedIn.stdout + signedIn.stderr).not.toContain(token.stdout.trim())
    const out = await world.claw({ env }, 'auth', 'logout', route, '--json')
    expect({ exitCode: out.exitCode, result: out.result }).toMatchObject({ exitCode: 0, result: { items: [{ provider, route }] } })
  })
})
