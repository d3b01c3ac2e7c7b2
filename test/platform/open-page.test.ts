import { describe, expect, it } from 'vitest'
import { environmentOf } from '../../src/platform/environment.ts'
import { openPage } from '../../src/platform/open-page.ts'

const URL_ = 'https://auth.example/authorize?client_id=claw&state=s'
const SESSION = {
  DISPLAY: ':0',
  PATH: '/usr/bin',
  HOME: '/home/u',
  XDG_RUNTIME_DIR: '/run/u',
  OPENAI_API_KEY: 'sk-secret',
  BROWSER: 'evil %s',
}

/** What a fake opener was started with. */
async function opened(
  url: string,
  changes: { platform?: string; variables?: Readonly<Record<string, string>>; isTerminal?: boolean; exists?: boolean } = {},
) {
  const { platform = 'linux', variables = SESSION, isTerminal = true, exists = true } = changes
  const started: unknown[] = []
  const said = await openPage(url, { platform, environment: environmentOf(variables), isTerminal }, async (argv, env) => {
    started.push({ argv, env })
    return exists
  })
  return { said, started }
}

describe('S-46 showing a page', () => {
  const env = { DISPLAY: ':0', PATH: '/usr/bin', HOME: '/home/u', XDG_RUNTIME_DIR: '/run/u' }
  it.each([
    ['linux', ['/usr/bin/xdg-open', URL_]],
    ['darwin', ['/usr/bin/open', URL_]],
    ['win32', ['C:\\Windows\\System32\\rundll32.exe', 'url.dll,FileProtocolHandler', URL_]],
  ])('starts one fixed program on %s, with the address as one argument and nothing secret', async (platform, argv) => {
    expect(await opened(URL_, { platform })).toEqual({ said: null, started: [{ argv, env }] })
  })

  it.each([
    'http://auth.example/',
    'http://127.0.0.1:1/authorize',
    'javascript:alert(1)',
    'file:///etc/passwd',
    '--help',
    '-https://auth.example',
    ' https://auth.example',
    'https://auth.example/\n--evil',
    'https://auth.example/ --evil',
    'https://auth.example/\u001b[2J',
    'https://',
    'HTTPS',
    '',
  ])('never starts anything for %j', async (url) => {
    expect(await opened(url)).toEqual({ said: 'its address is not https', started: [] })
  })

  it.each([
    ['no terminal', { isTerminal: false }, 'this is no terminal'],
    ['no display', { variables: { PATH: '/usr/bin' } }, 'there is no display here'],
    ['a platform without a known opener', { platform: 'aix' }, 'nothing here can open it'],
  ])('starts nothing with %s', async (_, changes, said) => {
    expect(await opened(URL_, changes)).toEqual({ said, started: [] })
  })

  it('says when the program is not there', async () => {
    expect((await opened(URL_, { exists: false })).said).toBe('nothing here can open it')
  })

  it('takes Wayland for a display', async () => {
    expect((await opened(URL_, { variables: { WAYLAND_DISPLAY: 'wayland-0' } })).said).toBeNull()
  })
})
