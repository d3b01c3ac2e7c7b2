import { createHash } from 'node:crypto'
import type { Served } from '../../platform/http-server.ts'

const STYLE = `:root{color-scheme:light dark;--ink:#1c2024;--soft:#5b6570;--ground:#f6f7f9;--card:#fff;--line:#dfe3e8;--mark:#1a7f4b}
@media (prefers-color-scheme:dark){:root{--ink:#eceff2;--soft:#a3adb8;--ground:#14171a;--card:#1d2125;--line:#343b42;--mark:#4cc38a}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{width:100%;max-width:30rem;padding:2rem 2.25rem;background:var(--card);border:1px solid var(--line);border-left:4px solid var(--mark);border-radius:10px}
.refused{--mark:#b54708}.stranger{--mark:#6e56cf}
@media (prefers-color-scheme:dark){.refused{--mark:#f5a524}.stranger{--mark:#a594f0}}
h1{margin:0 0 .6rem;font-size:1.35rem;line-height:1.3}
p{margin:0 0 .6rem}p:last-child{margin:0;color:var(--soft)}
code{font:.9em ui-monospace,monospace}`

/** S-39: what a browser may do with the page (nothing), and that nobody keeps it or learns where it came from. */
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  connection: 'close',
} as const

/** What the browser is shown at the end: constant, whatever the request said. */
export const CALLBACK_PAGES = {
  received: page(200, 'received', 'You can close this page', [
    'The answer has reached claw, which now finishes the sign-in.',
    'Whether it worked is said where claw runs.',
  ]),
  refused: page(200, 'refused', 'The sign-in did not go through', [
    'claw was told so, and says why where it runs.',
    'You can close this page.',
  ]),
  stranger: page(400, 'stranger', 'This is not the sign-in that claw waits for', [
    'The page belongs to an older or another sign-in. The one that waits goes on waiting.',
    'Open the address again that claw printed last.',
  ]),
  spent: page(409, 'stranger', 'This sign-in has had its answer', ['An answer can be given once.', 'You can close this page.']),
} as const satisfies Record<string, Served>

/** For everything that is no callback: without a page, and without an effect. */
export function nothingHere(status: 400 | 404 | 405): Served {
  return { status, headers: { ...HEADERS, 'content-type': 'text/plain; charset=utf-8', ...(status === 405 && { allow: 'GET' }) }, body: '' }
}

function page(status: number, kind: string, title: string, lines: readonly string[]): Served {
  const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>claw: ${title}</title>
<style>${STYLE}</style>
<main class="${kind}">
<h1>${title}</h1>
${lines.map((line) => `<p>${line}</p>`).join('\n')}
</main>
</html>
`
  return { status, headers: HEADERS, body }
}
