import { formatInstant } from '../core/duration.ts'
import { ClawError } from '../core/errors.ts'
import { goOnCommand } from '../app/sign-in/sign-in-command.ts'
import { type PkceSignInResult, signInWithBrowser } from '../app/sign-in/sign-in-pkce.ts'
import type { PkceWay } from '../app/sign-in/pkce-sign-in.ts'
import type { Session } from '../app/session.ts'
import { withVariable } from '../app/sign-in/switched-on.ts'
import { termsLine } from '../app/sign-in/terms.ts'
import { profileOf } from '../app/credential/wanted-credential.ts'
import type { DeviceSignInOutput } from './auth-output.ts'
import type { Shell } from './context.ts'
import { finishSignIn } from './finish-sign-in.ts'
import { WriteQueue } from './write-queue.ts'

export interface PkceCommandOptions {
  readonly provider: string
  readonly way: PkceWay
  readonly force: boolean
  /** `true`: a failed check is exit 1; `false`: none is made; `undefined`: it is a warning. */
  readonly check: boolean | undefined
  /** Show the page in the browser of this machine. */
  readonly open: boolean
  /** Where a paste comes from; `none`: nothing is read. */
  readonly paste: 'none' | 'stdin-lines' | 'stdin' | 'terminal'
}

const MOST_PASTE_BYTES = 64 * 1024
const STDIN_WITHIN_MS = 10_000

/** Signs in with a browser that is somewhere else, and says what to do there. */
export async function signInInBrowser(
  session: Session,
  shell: Shell,
  output: DeviceSignInOutput,
  options: PkceCommandOptions,
): Promise<number> {
  const writes = new WriteQueue()
  const signal = AbortSignal.any([session.signal, writes.signal])
  const profile = profileOf(session, options.provider)
  const paste = pasteFrom(shell, options)
  let provider = options.provider
  let next = goOnCommand({ method: 'pkce', route: provider, profile })
  try {
    const result = await signInWithBrowser(
      { ...session, signal },
      {
        name: options.provider,
        profile,
        way: options.way,
        force: options.force,
        paste: paste?.next,
        onAddress: (notice, { route, auth }) => {
          const { entry, id, provider: owner } = route
          provider = owner
          next = withVariable({ route, auth }, next)
          if (options.way === 'complete') return
          const expiresAt = formatInstant(notice.expiresAt)
          if (output.json)
            writes.add(() =>
              output.print({ type: 'authorization_url', provider, url: notice.url, redirectUri: notice.redirectUri, expiresAt }),
            )
          else {
            writes.add(() => output.say(`to let this machine use ${entry.name}, open this page in a browser:`))
            writes.add(() => output.say(`  ${notice.url}`))
            writes.add(() => output.say(`only continue if you started this; you sign in on ${new URL(notice.url).hostname}`))
            for (const line of whatFollows(options, notice.redirectUri, expiresAt, auth.pasteFormat)) writes.add(() => output.say(line))
          }
          const terms = termsLine({ route, auth })
          if (terms !== null) writes.add(() => output.note(terms))
          if (id !== owner && options.provider !== id)
            writes.add(() => output.note(`this sign-in is for the route \`${id}\` of \`${owner}\``))
          if (options.open) writes.add(() => open(shell, output, notice.url))
        },
        onPasteRefused: (error) =>
          writes.add(() => output.say(`warning: ${error.message}${error.why ? `: ${error.why}` : ''}; ${error.fix ?? 'paste again'}`)),
      },
    )
    await writes.drain()
    return result.state === 'handedOver' ? handOver(result, profile, output, next) : finishSignIn(session, result, output, options.check)
  } finally {
    paste?.close()
  }
}

/** @param shows what the page shows for copying, where it does */
function whatFollows({ way, paste }: PkceCommandOptions, redirectUri: string | null, expiresAt: string, shows?: string): string[] {
  if (way === 'paste') {
    return redirectUri === null
      ? [`the page then shows a code: it ends the sign-in until ${expiresAt}`]
      : shows !== undefined
        ? [`the page then shows ${shows}: copy it as it is before ${expiresAt}`]
        : [`the browser ends at an address that begins ${redirectUri}, whether it can show that page or not: copy it before ${expiresAt}`]
  }
  const elsewhere =
    paste === 'none' ? 'a browser on another machine cannot come back: use --paste there' : 'or paste the address that the browser ends at'
  return [`claw waits for the browser at ${redirectUri} until ${expiresAt}`, elsewhere]
}

async function open(shell: Shell, output: DeviceSignInOutput, url: string): Promise<void> {
  const why = await shell.openPage(url)
  await output.note(why === null ? 'the page was opened' : `the page was not opened: ${why}`)
}

interface PasteSource {
  next(signal: AbortSignal): Promise<string | null>
  close(): void
}

function pasteFrom({ input }: Shell, { paste, provider }: PkceCommandOptions): PasteSource | undefined {
  if (paste === 'none') return undefined
  if (paste === 'stdin-lines') {
    const lines = input.lines()
    return {
      async next(signal) {
        for (;;) {
          const line = await lines.next(signal)
          if (line === null || line.trim() !== '') return line
        }
      },
      close: () => lines.close(),
    }
  }
  const read = (signal: AbortSignal) =>
    paste === 'stdin'
      ? input.readAll({ maxBytes: MOST_PASTE_BYTES, withinMs: STDIN_WITHIN_MS, signal }).then(String)
      : input.readHidden(`what the browser ended at, for ${provider} (not shown): `, signal)
  return { next: read, close: () => undefined }
}

async function handOver(
  { route, kind, notice }: Extract<PkceSignInResult, { state: 'handedOver' }>,
  profile: string,
  output: DeviceSignInOutput,
  next: string,
): Promise<number> {
  if (output.json) {
    await output.print({
      type: 'result',
      schema: 'claw.auth/1',
      provider: route.provider,
      route: route.id,
      profile,
      method: 'pkce',
      kind,
      state: 'pending',
      userCode: null,
      verificationUri: notice.url,
      verificationUriComplete: null,
      expiresAt: formatInstant(notice.expiresAt),
      interval: null,
      redirectUri: notice.redirectUri,
    })
  } else await output.say(`then: ${next}`)
  return 83
}

/** What stands in the way of reading a paste where nobody is asked. */
export function pasteMissing(provider: string, profile: string): ClawError {
  return new ClawError('CLAW_INPUT_REQUIRED', {
    what: 'say where what the browser ended at comes from',
    why: 'stdin is read only when asked for, and nobody is there to be asked',
    fix: `printf %s "$REDIRECT" | ${goOnCommand({ method: 'pkce', route: provider, profile })}`,
  })
}
