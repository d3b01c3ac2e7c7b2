import type { FoundFile } from '../platform/config-files.ts'
import type { CatalogueNames } from './config-request.ts'
import { checkDocument } from './check-document.ts'
import { checkScope } from './check-scope.ts'
import { joinLayers, type Layers } from './join-layers.ts'
import { toLayer, type Layer } from './layers.ts'
import type { Problem } from './problem.ts'
import { readDocument, type RawDocument } from './read-document.ts'
import { isTable } from './toml-values.ts'

export interface FileToRead {
  readonly path: string
  readonly found: FoundFile
}

/**
 * Reads, checks and merges the files that there are. A file with a fault counts as absent, so that what remains can still be
 * looked at; whether to go on is for the caller, who gets every fault.
 */
export function readLayers(
  user: FileToRead | undefined,
  project: (FileToRead & { readonly isTrusted: boolean }) | undefined,
  catalogue: CatalogueNames,
): Layers {
  const problems: Problem[] = []
  const layers: Layer[] = []
  const accept = (raw: RawDocument, facts: Pick<Layer, 'from' | 'isPrivate' | 'isTrusted'>, scopeProblems: readonly Problem[]): void => {
    const checked = checkDocument(raw)
    const faults = [...scopeProblems, ...('problems' in checked ? checked.problems : [])]
    if ('document' in checked) {
      const { layer, problems: more } = toLayer(facts, raw, checked.document)
      faults.push(...more)
      if (faults.length === 0) layers.push(layer)
    }
    problems.push(...faults)
  }

  let userDefines: (id: string) => boolean = () => false
  const userRaw = user && readDocument(user.path, user.found.bytes)
  if (userRaw && 'problems' in userRaw) problems.push(...userRaw.problems)
  else if (user && userRaw) {
    const { table } = userRaw.document
    userDefines = (id) => [table.providers, table.local_providers].some((providers) => isTable(providers) && Object.hasOwn(providers, id))
    accept(userRaw.document, { from: 'user', isPrivate: (user.found.mode & 0o077) === 0, isTrusted: true }, [])
  }

  const projectRaw = project && readDocument(project.path, project.found.bytes)
  if (projectRaw && 'problems' in projectRaw) problems.push(...projectRaw.problems)
  else if (project && projectRaw) {
    // A user file that cannot be read may define anything.
    const isOwn = (id: string) =>
      !(userRaw && 'problems' in userRaw) && !userDefines(id) && !catalogue.ids.includes(id) && !catalogue.aliases.has(id)
    const scopeProblems = checkScope(projectRaw.document, project.isTrusted, isOwn)
    accept(projectRaw.document, { from: 'project', isPrivate: false, isTrusted: project.isTrusted }, scopeProblems)
  }
  return joinLayers(layers, problems, catalogue)
}
