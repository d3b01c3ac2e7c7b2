/** Second labels under a country's domain where anybody may register the third one (`acme.co.uk`). */
const OPEN_SECOND_LABELS = /^(?:ac|co|com|edu|gob|gouv|gov|gv|info|mil|ne|net|nom|or|org|sch)$/
/** Domains whose every subdomain belongs to somebody else. */
const SHARED_DOMAINS: readonly string[] = [
  'amazonaws.com',
  'appspot.com',
  'azurecontainerapps.io',
  'azurewebsites.net',
  'cloudapp.net',
  'cloudfront.net',
  'deno.dev',
  'firebaseapp.com',
  'fly.dev',
  'github.io',
  'gitlab.io',
  'herokuapp.com',
  'netlify.app',
  'ngrok.app',
  'ngrok.io',
  'ngrok-free.app',
  'onrender.com',
  'pages.dev',
  'railway.app',
  'run.app',
  'trycloudflare.com',
  'vercel.app',
  'web.app',
  'windows.net',
  'workers.dev',
]

/**
 * Whether two hosts belong to one owner, as far as their names say: the same host, or both below one registered domain.
 * Where nobody can tell, they do not; a public suffix list would know more, and would have to be kept up to date.
 */
export function isSameSite(a: string, b: string): boolean {
  const site = siteOf(a)
  return a === b || (site !== undefined && site === siteOf(b))
}

function siteOf(host: string): string | undefined {
  const labels = host.split('.')
  const [second = '', top = ''] = labels.slice(-2)
  // An address has no owner's name in it, nor has a name of one label.
  if (
    labels.length < 2 ||
    !/[a-z]/.test(top) ||
    host.startsWith('[') ||
    SHARED_DOMAINS.some((domain) => host === domain || host.endsWith(`.${domain}`))
  )
    return undefined
  const length = top.length === 2 && (OPEN_SECOND_LABELS.test(second) || second.length < 3) ? 3 : 2
  return labels.length < length ? undefined : labels.slice(-length).join('.')
}
