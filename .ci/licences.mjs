import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The licence texts of every package that a bundle holds code of. */
export function licencesOf(chunks, root) {
  const packages = new Set()
  for (const { moduleIds } of chunks) {
    for (const id of moduleIds) {
      const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1]
      if (name) packages.add(name)
    }
  }
  return [...packages]
    .sort()
    .map((name) => licenceOf(name, join(root, 'node_modules', name)))
    .join('\n\n')
}

function licenceOf(name, dir) {
  const { version, license } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
  const text = licenceText(dir)
  if (!text) throw new Error(`no text of the licence of ${name}`)
  return `${name} ${version} (${license})\n${'-'.repeat(40)}\n${text}\n`
}

function licenceText(dir) {
  const files = readdirSync(dir)
  const file = files.find((entry) => /^licen[cs]e(\.(md|txt))?$/i.test(entry))
  if (file) return readFileSync(join(dir, file), 'utf8').trim()
  const readme = files.find((entry) => /^readme\.md$/i.test(entry))
  const section = readme && /^## License[^\n]*\n([\s\S]*)/m.exec(readFileSync(join(dir, readme), 'utf8'))?.[1]
  return section?.replace(/^> ?/gm, '').trim()
}
