import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { isRoot } from './privileges.ts'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome-stable', '/usr/bin/google-chrome']

/** A Chromium of this machine; `undefined` where there is none (never in CI, which installs it). */
const executable = [process.env.CHROMIUM ?? '', ...PLACES].find((path) => path !== '' && existsSync(path))

/** Whether the tests with a browser can run here. In CI they do, and fail without one. */
export const hasBrowser = executable !== undefined || process.env.CI !== undefined

if (!hasBrowser) console.warn('no Chromium here: the tests with a browser are skipped (set CHROMIUM to the path of one)')

/** A headless browser with a fresh profile, and its first page. */
export interface OpenBrowser extends AsyncDisposable {
  readonly page: Page
  /** Another page of the same profile. */
  newPage(): Promise<Page>
}

export async function openBrowser({ colorScheme = 'light' }: { readonly colorScheme?: 'light' | 'dark' } = {}): Promise<OpenBrowser> {
  const browser: Browser = await chromium.launch({
    ...(executable === undefined ? {} : { executablePath: executable }),
    args: [...(isRoot ? ['--no-sandbox'] : []), '--disable-dev-shm-usage'],
  })
  const context = await browser.newContext({ colorScheme, viewport: { width: 900, height: 600 } })
  return {
    page: await context.newPage(),
    newPage: () => context.newPage(),
    [Symbol.asyncDispose]: () => browser.close(),
  }
}

/** Goes through the pages of `oidc-provider` as a person does: the code where it is asked for, a name, consent. */
export async function signInAtOidcProvider(page: Page): Promise<void> {
  for (let step = 0; step < 8; step++) {
    const login = page.locator('input[name="login"]')
    const submit = page.locator('button[type="submit"]').first()
    if ((await submit.count()) === 0) return
    if ((await login.count()) > 0) {
      await login.fill('somebody')
      await page.locator('input[name="password"]').fill('anything')
    }
    await Promise.all([page.waitForNavigation(), submit.click()])
  }
  throw new Error(`the pages of the provider do not end: ${page.url()}`)
}
