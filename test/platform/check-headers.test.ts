import { describe, expect, it } from 'vitest'
import { checkHeaders } from '../../src/platform/check-headers.ts'
import { failureOf } from '../support/failure.ts'

const WHY = 'only visible ASCII may stand there, and blanks inside'
const FIX = 'give the value again without line breaks and special characters'

describe('checkHeaders', () => {
  it('lets through names in lower case and visible values, blanks inside included', () => {
    expect(() =>
      checkHeaders({ authorization: 'Bearer CANARY-token-1', 'user-agent': 'claw/1.0 (linux; x64)', 'x-empty': '' }),
    ).not.toThrow()
  })

  it.each([
    ['a line feed', 'Bearer CANARY\nx: y', 14],
    ['a carriage return', 'Bearer CANARY\r', 14],
    ['NUL', 'CANARY\0', 7],
    ['an ellipsis', 'CANARY…', 7],
    ['a byte order mark', '\uFEFFCANARY', 1],
    ['DEL', 'CANARY\x7f', 7],
    ['a tab', 'CANARY\tx', 7],
    ['a letter beyond ASCII', 'CANARYé', 7],
    ['a leading blank', ' CANARY', 1],
    ['a trailing blank', 'CANARY ', 7],
  ])('S-32 refuses %s by its position and never shows the value', async (_name, value, position) => {
    const failure = await failureOf(() => checkHeaders({ authorization: value }))
    expect(failure).toEqual({
      code: 'CLAW_DATA_INVALID',
      what: `the value of the header \`authorization\` cannot be sent: character ${position} of ${value.length} is not allowed there`,
      why: WHY,
      fix: FIX,
      data: { header: 'authorization', length: value.length, position },
    })
    expect(JSON.stringify(failure)).not.toContain('CANARY')
  })

  it('S-32 refuses a value of more than 16 KiB', async () => {
    checkHeaders({ authorization: `Bearer ${'x'.repeat(16_384)}` })
    expect(await failureOf(() => checkHeaders({ authorization: `Bearer ${'x'.repeat(16_385)}` }))).toEqual({
      code: 'CLAW_DATA_INVALID',
      what: 'the value of the header `authorization` is too long: 16392 characters',
      data: { header: 'authorization', length: 16_392 },
    })
  })

  it.each(['x y', 'X-Upper', 'x:', 'x\r\n', ''])('S-32 refuses the name %j without repeating it', async (name) => {
    expect(await failureOf(() => checkHeaders({ [name]: 'v' }))).toEqual({
      code: 'CLAW_DATA_INVALID',
      what: 'the name of a header cannot be sent',
      data: { length: name.length },
    })
  })

  it.each(['host', 'content-length', 'transfer-encoding', 'connection', 'proxy-authorization', 'accept-encoding'])(
    'S-32 leaves `%s` to the connection',
    async (name) => {
      expect(await failureOf(() => checkHeaders({ [name]: 'x' }))).toEqual({
        code: 'CLAW_CONFIG_FORBIDDEN',
        what: `the header \`${name}\` is set by the connection alone`,
        fix: `take \`${name}\` out of the configured headers`,
        data: {},
      })
    },
  )
})
