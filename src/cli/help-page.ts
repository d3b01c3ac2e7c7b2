import { findCommand } from './registry.ts'

/** Help as text, rendered when claw was built: `''` is the overview, else a command's path or a topic. */
declare const __HELP__: Readonly<Record<string, string>> | undefined

/** The page that `--help` means on a command line; `undefined` where no such command exists. */
export async function helpFor(argv: readonly string[]): Promise<string | undefined> {
  const found = findCommand(argv)
  if (found) return pageOf(found.command.path)
  return argv.some((word) => !word.startsWith('-')) ? undefined : pageOf('')
}

/** One page of the help. */
export async function pageOf(name: string): Promise<string | undefined> {
  return new Map(Object.entries(await pages())).get(name)
}

export async function pageNames(): Promise<string[]> {
  return Object.keys(await pages()).filter((name) => name !== '')
}

async function pages(): Promise<Readonly<Record<string, string>>> {
  return typeof __HELP__ === 'undefined' ? (await import('./render-help.ts')).renderPages() : __HELP__
}
