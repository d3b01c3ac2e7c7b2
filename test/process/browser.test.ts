import { describe, expect, it } from 'vitest'
import { hasBrowser, openBrowser, signInAtOidcProvider } from '../support/browser.ts'
import { startOidcProvider } from '../support/oidc-provider.ts'
import { machineWith } from '../support/sandboxed.ts'

const acme = (method: 'device' | 'pkce', { issuer, clientId }: { readonly issuer: string; readonly clientId: string }) => `
[providers.acme]
protocol = "openai-chat"
base_url = "http://127.0.0.1:9/v1"
models = ["m"]

[providers.acme.auth.sso]
method = "${method}"
issuer = "${issuer}"
client_id = "${clientId}"
scope = "openid offline_access"
`

/** The first value of a field that a running claw prints in an event, as soon as it is there. */
function printed(field: string) {
  let resolve: (value: string) => void = () => undefined
  const value = new Promise<string>((done) => {
    resolve = done
  })
  return {
    value,
    onStdout(text: string) {
      const found = new RegExp(`"${field}":"([^"]+)"`).exec(text)?.[1]
      if (found !== undefined) resolve(found)
    },
  }
}

describe.skipIf(!hasBrowser)('with a browser', () => {
  it('a person opens the page, types the device code and consents, and claw is signed in', async () => {
    await using provider = await startOidcProvider()
    await using world = machineWith(acme('device', provider))
    await using browser = await openBrowser()
    const code = printed('userCode')
    const signIn = world.claw({ onStdout: code.onStdout }, 'auth', '--device', 'acme', '--no-check', '--json')
    const { page } = browser
    await page.goto(`${provider.issuer}/device`)
    await page.locator('input[name="user_code"]').fill(await code.value)
    await signInAtOidcProvider(page)
    await expect(page.locator('body').textContent()).resolves.toMatch(/success/i)
    const ended = await signIn
    expect({ exitCode: ended.exitCode, result: ended.result }).toMatchObject({
      exitCode: 0,
      result: { schema: 'claw.auth/1', provider: 'acme', method: 'device', kind: 'oauth', account: 'somebody', changed: true },
    })
  })
})
