import { spawn } from 'node:child_process'
import type { Environment } from './environment.ts'
import type { Machine } from './machine.ts'

/** The program that shows a page, by platform: a fixed path, so that no other program of that name is started (S-46). */
const OPENERS: Readonly<Record<string, readonly string[]>> = {
  linux: ['/usr/bin/xdg-open'],
  darwin: ['/usr/bin/open'],
  win32: ['C:\\Windows\\System32\\rundll32.exe', 'url.dll,FileProtocolHandler'],
}

/** What a desktop wants to know of its session; nothing that could hold a secret. */
const SESSION = /^(?:PATH|HOME|LANG|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|DBUS_SESSION_BUS_ADDRESS|XDG_[A-Z_]+)$/

/** Starts a program that this one does not wait for; false where there is none. */
export type Start = (argv: readonly string[], variables: Readonly<Record<string, string>>) => Promise<boolean>

/** Why a page was not opened: a sentence for people. */
export type NotOpened = 'there is no display here' | 'this is no terminal' | 'its address is not https' | 'nothing here can open it'

/**
 * Shows a page in the browser of this machine, where somebody can see it: on a terminal, with a display, over https (S-46).
 *
 * @returns `null` when the browser was started
 */
export async function openPage(
  url: string,
  world: { readonly platform: Machine['platform']; readonly environment: Environment; readonly isTerminal: boolean },
  start: Start = startDetached,
): Promise<NotOpened | null> {
  const { platform, environment, isTerminal } = world
  if (!isTerminal) return 'this is no terminal'
  const hasDisplay = environment.get('DISPLAY') !== undefined || environment.get('WAYLAND_DISPLAY') !== undefined
  if (platform === 'linux' && !hasDisplay) return 'there is no display here'
  // What begins so and parses is one argument to a program, and no option, path or other scheme.
  if (!/^https:\/\/[\x21-\x7e]+$/.test(url) || !URL.canParse(url) || new URL(url).protocol !== 'https:') return 'its address is not https'
  const opener = OPENERS[platform]
  const names = environment.names.filter((name) => SESSION.test(name))
  const variables = Object.fromEntries(names.map((name) => [name, environment.get(name) ?? '']))
  return opener && (await start([...opener, url], variables)) ? null : 'nothing here can open it'
}

/** Without a shell, without the streams of this process, and not ended with it. */
function startDetached([program = '', ...args]: readonly string[], variables: Readonly<Record<string, string>>): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env: { ...variables }, shell: false, detached: true, stdio: 'ignore' })
    child.once('error', () => resolve(false))
    child.once('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}
