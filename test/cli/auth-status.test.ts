import { describe, expect, it } from 'vitest'
import { testHome } from '../support/home.ts'
import { loopbackServer } from '../support/loopback-server.ts'

describe('claw auth refresh', () => {
  it('says that there is nothing to refresh', async () => {
    await using home = await testHome()
    expect(await home.claw(['auth', 'refresh', '--all'])).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'nothing to refresh: no grant that can be refreshed is stored\n',
    })
  })
})

describe('sign-ins that wait', () => {
  const INSTANT = /\d{4}-\d{2}-\d{2}T[\d:.]+Z/g

  it('are told with their profile, the address of a page on a line of its own, and what ends them', async () => {
    await using home = await testHome()
    await home.claw(['auth', '--paste', 'openrouter', '--profile', 'ci'])
    const { stdout } = await home.claw(['auth', 'status'])
    expect(stdout.replace(INSTANT, 'T').split('\n')).toEqual([
      'openrouter@ci  pending pkce  until T',
      expect.stringMatching(/^ {2}https:\/\/openrouter\.ai\/auth\?/),
      '  then: claw auth complete openrouter --stdin --profile ci',
      '',
    ])
  })

  it('of another profile are named to whoever waits', async () => {
    const code = { device_code: 'd', user_code: 'AB-CD', verification_uri: 'https://www.kimi.com/d', expires_in: 600, interval: 5 }
    await using server = await loopbackServer(() => ({ status: 200, body: JSON.stringify(code) }))
    await using home = await testHome(`[providers.kimi-code.auth.device]\noauth_host = "${server.origin}"\n`)
    expect((await home.claw(['auth', '--device', 'kimi-code', '--no-wait', '--profile', 'p2'])).exitCode).toBe(83)
    const { stdout } = await home.claw(['auth', 'status'])
    expect(stdout.replace(INSTANT, 'T')).toBe('kimi-code@p2  pending device  code AB-CD  https://www.kimi.com/d  until T\n')
    const waited = await home.json(['auth', 'wait', 'kimi-code'])
    expect([waited.code, waited.why, waited.fix]).toEqual([
      'CLAW_NOTHING_PENDING',
      'one waits under the profile `p2`',
      'claw auth wait kimi-code --profile p2',
    ])
  })
})
