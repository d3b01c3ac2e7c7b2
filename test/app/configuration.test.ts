import { chmod, lstat, mkdir, mkdtemp, readFile, realpath, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ConfigPlace } from '../../src/app/config-request.ts'
import { checkConfig, configPaths, configSchema, initConfig, showConfig } from '../../src/app/configuration.ts'
import { addProvider, setModel } from '../../src/app/edit-config.ts'
import { listTrust, revokeTrust, trustProject } from '../../src/app/trust.ts'
import { contentHash } from '../../src/config/trust.ts'
import { environmentOf } from '../../src/platform/environment.ts'
import { systemMachine } from '../../src/platform/system-machine.ts'

interface Home {
  readonly userFile: string
  readonly repository: string
  readonly stateDir: string
  place(variables?: Record<string, string>): ConfigPlace
  write(path: string, text: string, mode?: number): Promise<void>
}

async function arrange(): Promise<Home> {
  const base = await realpath(await mkdtemp(join(tmpdir(), 'claw-app-config-')))
  const home = join(base, 'home')
  const repository = join(base, 'repository')
  await mkdir(home)
  await mkdir(join(repository, '.git'), { recursive: true })
  return {
    userFile: join(home, '.config/claw/config.toml'),
    stateDir: join(home, '.local/state/claw'),
    repository,
    place: (variables = {}) => ({
      world: { environment: environmentOf(variables), machine: { ...systemMachine({}), home, cwd: repository } },
      flags: {},
    }),
    async write(path, text, mode = 0o600) {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, text)
      await chmod(path, mode)
    },
  }
}

const ACME = {
  id: 'acme',
  protocol: 'openai-chat',
  baseUrl: 'https://llm.acme.example/v1',
  models: ['acme-large'],
  apiKeyEnv: 'ACME_KEY',
} as const

describe('claw config', () => {
  it('init writes a commented file, mode 0600 in 0700, and leaves one that is there alone', async () => {
    const { place, userFile } = await arrange()
    const first = await initConfig(place())
    const modes = [(await stat(userFile)).mode & 0o777, (await stat(dirname(userFile))).mode & 0o777]
    await writeFile(userFile, '# mine\n')
    expect([first, modes, await initConfig(place()), await readFile(userFile, 'utf8')]).toEqual([
      { path: userFile, written: true },
      [0o600, 0o700],
      { path: userFile, written: false },
      '# mine\n',
    ])
  })

  it('init says what to set where there is no home', async () => {
    const { place } = await arrange()
    const { world } = place()
    await expect(initConfig({ world: { ...world, machine: { ...world.machine, home: undefined } }, flags: {} })).rejects.toMatchObject({
      code: 'CLAW_HOME_MISSING',
      fix: 'set CLAW_HOME to an absolute path',
    })
  })

  it('check names the files it read, or throws every fault', async () => {
    const { place, userFile, repository, write } = await arrange()
    expect(await checkConfig(place())).toEqual({ files: [], notes: [] })
    await write(userFile, 'default_model = "openai"\n')
    await write(join(repository, 'claw.toml'), 'prompt.retries = 1\n')
    expect(await checkConfig(place())).toEqual({ files: [userFile, join(repository, 'claw.toml')], notes: [] })
    await write(userFile, 'defualt_model = "openai"\n')
    await expect(checkConfig(place())).rejects.toMatchObject({
      code: 'CLAW_CONFIG_INVALID',
      data: {
        problems: [
          { file: userFile, line: 1, column: 1, key: 'defualt_model', message: 'is no key of the configuration', nearest: 'default_model' },
        ],
      },
    })
  })

  it('show goes on with what is good of a broken configuration', async () => {
    const { place, userFile, write } = await arrange()
    await write(userFile, 'nonsense')
    const { values, error } = await showConfig(place({ CLAW_MODEL: 'openai' }))
    expect([error?.code, values.find(({ key }) => key === 'tiers.default.model')]).toEqual([
      'CLAW_CONFIG_INVALID',
      { key: 'tiers.default.model', value: 'openai', source: 'CLAW_MODEL' },
    ])
  })

  it('path tells where the files are or would be', async () => {
    const { place, userFile, repository, stateDir } = await arrange()
    expect(await configPaths(place())).toEqual({ userFile, projectFile: null, projectRoot: repository, stateDir })
  })

  it('schema is a JSON Schema', async () => {
    expect(await configSchema()).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      additionalProperties: false,
    })
  })

  it('add-provider appends a table that the next run reads, and never over an existing one', async () => {
    const { place, userFile } = await arrange()
    expect(await addProvider(place(), ACME)).toEqual({ path: userFile, changed: true })
    expect(await checkConfig(place())).toEqual({ files: [userFile], notes: [] })
    await expect(addProvider(place(), ACME)).rejects.toMatchObject({
      code: 'CLAW_CONFIG_INVALID',
      message: 'the configuration file has a provider `acme` already',
    })
    await expect(addProvider(place(), { ...ACME, id: 'openai' })).rejects.toMatchObject({ code: 'CLAW_USAGE' })
  })

  it.each([
    [{ id: 'Acme' }, 'providers.Acme'],
    [{ id: 'a.b"\n[store]\nbackend = "memory' }, 'providers."a.b\\"'],
    [{ baseUrl: 'ftp://x' }, 'providers.acme.base_url'],
    [{ baseUrl: 'http://llm.acme.example/v1' }, 'providers.acme.base_url'],
    [{ models: ['a\nb'] }, 'providers.acme.models.0'],
    [{ apiKeyEnv: 'A B' }, 'providers.acme.api_key'],
    [{ id: 'status' }, 'providers.status'],
  ])('add-provider refuses %j and writes nothing', async (more, key) => {
    const { place, userFile } = await arrange()
    await expect(addProvider(place(), { ...ACME, ...more })).rejects.toMatchObject({
      code: 'CLAW_CONFIG_INVALID',
      data: { problems: [{ key: expect.stringContaining(key) }] },
    })
    await expect(stat(userFile)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('setting a model', () => {
  it('changes that line only, keeps the mode of the file, and goes through a link', async () => {
    const { place, userFile, write } = await arrange()
    const real = join(dirname(userFile), '../../dotfiles/claw.toml')
    await write(real, '# mine\ndefault_model = "openai" # why\n[prompt]\nretries = 1\n', 0o640)
    await mkdir(dirname(userFile), { recursive: true })
    await symlink(real, userFile)
    expect(await setModel(place(), 'default', 'moonshot')).toEqual({ path: userFile, changed: true })
    expect([await readFile(real, 'utf8'), (await stat(real)).mode & 0o777, (await lstat(userFile)).isSymbolicLink()]).toEqual([
      '# mine\ndefault_model = "moonshot" # why\n[prompt]\nretries = 1\n',
      0o640,
      true,
    ])
    expect(await setModel(place(), 'default', 'moonshot')).toEqual({ path: userFile, changed: false })
  })

  it('makes the file where there is none', async () => {
    const { place, userFile } = await arrange()
    await setModel(place(), 'fast', 'openai/gpt-5.4-mini')
    expect([await readFile(userFile, 'utf8'), (await stat(userFile)).mode & 0o777]).toEqual([
      '[tiers.fast]\nmodel = "openai/gpt-5.4-mini"\n',
      0o600,
    ])
  })

  it('leaves a file with a fault, and refuses what is no tier or no model', async () => {
    const { place, userFile, write } = await arrange()
    await expect(setModel(place(), 'a.b', 'openai')).rejects.toMatchObject({ code: 'CLAW_USAGE' })
    await expect(setModel(place(), 'fast', 'two words')).rejects.toMatchObject({ code: 'CLAW_CONFIG_INVALID' })
    await write(userFile, 'nonsense')
    await expect(setModel(place(), 'fast', 'openai')).rejects.toMatchObject({
      code: 'CLAW_CONFIG_INVALID',
      why: `in ${userFile}, line 1, column 1`,
    })
    expect(await readFile(userFile, 'utf8')).toBe('nonsense')
  })
})

describe('claw trust', () => {
  it('trusts a project by its content, lists it, sees it change, and takes the trust back', async () => {
    const { place, repository, write } = await arrange()
    const path = join(repository, 'claw.toml')
    const text = 'aliases.cheap = "openai/gpt-5.4-mini"\n'
    await write(path, text)
    const sha256 = contentHash(Buffer.from(text))
    const trusted = await trustProject(place())
    const again = await trustProject(place(), '.')
    const listed = await listTrust(place())
    await write(path, `${text}\n`)
    const changed = await listTrust(place())
    const revoked = await revokeTrust(place())
    expect([trusted, again, listed, changed, revoked, await listTrust(place())]).toEqual([
      { path, sha256, trusted: true },
      { path, sha256, trusted: true },
      [{ path, sha256, trusted: true }],
      [{ path, sha256, trusted: false }],
      [{ path, sha256, trusted: false }],
      [],
    ])
  })

  it('without a project file it is 66', async () => {
    const { place } = await arrange()
    await expect(trustProject(place())).rejects.toMatchObject({ code: 'CLAW_PROJECT_FILE_MISSING', exit: { code: 66 } })
  })

  it('a file that says what no project file may is 78 and stays untrusted', async () => {
    const { place, repository, write } = await arrange()
    await write(join(repository, 'claw.toml'), 'aliases.a = "openai"\nnetwork.proxy = "http://evil.example"\n')
    await expect(trustProject(place())).rejects.toMatchObject({
      code: 'CLAW_CONFIG_FORBIDDEN',
      exit: { code: 78 },
      message: '`network.proxy` may not be set by a project file',
    })
    expect(await listTrust(place())).toEqual([])
  })

  it('S-17 a damaged list is named and never overwritten', async () => {
    const { place, repository, stateDir, write } = await arrange()
    await write(join(repository, 'claw.toml'), 'default_model = "openai"\n')
    await write(join(stateDir, 'trust.json'), '{')
    for (const attempt of [trustProject, listTrust, revokeTrust])
      await expect(attempt(place())).rejects.toMatchObject({ code: 'CLAW_STORE_UNREADABLE', exit: { code: 73 } })
    expect(await readFile(join(stateDir, 'trust.json'), 'utf8')).toBe('{')
  })
})
