import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const ROOT = new URL('..', import.meta.url).pathname
const read = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'))

it('S-69 installs nothing but itself and, where it can, the keyring, and runs no script of its own', () => {
  const { dependencies, optionalDependencies, scripts, files, bin } = read('package.json')
  expect({ dependencies, optional: Object.keys(optionalDependencies), files, bin }).toEqual({
    dependencies: undefined,
    optional: ['@napi-rs/keyring'],
    files: ['dist'],
    bin: { claw: 'dist/main.cjs' },
  })
  expect(Object.keys(scripts).filter((name) => /^(?:pre|post)?(?:install|prepare|publish|pack)/.test(name))).toEqual([])
})

it('S-69 the lockfile names no registry, and no package that is shipped has an install script', () => {
  const text = readFileSync(join(ROOT, 'package-lock.json'), 'utf8')
  expect(text).not.toMatch(/"resolved"|https?:\/\/(?!.*(?:funding|sponsor|opencollective))[^"]*registry/)
  const packages: Record<string, { readonly hasInstallScript?: boolean; readonly dev?: boolean }> = JSON.parse(text).packages
  expect(Object.entries(packages).filter(([, { hasInstallScript, dev }]) => hasInstallScript && !dev)).toEqual([])
})

it.each([
  ['undici', '7.29.0'],
  ['smol-toml', '1.6.1'],
])('S-70 %s is at least %s, which mended what is known', (name, floor) => {
  const { version } = read(`node_modules/${name}/package.json`)
  const order = [version, floor].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  expect(order[0]).toBe(floor)
})

it('S-69 the package holds the bundle, its licences and what npm always adds', () => {
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT, encoding: 'utf8' }))
  const outside = packed.files
    .map(({ path }: { readonly path: string }) => path)
    .filter((path: string) => !/^dist\/(?:main|chunks\/[\w.-]+)\.cjs$/.test(path))
  expect(outside.filter((path: string) => path !== 'dist/THIRD-PARTY-LICENSES.txt').sort()).toEqual([
    'LICENSE',
    'README.md',
    'package.json',
  ])
})
