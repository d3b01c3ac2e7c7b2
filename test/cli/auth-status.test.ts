import { describe, expect, it } from 'vitest'
import { testHome } from '../support/home.ts'

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
