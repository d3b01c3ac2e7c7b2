import { expect, it } from 'vitest'
import { colourOf } from '../../src/cli/paint.ts'
import { environmentOf } from '../../src/platform/environment.ts'

it.each([
  ['always', { NO_COLOR: '1' }, false, true],
  ['never', { FORCE_COLOR: '1' }, true, false],
  ['auto', {}, true, true],
  [undefined, {}, true, true],
  [undefined, {}, false, false],
  [undefined, { NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
  [undefined, { NO_COLOR: '' }, true, true],
  [undefined, { FORCE_COLOR: '1' }, false, true],
  [undefined, { FORCE_COLOR: '0' }, true, true],
  [undefined, { CLICOLOR_FORCE: '1', CLICOLOR: '0' }, false, true],
  [undefined, { CLICOLOR: '0' }, true, false],
  [undefined, { TERM: 'dumb', COLORTERM: 'truecolor' }, true, false],
  [undefined, { CI: 'true', GITHUB_ACTIONS: 'true' }, false, false],
] as const)('colours with --color %j, %j, terminal %j: %j', (flag, env, isTTY, coloured) => {
  const text = colourOf(flag, environmentOf(env), isTTY)('red', 'x')
  expect(text).toBe(coloured ? '\u001b[31mx\u001b[39m' : 'x')
})
