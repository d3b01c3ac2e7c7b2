import { expect, it } from 'vitest'
import { readQr } from '../support/qr-reader.ts'
import { rehearsed } from '../support/rehearsed.ts'

const ESCAPE = '\u001b'
const UTF8 = { LANG: 'C.UTF-8' }
const drawn = (stderr: string) => stderr.split('\n').filter((line) => /[▀▄█]/.test(line) || /^ {30,}$/.test(line))

it('draws the address with the code in it on stderr, beside both in words', async () => {
  await using world = await rehearsed()
  const { exitCode, stdout, stderr } = await world.claw(['auth', '--device', 'kimi-code', '--no-wait', '--qr'], { env: UTF8 })
  const [address] = /\S+user_code=\S+/.exec(stderr) ?? []
  expect({ exitCode, stdout, read: readQr(drawn(stderr), 'light')?.data }).toEqual({ exitCode: 83, stdout: '', read: address })
})

it('draws it black on white where there are colours', async () => {
  await using world = await rehearsed()
  const { stderr } = await world.claw(['auth', '--device', 'kimi-code', '--no-wait', '--qr', '--color', 'always'], { env: UTF8 })
  const lines = stderr
    .split('\n')
    .filter((line) => line.startsWith(`${ESCAPE}[30;107m`) && line.endsWith(`${ESCAPE}[39;49m`))
    .map((line) => line.slice(`${ESCAPE}[30;107m`.length, -`${ESCAPE}[39;49m`.length))
  expect(readQr(lines, 'dark')?.data).toContain('user_code=')
})

it('says that it cannot where the locale is not UTF-8', async () => {
  await using world = await rehearsed()
  const { exitCode, stderr } = await world.claw(['auth', '--device', 'kimi-code', '--no-wait', '--qr'], { env: { LANG: 'C' } })
  expect([exitCode, drawn(stderr), stderr.split('\n').filter((line) => line.startsWith('no QR code'))]).toEqual([
    83,
    [],
    ['no QR code: the locale of this terminal is not UTF-8 (LC_ALL, LC_CTYPE or LANG)'],
  ])
})

it('draws nothing beside JSON, and belongs to --device', async () => {
  await using world = await rehearsed()
  const json = await world.claw(['auth', '--device', 'kimi-code', '--no-wait', '--qr', '--json'], { env: UTF8 })
  expect([json.exitCode, drawn(json.stderr), json.events.map(({ type }) => type)]).toEqual([83, [], ['device_code', 'result']])
  const key = await world.claw(['auth', '--api-key', 'kimi-code', '--qr'], { env: UTF8 })
  expect([key.exitCode, key.stderr.split('\n')[0]]).toEqual([2, 'error[CLAW_USAGE]: `--qr` belongs to `--device`'])
})
