import { describe, expect, it } from 'vitest'
import { type ExpectedResponse, judgeAuthorizationResponse } from '../../src/protocols/oauth/authorization-response.ts'

const expected: ExpectedResponse = { state: 'the-right-state', issuer: null, namesItself: false, bringsClientId: false }
const ISSUER = 'https://auth.example'

function judge(query: string, changes: Partial<ExpectedResponse> = {}) {
  const said = judgeAuthorizationResponse(new URLSearchParams(query), { ...expected, ...changes })
  if (said.kind === 'code') return { code: said.code.reveal(), clientId: said.clientId }
  if (said.kind === 'stranger') return { stranger: said.why }
  const { code, message, why } = said.error
  return { refused: code, what: message, ...(why !== undefined && { why }) }
}

describe('S-36 the state of an authorization response', () => {
  it.each([
    ['is missing', 'code=c', 'it has no `state`'],
    ['is empty', 'code=c&state=', 'it has no `state`'],
    ['is another one', 'code=c&state=the-wrong-state', 'its `state` is not the one of this sign-in'],
    ['is longer', 'code=c&state=the-right-state-and-more', 'its `state` is not the one of this sign-in'],
    ['is the right one in other letters', 'code=c&state=The-Right-State', 'its `state` is not the one of this sign-in'],
    ['is encoded twice', 'code=c&state=the%252Dright%252Dstate', 'its `state` is not the one of this sign-in'],
    ['comes twice', 'code=c&state=the-right-state&state=the-right-state', '`state` stands in it twice'],
    ['is wrong beside an error', 'error=access_denied&state=x', 'its `state` is not the one of this sign-in'],
    ['is missing beside an error', 'error=access_denied', 'it has no `state`'],
  ])('that %s makes it a stranger', (_, query, stranger) => {
    expect(judge(query)).toEqual({ stranger })
  })

  it('may be percent-encoded', () => {
    expect(judge('code=c&state=%74he-right-state')).toEqual({ code: 'c', clientId: null })
  })
})

describe('S-38 what an authorization response may hold', () => {
  it.each(['iss', 'error', 'error_description', 'code', 'client_id'])('is `%s` at most once', (name) => {
    expect(judge(`state=the-right-state&code=c&${name}=1&${name}=2`)).toMatchObject({ stranger: expect.stringContaining('twice') })
  })

  it.each([
    ['of 4096 characters', 'c'.repeat(4_096), { code: 'c'.repeat(4_096), clientId: null }],
    [
      'of 4097 characters',
      'c'.repeat(4_097),
      { refused: 'CLAW_PROTOCOL', what: '`code` of the authorization response is none', why: '4097 characters' },
    ],
    ['with a space', 'a%20b', { refused: 'CLAW_PROTOCOL', what: '`code` of the authorization response is none', why: '3 characters' }],
    ['with a line end', 'a%0Ab', { refused: 'CLAW_PROTOCOL', what: '`code` of the authorization response is none', why: '3 characters' }],
    ['beyond ASCII', 'a%C3%A9', { refused: 'CLAW_PROTOCOL', what: '`code` of the authorization response is none', why: '2 characters' }],
    ['that is empty', '', { refused: 'CLAW_PROTOCOL', what: '`code` is missing from the authorization response' }],
  ])('is judged for a code %s', (_, code, said) => {
    expect(judge(`state=the-right-state&code=${code}`)).toEqual(said)
  })

  it('is judged by its error before its code', () => {
    expect(judge('state=the-right-state&code=c&error=access_denied')).toMatchObject({ refused: 'CLAW_DENIED' })
  })

  it.each([
    ['access_denied', 'CLAW_DENIED', 'the sign-in was denied in the browser'],
    ['server_error', 'CLAW_SERVER', 'the authorization server answered `server_error`'],
    ['temporarily_unavailable', 'CLAW_SERVER', 'the authorization server answered `temporarily_unavailable`'],
    ['invalid_scope', 'CLAW_CLIENT_REFUSED', 'the authorization server answered `invalid_scope`'],
    ['unauthorized_client', 'CLAW_CLIENT_REFUSED', 'the authorization server answered `unauthorized_client`'],
    ['something_new', 'CLAW_CLIENT_REFUSED', 'the authorization server answered `something_new`'],
  ])('%s becomes %s', (error, refused, what) => {
    expect(judge(`state=the-right-state&error=${error}&error_description=because`)).toEqual({ refused, what, why: 'because' })
  })

  it('says of an empty error that it names no reason', () => {
    expect(judge('state=the-right-state&error=')).toEqual({
      refused: 'CLAW_PROTOCOL',
      what: 'the authorization response says that the sign-in failed, and not why',
      why: 'its `error` is empty',
    })
  })

  it('S-39 shows the words of the server made visible and cut', () => {
    const hostile = encodeURIComponent(`\u001b[31m<script>\u202e${'x'.repeat(400)}`)
    const said = judge(`state=the-right-state&error=access_denied&error_description=${hostile}`)
    const why = 'why' in said ? String(said.why) : ''
    expect([why.startsWith('\\x1b[31m<script>\\u{202e}xxx'), why.length]).toEqual([true, 300])
    expect(judge(`state=the-right-state&error=${encodeURIComponent('\u001b[2J')}`)).toMatchObject({
      what: 'the authorization server answered `\\x1b[2J`',
    })
  })
})

describe('S-42 the issuer of an authorization response', () => {
  const wrong = { refused: 'CLAW_PROTOCOL', what: 'the authorization response does not come from the server that was asked' }
  const code = { code: 'c', clientId: null }
  it.each([
    ['the pinned one', `iss=${encodeURIComponent(ISSUER)}`, { issuer: ISSUER }, code],
    [
      'another',
      'iss=https%3A%2F%2Fevil.example',
      { issuer: ISSUER },
      { ...wrong, why: '`iss` is `https://evil.example`, not `https://auth.example`' },
    ],
    [
      'one with a slash more',
      `iss=${encodeURIComponent(`${ISSUER}/`)}`,
      { issuer: ISSUER },
      { ...wrong, why: '`iss` is `https://auth.example/`, not `https://auth.example`' },
    ],
    ['none, and none is promised', '', { issuer: ISSUER }, code],
    [
      'none, though it is promised',
      '',
      { issuer: ISSUER, namesItself: true },
      { ...wrong, why: '`https://auth.example` promises `iss`, and there is none' },
    ],
    ['unknown to us', 'iss=https%3A%2F%2Fauth.example', { issuer: null }, code],
    [
      'wrong beside an error',
      'iss=x&error=access_denied',
      { issuer: ISSUER },
      { ...wrong, why: '`iss` is `x`, not `https://auth.example`' },
    ],
  ])('is %s', (_, query, changes, said) => {
    expect(judge(`state=the-right-state&code=c&${query}`, changes)).toEqual(said)
  })
})

describe('a server with its own ways', () => {
  it('issues a client id with the code, and a code without it is good for nothing', () => {
    const changes = { bringsClientId: true }
    expect(judge('state=the-right-state&code=c&client_id=issued1', changes)).toEqual({ code: 'c', clientId: 'issued1' })
    for (const query of ['', '&client_id=', '&client_id=a%20b', `&client_id=${'x'.repeat(257)}`])
      expect(judge(`state=the-right-state&code=c${query}`, changes)).toEqual({
        refused: 'CLAW_PROTOCOL',
        what: 'the authorization response lacks the `client_id` that is issued with it',
      })
    expect(judge('state=the-right-state&code=c&client_id=ignored')).toEqual({ code: 'c', clientId: null })
  })

  it('has no state: a response without a code is a stranger there', () => {
    expect(judge('code=c', { state: null })).toEqual({ code: 'c', clientId: null })
    expect(judge('', { state: null })).toEqual({ stranger: 'it has no `code`' })
    expect(judge('state=whatever&error=access_denied', { state: null })).toMatchObject({ refused: 'CLAW_DENIED' })
  })
})
