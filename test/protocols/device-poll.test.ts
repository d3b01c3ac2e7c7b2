import { describe, expect, it } from 'vitest'
import { judgeDevicePoll } from '../../src/protocols/oauth/device-poll.ts'
import { answer } from '../support/answer.ts'

describe('judgeDevicePoll', () => {
  const NOW = 0
  it.each([
    [400, { error: 'authorization_pending' }, { kind: 'pending' }],
    [200, { error: 'authorization_pending' }, { kind: 'pending' }],
    [403, { error: { code: 'not_yet' } }, { kind: 'pending' }],
    [400, { error: 'easy' }, { kind: 'slow_down', intervalMs: undefined }],
    [400, { error: 'slow_down' }, { kind: 'slow_down', intervalMs: undefined }],
    [429, { error: 'slow_down', interval: 12 }, { kind: 'slow_down', intervalMs: 12_000 }],
    [200, { error: 'slow_down', interval: '10' }, { kind: 'slow_down', intervalMs: 10_000 }],
    [400, { error: 'slow_down', interval: 0 }, { kind: 'slow_down', intervalMs: undefined }],
    [400, { error: 'slow_down', interval: 3_600 }, { kind: 'slow_down', intervalMs: 60_000 }],
    [400, { error: 'access_denied', error_description: 'no' }, { kind: 'denied', why: 'no' }],
    [400, { error: 'authorization_denied' }, { kind: 'denied', why: 'the server answered `authorization_denied`' }],
    [400, { error: 'blocked_by_admin' }, { kind: 'denied', why: 'the server answered `blocked_by_admin`' }],
    [400, { error: 'expired_token' }, { kind: 'expired' }],
    [429, '<html>', { kind: 'unreachable', status: 429, retryAfterMs: null }],
    [503, '<html>', { kind: 'unreachable', status: 503, retryAfterMs: null }],
    [502, '<html>', { kind: 'unreachable', status: 502, retryAfterMs: null }],
    [500, '', { kind: 'unreachable', status: 500, retryAfterMs: null }],
  ])('R-33 reads %i %j', (status, body, poll) => {
    expect(judgeDevicePoll(answer(status, body), NOW, { denied: ['blocked_by_admin'], pending: ['not_yet'], slowDown: ['easy'] })).toEqual(
      poll,
    )
  })

  it.each([
    [400, { error: 'invalid_grant' }, 'CLAW_GRANT_REJECTED', 'the server does not take this code any more'],
    [200, { error: 'incorrect_device_code' }, 'CLAW_GRANT_REJECTED', 'the server does not take this code any more'],
    [200, { error: 'device_flow_disabled' }, 'CLAW_CLIENT_REFUSED', 'the token endpoint answered `device_flow_disabled`'],
    [400, { error: 'unsupported_grant_type' }, 'CLAW_CLIENT_REFUSED', 'the token endpoint answered `unsupported_grant_type`'],
    [400, { error: 'something_new' }, 'CLAW_CLIENT_REFUSED', 'the token endpoint answered `something_new`'],
    [403, '', 'CLAW_PROTOCOL', 'the token endpoint refused the request without the words of OAuth'],
  ])('R-33 stops at %i %j', (status, body, code, what) => {
    const poll = judgeDevicePoll(answer(status, body), NOW)
    expect(poll.kind === 'failed' && [poll.error.code, poll.error.message]).toEqual([code, what])
  })

  it.each([
    [403, '<html>', {}, 'CLAW_PROTOCOL'],
    [403, 'Access denied', { 'content-type': 'text/html; charset=utf-8' }, 'CLAW_PROTOCOL'],
    [200, '<!DOCTYPE html>', {}, 'CLAW_PROTOCOL'],
    [404, '<html>', {}, 'CLAW_PROTOCOL'],
  ])('takes a page in place of an answer for no evidence about the sign-in: %i %j', (status, body, headers, code) => {
    const poll = judgeDevicePoll(answer(status, body, headers), NOW)
    expect(poll.kind === 'page' && [poll.error.code, poll.error.message]).toEqual([code, 'the token endpoint answered with a page'])
  })

  it('R-33 gives the grant', () => {
    const poll = judgeDevicePoll(answer(200, { access_token: 'CANARY-access', expires_in: 900, account: 'a' }), NOW, {}, ['account'])
    expect(poll.kind === 'granted' && [poll.grant.accessToken.reveal(), poll.grant.lifetimeMs, poll.grant.extras]).toEqual([
      'CANARY-access',
      900_000,
      new Map([['account', 'a']]),
    ])
  })
})
