import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { CALLBACK_PAGES } from '../../src/app/sign-in/callback-page.ts'
import { hasBrowser, openBrowser, signInAtOidcProvider } from '../support/browser.ts'
import { loopbackServer } from '../support/loopback-server.ts'
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

/** The page that people see at the end of most sign-ins. */
const { received } = CALLBACK_PAGES

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

  it('a person signs in, the browser comes back to the loopback callback, and claw is signed in', async () => {
    await using provider = await startOidcProvider()
    await using world = machineWith(acme('pkce', provider))
    await using browser = await openBrowser()
    const address = printed('url')
    const signIn = world.claw({ onStdout: address.onStdout }, 'auth', '--browser', 'acme', '--no-check', '--json')
    const { page } = browser
    await page.goto(await address.value)
    await signInAtOidcProvider(page)
    await expect(page.locator('h1').textContent()).resolves.toBe('You can close this page')
    const ended = await signIn
    expect({ exitCode: ended.exitCode, result: ended.result }).toMatchObject({
      exitCode: 0,
      result: { schema: 'claw.auth/1', provider: 'acme', method: 'pkce', kind: 'oauth', account: 'somebody', changed: true },
    })
    // The code was good once: the page that is opened again finds nobody at home.
    await expect(page.reload()).rejects.toThrow(/ERR_CONNECTION_REFUSED/)
  })

  it.each(['light', 'dark'] as const)(
    'the page at the end of a sign-in reads well in a %s window, and breaks none of its own rules',
    async (colorScheme) => {
      await using server = await loopbackServer(() => ({ headers: { ...received.headers }, body: String(received.body) }))
      await using browser = await openBrowser({ colorScheme })
      const { page } = browser
      const complaints: string[] = []
      page.on('console', (message) => complaints.push(message.text()))
      await page.goto(server.origin)
      await page.screenshot({ path: join(tmpdir(), `claw-callback-${colorScheme}.png`) })
      const text = await colorOf(page, 'p:last-child', 'color')
      const card = await colorOf(page, 'main', 'background-color')
      expect(contrast(text, card)).toBeGreaterThan(4.5)
      expect(luminance(card) < 0.5).toBe(colorScheme === 'dark')
      // A browser asks for an icon of any page: the policy of this one lets it load nothing.
      expect(complaints.filter((line) => !line.includes('favicon'))).toEqual([])
    },
  )
})

/** What a browser makes of a colour, after the style sheet and the scheme of its window. */
function colorOf(page: Page, selector: string, property: string): Promise<string> {
  return page.evaluate<string>(`getComputedStyle(document.querySelector('${selector}')).getPropertyValue('${property}')`)
}

/** Relative luminance (WCAG 2.2) of a colour as a browser computes it, `rgb(r, g, b)`. */
function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [...color.matchAll(/[\d.]+/g)].map(([value]) => {
    const part = Number(value) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (light + 0.05) / (dark + 0.05)
}
