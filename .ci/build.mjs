// npm run build: dist/ as it ships, and dist-test/, the same with the pauses that fault tests stop at.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { licencesOf } from './licences.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** Where chunks are cut: what is loaded together is one file, and a command loads few of them. */
const GROUPS = [
  // Help must not load what runs commands.
  { name: 'registry', test: /src\/cli\/registry\.ts$/, priority: 4 },
  { name: 'shell', test: /src\/(?:cli\/(?:run-cli|claw-command|option-values)|platform\/(?:system|debugging))\.ts$/, priority: 3 },
  { name: 'store', test: /src\/credentials\/(?:file-store|answer-spool)\.ts$/, priority: 2 },
  { name: 'credential', test: /src\/app\/credential\/(?:usable-credential|find-credential|stored-candidates)\.ts$/, priority: 1 },
]

/** Clipanion opens all three standard streams when it is loaded, for a context that claw always gives it itself. */
const withoutStreams = {
  name: 'without-streams',
  transform: {
    filter: { id: /clipanion\/lib\/advanced\/Cli\.mjs$/ },
    handler(code) {
      const lean = code.replace(/^Cli\.defaultContext = \{[^}]*\};$/m, 'Cli.defaultContext = {};')
      if (lean === code) throw new Error('clipanion has changed: its default context is not where it was')
      return lean
    },
  },
}

/** One character beyond Latin 1 makes V8 read a whole file as two-byte text, which compiles at a fraction of the speed. */
function inAscii(code) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything but ASCII
  return code.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * The catalogue as one JSON text an entry, parsed when somebody looks at it: V8 reads that in a fraction of the time of the same
 * as code. `quirks` are for readers of the source.
 */
function withCatalogue({ CATALOGUE, WITHDRAWN, INDEX }) {
  const texts = (entries) =>
    JSON.stringify(
      Object.fromEntries(
        [...entries].map(([id, { auth, ...entry }]) => [id, JSON.stringify({ ...entry, auth: auth.map(({ quirks, ...each }) => each) })]),
      ),
    )
  const map = (entries) => `((texts) => new OnDemand(Object.keys(texts), (id) => JSON.parse(texts[id])))(${texts(entries)})`
  return {
    name: 'catalogue-as-text',
    load: {
      filter: { id: /src\/providers\/catalogue\.ts$/ },
      handler: () =>
        `import { OnDemand } from '../core/on-demand.ts'\nexport const CATALOGUE = ${map(CATALOGUE)}\nexport const WITHDRAWN = ${map(WITHDRAWN)}\nexport const INDEX = ${JSON.stringify(INDEX)}\n`,
    },
  }
}

/** The catalogue as its source has it. */
async function evaluatedCatalogue() {
  const dir = mkdtempSync(join(tmpdir(), 'claw-build-'))
  try {
    await bundle({ catalogue: 'src/providers/catalogue.ts' }, dir)
    return createRequire(join(dir, 'x.cjs'))('./catalogue.cjs')
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

async function bundle(input, dir, { hooks = false, minify = false, define = {}, plugins = [] } = {}) {
  const build = await rolldown({
    input,
    cwd: root,
    platform: 'node',
    // The ES modules of a package can be shaken, its CommonJS cannot.
    resolve: { extensions: ['.mjs', '.ts', '.js', '.json'] },
    plugins: [withoutStreams, ...plugins],
    // Found by the program itself, in a child process, where it is installed.
    external: ['@napi-rs/keyring'],
    transform: { target: 'node20.18', define: { __VERSION__: JSON.stringify(version), __TEST_HOOKS__: String(hooks), ...define } },
  })
  const { output } = await build.write({
    dir,
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: 'chunks/[name].cjs',
    comments: { legal: false },
    cleanDir: true,
    minify,
    codeSplitting: { groups: GROUPS },
  })
  await build.close()
  for (const { fileName, code } of output) writeFileSync(join(dir, fileName), inAscii(code))
  return output
}

/** What the program can say about itself, rendered once: `--help` then prints before a command is loaded. */
async function renderedTexts() {
  const dir = mkdtempSync(join(tmpdir(), 'claw-build-'))
  try {
    await bundle({ help: 'src/cli/render-help.ts', completion: 'src/cli/render-completion.ts' }, dir)
    const load = createRequire(join(dir, 'x.cjs'))
    const { renderPages } = load('./help.cjs')
    const { renderCompletions } = load('./completion.cjs')
    return { __HELP__: JSON.stringify(await renderPages()), __COMPLETIONS__: JSON.stringify(await renderCompletions()) }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const input = { main: 'src/main.ts' }
const define = await renderedTexts()
const plugins = [withCatalogue(await evaluatedCatalogue())]
const shipped = await bundle(input, join(root, 'dist'), { minify: true, define, plugins })
await bundle(input, join(root, 'dist-test'), { hooks: true, define, plugins })
writeFileSync(join(root, 'dist/THIRD-PARTY-LICENSES.txt'), licencesOf(shipped, root))
const bytes = shipped.reduce((sum, { code }) => sum + Buffer.byteLength(code), 0)
console.log(`dist/: ${shipped.length} files, ${Math.round(bytes / 1024)} kB`)
