import { describe, expect, it } from 'vitest'
import { buildCatalogue } from '../../src/app/catalogue/catalogue.ts'
import { chooseByValue, chooseMethod, methodsOf } from '../../src/app/sign-in/choose-method.ts'
import { termsLine } from '../../src/app/sign-in/terms.ts'
import type { Method } from '../../src/core/vocabulary.ts'
import type { AuthEntry, ProviderEntry } from '../../src/providers/entry.ts'
import { failureOf } from '../support/failure.ts'

const plain = { headless: true, enabled: true, status: 'verified' } as const
const AUTH: readonly AuthEntry[] = [
  { ...plain, id: 'api-key', kind: 'api_key', prefixes: ['ak-'] },
  { ...plain, id: 'plan-key', kind: 'api_key', prefixes: ['ak-plan-'], terms: 'restricted' },
  { ...plain, id: 'token', kind: 'bearer' },
  { ...plain, id: 'setup', kind: 'bearer', prefixes: ['st-'], enabled: false, terms: 'forbidden', offReason: 'Acme says no' },
  { ...plain, id: 'device', kind: 'oauth_device', enabled: false, terms: 'retired', offReason: 'it ended in 2026' },
  { ...plain, id: 'derived', kind: 'copilot_exchange', needs: 'token' },
]

function catalogueOf(changes: Partial<ProviderEntry> = {}, enabled: readonly string[] = []) {
  const entry: ProviderEntry = {
    id: 'acme',
    name: 'Acme',
    terms: 'ok',
    protocols: ['openai-chat'],
    baseUrl: 'https://acme.example/v1',
    trustedHosts: ['acme.example'],
    auth: AUTH,
    models: [],
    sources: { '*': 'Acme documentation (2026)', terms: 'Acme terms (2026)' },
    ...changes,
  }
  return buildCatalogue({ providers: new Map(), enabled }, new Map([[entry.id, entry]]))
}

describe('the entry for a value', () => {
  it.each<[Method, string, string]>([
    ['api_key', 'ak-0123456789', 'api-key'],
    ['api_key', 'ak-plan-0123456789', 'plan-key'],
    ['api_key', 'something else', 'api-key'],
    ['token', 'something else', 'token'],
  ])('given as %s that is %j is %s', (method, value, id) => {
    expect(chooseByValue(catalogueOf(), 'acme', method, value).auth.id).toBe(id)
  })

  it('whose prefix is that of a method that is off is refused, not taken for another', async () => {
    expect(await failureOf(() => chooseByValue(catalogueOf(), 'acme', 'token', 'st-0123456789'))).toEqual({
      code: 'CLAW_METHOD_OFF',
      what: 'the method `acme/setup` is off',
      why: 'Acme says no (Acme terms (2026))',
      fix: 'set `enabled = true` in [providers.acme.auth.setup] of your own file, or CLAW_ENABLE=acme/setup',
      data: { method: 'acme/setup', terms: 'forbidden' },
    })
    expect(chooseByValue(catalogueOf({}, ['acme/setup']), 'acme', 'token', 'st-0123456789').auth.id).toBe('setup')
  })
})

describe('a method', () => {
  it.each([[[]], [['acme/device']]])('that its vendor has ended is exit 2, whatever switches it on: %j', async (enabled) => {
    expect(await failureOf(() => chooseMethod(catalogueOf({}, enabled), 'acme', 'device'))).toEqual({
      code: 'CLAW_METHOD_UNSUPPORTED',
      what: 'the method `acme/device` does not exist any more',
      why: 'it ended in 2026 (Acme terms (2026))',
      fix: 'see `claw auth list` for what there is',
      data: { method: 'acme/device', terms: 'retired' },
    })
  })

  it('that is minted from another credential is no way to sign in', () => {
    expect(methodsOf(catalogueOf().find('acme')).map(({ auth }) => auth.id)).toEqual(['api-key', 'plan-key', 'token', 'setup', 'device'])
  })

  it('that there is not is exit 2 with those that there are', async () => {
    const auth = AUTH.filter(({ kind }) => kind === 'api_key')
    expect(await failureOf(() => chooseMethod(catalogueOf({ auth }), 'acme', 'device'))).toMatchObject({
      code: 'CLAW_METHOD_UNSUPPORTED',
      what: '`acme` has no sign-in by `--device`',
      why: 'it has `--api-key`',
      fix: 'claw auth --api-key acme --stdin',
    })
  })

  it('of a provider that may not be used at all is exit 2 with the vendor’s reason', async () => {
    const barred = catalogueOf({ auth: [], terms: 'forbidden', termsNote: 'Acme calls it a violation' })
    expect(await failureOf(() => chooseMethod(barred, 'acme', 'device'))).toMatchObject({
      code: 'CLAW_METHOD_UNSUPPORTED',
      why: 'Acme calls it a violation',
      fix: 'claw auth list',
    })
  })
})

describe('the line about terms at a sign-in', () => {
  const place = (id: string, changes: Partial<ProviderEntry> = {}) => {
    const route = catalogueOf(changes).route('acme')
    const auth = route.entry.auth.find((each) => each.id === id)
    if (!auth) throw new Error(`there is no ${id}`)
    return { route, auth }
  }
  const note = { terms: 'restricted', termsNote: 'Acme asks for keys', termsNoteOn: ['auth'] } as const

  it.each<[string, string, Partial<ProviderEntry>, string | null]>([
    ['nothing where they are ok', 'api-key', {}, null],
    ['what kind they are of where no note says more', 'plan-key', {}, 'terms of Acme: its vendor restricts what it may be used for'],
    ['the note of the route', 'plan-key', note, 'Acme asks for keys'],
    ['the note of the route for a method that says nothing of its own', 'token', note, 'Acme asks for keys'],
    ['the reason of a method that was switched on', 'setup', {}, 'Acme says no'],
  ])('is %s', (_, id, changes, line) => {
    expect(termsLine(place(id, changes))).toBe(line)
  })
})
