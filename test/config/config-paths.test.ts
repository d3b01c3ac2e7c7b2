import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { arrange } from './arrange.ts'

it('S-20 a relative CLAW_HOME, XDG_CONFIG_HOME or XDG_STATE_HOME is ignored and said', async () => {
  const { read, home } = await arrange()
  const { config, error } = await read({ variables: { CLAW_HOME: './claw', XDG_CONFIG_HOME: 'c', XDG_STATE_HOME: 's' } })
  expect([error, config.paths.userFile, config.paths.stateDir, config.notes]).toEqual([
    undefined,
    join(home, '.config/claw/config.toml'),
    join(home, '.local/state/claw'),
    ['CLAW_HOME', 'XDG_CONFIG_HOME', 'XDG_STATE_HOME'].map((name) => ({
      code: 'relative-path',
      message: `\`${name}\` is ignored: it is no absolute path`,
    })),
  ])
})

it.each(['CLAW_HOME', 'XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'CLAW_CONFIG'])(
  'S-20 %s may not lead into the project, also by a link',
  async (name) => {
    const { read, write, home, repository } = await arrange()
    await mkdir(join(repository, '.codex'))
    await write(join(repository, '.codex/config.toml'), 'default_model = "hijacked"\n')
    await symlink(join(repository, '.codex'), join(home, 'link'))
    for (const path of [
      join(repository, '.codex'),
      join(home, 'link'),
      repository,
      join(repository, 'made/later'),
      `${home}/../repository/x`,
    ]) {
      const { config, error } = await read({ variables: { [name]: path } })
      expect([
        path,
        error?.code,
        error?.exit.code,
        error?.message,
        config.defaultModel,
        config.paths.userFile,
        config.paths.stateDir,
      ]).toEqual([path, 'CLAW_INSECURE', 78, `\`${name}\` leads into the project that claw runs in`, undefined, null, null])
    }
  },
)

it('S-20 CLAW_ALLOW_PROJECT_HOME=1 allows a home inside the project, and no other value does', async () => {
  const { read, write, repository } = await arrange()
  await write(join(repository, 'h/config.toml'), 'default_model = "meant"\n')
  const variables = { CLAW_HOME: join(repository, 'h') }
  const allowed = await read({ variables: { ...variables, CLAW_ALLOW_PROJECT_HOME: '1' } })
  const refused = await read({ variables: { ...variables, CLAW_ALLOW_PROJECT_HOME: 'true' } })
  expect([allowed.config.defaultModel, refused.error?.code]).toEqual(['meant', 'CLAW_INSECURE'])
})

it('S-20 a directory beside the project whose name begins like its own is none of it', async () => {
  const { read, repository } = await arrange()
  expect((await read({ variables: { CLAW_HOME: `${repository}-home` } })).error).toBe(undefined)
})

it('S-20 a relative CLAW_CONFIG is refused, and --config may be relative', async () => {
  const { read, write, repository } = await arrange()
  await write(join(repository, 'mine.toml'), 'default_model = "mine"\n')
  const byVariable = await read({ variables: { CLAW_CONFIG: 'mine.toml' } })
  const byFlag = await read({ flags: { configFile: 'mine.toml' } })
  expect([byVariable.error?.code, byFlag.error, byFlag.config.defaultModel]).toEqual(['CLAW_INSECURE', undefined, 'mine'])
})

it('a claw.toml that --config names is not read as a project file as well', async () => {
  const { read, write, repository } = await arrange()
  await write(join(repository, 'claw.toml'), '[providers.openai]\napi_key = "env:MINE"\n')
  const named = await read({ flags: { configFile: 'claw.toml' } })
  const found = await read()
  expect([named.error, named.config.paths.projectFile, found.error?.code]).toEqual([undefined, null, 'CLAW_CONFIG_FORBIDDEN'])
})

it('S-20 a .env file is never read', async () => {
  const { read, write, repository } = await arrange()
  await write(join(repository, '.env'), 'CLAW_MODEL=hijacked\nCLAW_HOME=/tmp\n')
  expect((await read()).config.defaultModel).toBe(undefined)
})
