import { ClawError } from '../../core/errors.ts'
import { isSecretShaped } from '../../core/redaction.ts'

/** Longest text that is looked at, characters: a code of 4 KiB, percent-encoded, and everything around it. */
const LONGEST_PASTE = 16_384

/** What may be pasted in this flow. */
export interface PasteRules {
  /** `null`: the page shows a code, and there is nothing to be redirected to. */
  readonly redirectUri: string | null
  /** The provider's page shows the code alone, and this flow has no state (S-41). */
  readonly showsBareCode: boolean
  /** The path of the redirect is what stands in the place of a state. */
  readonly pathIsSecret: boolean
  /** A parameter that travels beside the code: without it the code is good for nothing. */
  readonly needs: string | null
}

/**
 * Reads what somebody copied out of a browser: the whole address that it ended at, `code#state`, or the query alone (S-41).
 *
 * @throws {ClawError} `CLAW_DATA_INVALID` (exit 65) naming what to paste instead; never with any of the text.
 */
export function readPastedResponse(text: string, rules: PasteRules): URLSearchParams {
  const wrong = (why: string) => notThis(why, rules)
  const pasted = text.trim().replace(/^["'<](.*)["'>]$/s, '$1')
  if (pasted === '') throw wrong('nothing was pasted')
  if (pasted.length > LONGEST_PASTE) throw wrong(`it is ${pasted.length} characters long`)
  if (/\s/.test(pasted)) throw wrong('it holds spaces or line ends')
  if (!/^[\x21-\x7e]+$/.test(pasted)) throw wrong('it holds characters that no address has')
  const given = paramsOf(pasted, rules, wrong)
  const { needs } = rules
  if (needs !== null && given.has('code') && !given.has(needs)) throw wrong(`\`${needs}\` is missing: it stands in the whole address`)
  return given
}

function paramsOf(pasted: string, rules: PasteRules, wrong: (why: string) => ClawError): URLSearchParams {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(pasted)) return queryOfUrl(pasted, rules, wrong)
  const isQuery = /^(?:[^#]*[?&])?(?:code|error|state)=/.test(pasted)
  const hash = isQuery ? -1 : pasted.indexOf('#')
  if (isSecretShaped(pasted)) throw wrong('it looks like a key or a token')
  if (!isQuery && hash < 0) {
    if (!/^[\w.~+/=-]{4,}$/.test(pasted)) throw wrong('it is no address, no code and no query')
    if (!rules.showsBareCode) throw wrong('it is a code alone, and nothing tells that it belongs to this sign-in')
    return new URLSearchParams({ code: pasted })
  }
  if (rules.pathIsSecret && !rules.showsBareCode) throw wrong('only the whole address tells that it belongs to this sign-in')
  if (isQuery) return new URLSearchParams(pasted.replace(/^[^?]*\?/, '').replace(/#.*$/s, ''))
  // Only the first one parts: a state may hold another.
  const [code, state] = [pasted.slice(0, hash), pasted.slice(hash + 1)]
  if (code === '' || state === '') throw wrong('one side of its `#` is empty')
  return new URLSearchParams({ code, state })
}

function queryOfUrl(pasted: string, { redirectUri }: PasteRules, wrong: (why: string) => ClawError): URLSearchParams {
  if (!URL.canParse(pasted)) throw wrong('it is no address that can be read')
  const url = new URL(pasted)
  if (url.searchParams.has('code_challenge')) throw wrong('it is the address that was to be opened, not the one that the browser ended at')
  if (!['code', 'error', 'state'].some((name) => url.searchParams.has(name))) throw wrong('the address has neither `code` nor `error`')
  const end = redirectUri !== null && URL.canParse(redirectUri) ? placeOf(new URL(redirectUri)) : undefined
  if (placeOf(url) !== end) throw wrong('the address is not where this sign-in ends')
  return url.searchParams
}

/** What a redirect leaves as it is: all of its address but the query and the fragment. */
function placeOf({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`
}

function notThis(why: string, { redirectUri, showsBareCode, pathIsSecret, needs }: PasteRules): ClawError {
  const start = redirectUri === null ? '' : `, which begins \`${redirectUri}\``
  const other = pathIsSecret || needs !== null ? '' : ', or `code#state` where the page shows that'
  const fix = showsBareCode
    ? 'paste the code that the page shows, and nothing else'
    : `paste the whole address that the browser ended at${start}${other}`
  return new ClawError('CLAW_DATA_INVALID', { what: 'what was pasted does not finish the sign-in', why, fix })
}

/** Well-formed, but of another sign-in: an old tab, or somebody else's. Nothing of it is sent anywhere. */
export function strangePaste(why: string): ClawError {
  return new ClawError('CLAW_DATA_INVALID', {
    what: 'what was pasted belongs to another sign-in',
    why,
    fix: 'open the address of this sign-in, and paste what the browser ends at',
  })
}
