import { chmod, chown, mkdir, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freshnessOf, lookForSubject, obtainSubjectToken, sourceNameOf } from '../../../src/app/identity/subject-tokens.ts'
import type { Reference } from '../../../src/core/reference.ts'
import { Secret } from '../../../src/core/secret.ts'
import { failureOf } from '../../support/failure.ts'
import { isRoot } from '../../support/privileges.ts'
import { type Arranged, arrange, JWT, shown } from './arrange.ts'

let stage: Arranged
beforeEach(async () => {
  stage = await arrange()
})
afterEach(() => stage[Symbol.asyncDispose]())

const obtain = async (reference: Reference, variables: Record<string, string> = {}) =>
  shown(await obtainSubjectToken({ reference, audience: null }, stage.world(variables)))
const refusal = (reference: Reference, variables: Record<string, string> = {}) =>
  failureOf(() => obtainSubjectToken({ reference, audience: null }, stage.world(variables)))
const env = (name: string): Reference => ({ scheme: 'env', name })
const file = (path: string): Reference => ({ scheme: 'file', path })
async function written(name: string, content: string | Uint8Array, mode = 0o600): Promise<string> {
  const path = join(stage.dir, name)
  await writeFile(path, content)
  await chmod(path, mode)
  return path
}

describe('what is known of a reference without asking', () => {
  it.each<[Reference, string, string]>([
    [{ scheme: 'oidc', source: 'github', audience: 'a' }, 'fresh', 'github'],
    [{ scheme: 'oidc', source: 'circleci', audience: undefined }, 'fresh', 'circleci'],
    [{ scheme: 'oidc', source: 'buildkite', audience: undefined }, 'fresh', 'buildkite'],
    [{ scheme: 'oidc', source: 'azure-pipelines', audience: undefined }, 'fresh', 'azure-pipelines'],
    [{ scheme: 'oidc', source: 'gcp', audience: undefined }, 'fresh', 'gcp'],
    [{ scheme: 'oidc', source: 'azure', audience: undefined }, 'fixed', 'azure'],
    [{ scheme: 'oidc', source: 'fly', audience: undefined }, 'fresh', 'fly'],
    [{ scheme: 'cmd', argv: ['/bin/mint', '--secret'], env: [] }, 'fresh', 'cmd:["/bin/mint",…]'],
    [{ scheme: 'env', name: 'CI_JWT' }, 'fixed', 'env:CI_JWT'],
    [{ scheme: 'file', path: '/run/token' }, 'fixed', 'file:/run/token'],
    [{ scheme: 'cred', name: 'token' }, 'fixed', 'cred:token'],
    [{ scheme: 'literal', secret: new Secret(JWT, 'subject-token') }, 'fixed', 'a literal'],
  ])('%j', (reference, freshness, name) => {
    expect([freshnessOf(reference), sourceNameOf(reference)]).toEqual([freshness, name])
  })
})

describe('a token in a variable', () => {
  it('is given without the end of its line', async () => {
    expect(await obtain(env('CI_JWT'), { CI_JWT: `${JWT}\n` })).toEqual(['subject-token', JWT])
    expect(await lookForSubject(env('CI_JWT'), stage.world({ CI_JWT: JWT }))).toEqual({ there: true })
  })

  it.each<[string, string, Record<string, string>, string]>([
    ['no known system', 'CI_JWT', {}, 'set CI_JWT to the identity token of this job'],
    ['a job of GitLab', 'CI_JWT', { GITLAB_CI: 'true' }, 'add `id_tokens: { CI_JWT: { aud: "AUDIENCE" } }` to the job'],
    [
      'Jenkins',
      'CI_JWT',
      { JENKINS_URL: 'https://ci.example' },
      "add `withCredentials([string(credentialsId: 'ID', variable: 'CI_JWT')])` to the pipeline, for a credential of the OpenID Connect Provider plugin",
    ],
    [
      'a variable that only Bitbucket has',
      'BITBUCKET_STEP_OIDC_TOKEN',
      { GITLAB_CI: 'true' },
      'add `oidc: audiences: [AUDIENCE]` to the step, or `oidc: true` for the audience of the workspace',
    ],
    [
      'a variable that only CircleCI has',
      'CIRCLE_OIDC_TOKEN',
      {},
      'use `oidc:circleci`, or a context in the job; a build of a fork gets a token only by a setting of the project',
    ],
  ])('that is not set or empty is answered with the line to add: %s', async (_, name, variables, fix) => {
    const error = {
      code: 'CLAW_REFERENCE_UNRESOLVED',
      what: `\`env:${name}\` holds no identity token`,
      why: `${name} is not set`,
      fix,
      data: {},
    }
    expect(await refusal(env(name), variables)).toEqual(error)
    expect(await refusal(env(name), { ...variables, [name]: '' })).toEqual(error)
    expect(await refusal(env(name), { ...variables, [name]: '\n' })).toEqual({
      code: 'CLAW_REFERENCE_UNRESOLVED',
      what: `\`env:${name}\` is empty`,
      fix,
      data: {},
    })
    expect(await lookForSubject(env(name), stage.world(variables))).toEqual({ there: false, why: `${name} is not set`, fix })
  })
})

describe('a token in a file', () => {
  it('is read anew each time', async () => {
    const path = await written('token', `${JWT}\n`)
    expect(await obtain(file(path))).toEqual(['subject-token', JWT])
    await writeFile(path, `${JWT}rotated`)
    expect(await obtain(file(path))).toEqual(['subject-token', `${JWT}rotated`])
  })

  it('is taken as Kubernetes projects it: links through ..data, swapped as a whole, readable by all', async () => {
    const mount = join(stage.dir, 'tokens')
    const project = async (revision: string, token: string) => {
      await mkdir(join(mount, revision), { recursive: true })
      await writeFile(join(mount, revision, 'claw'), token, { mode: 0o644 })
      await symlink(revision, join(mount, '..data_tmp'))
      await rename(join(mount, '..data_tmp'), join(mount, '..data'))
    }
    await project('..2026_01', JWT)
    await symlink(join('..data', 'claw'), join(mount, 'claw'))
    const reference = file(join(mount, 'claw'))
    expect(await lookForSubject(reference, stage.world())).toEqual({ there: true })
    expect(await obtain(reference)).toEqual(['subject-token', JWT])
    await project('..2026_02', `${JWT}rotated`)
    expect(await obtain(reference)).toEqual(['subject-token', `${JWT}rotated`])
  })

  it.runIf(isRoot)('is taken from another user, as an agent beside claw writes it', async () => {
    const path = await written('token', JWT, 0o644)
    await chown(path, 4242, 4242)
    expect(await obtain(file(path))).toEqual(['subject-token', JWT])
  })

  it('S-22 is not taken from where every user may write it', async () => {
    const path = await written('token', JWT, 0o646)
    expect(await refusal(file(path))).toEqual({
      code: 'CLAW_INSECURE',
      what: `the file of \`file:${path}\` can be written by every user`,
      why: 'its mode is 646',
      fix: `chmod o-w ${path}`,
      data: { path },
    })
  })

  it('of 20 KB is read: whether a vendor takes it is not judged here', async () => {
    const long = 'x'.repeat(20_000)
    expect(await obtain(file(await written('token', long)))).toEqual(['subject-token', long])
  })

  it('that holds something else is read byte by byte', async () => {
    expect(await obtain(file(await written('token', Buffer.from([0xff, 0x00, 0x0a, 0x41]))))).toEqual(['subject-token', '\u00ff\u0000\nA'])
  })

  const FIX = 'let whatever issues the identity token write it there, readable for this user'

  it.each<[string, Record<string, string>, string]>([
    ['anywhere', {}, FIX],
    [
      'in a pod',
      { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
      'add `serviceAccountToken: {audience: AUDIENCE, expirationSeconds: 3600, path: missing}` to a projected volume that is mounted there',
    ],
    [
      'beside a SPIFFE agent',
      { SPIFFE_ENDPOINT_SOCKET: 'unix:///run/agent.sock' },
      'add `jwt_svids = [{jwt_audience = "AUDIENCE", jwt_svid_file_name = "missing"}]` to the configuration of spiffe-helper',
    ],
  ])('that is missing is answered with what writes it: %s', async (_, variables, fix) => {
    const path = join(stage.dir, 'missing')
    expect(await refusal(file(path), variables)).toEqual({
      code: 'CLAW_REFERENCE_UNRESOLVED',
      what: `\`file:${path}\` leads to a file that does not exist`,
      why: 'ENOENT',
      fix,
      data: { path },
    })
    expect(await lookForSubject(file(path), stage.world(variables))).toEqual({ there: false, why: `cannot read ${path}: ENOENT`, fix })
  })

  it('that is empty holds none', async () => {
    for (const content of ['', '\n', '\r\n']) {
      const path = await written('token', content)
      expect(await refusal(file(path))).toEqual({
        code: 'CLAW_REFERENCE_UNRESOLVED',
        what: `\`file:${path}\` is empty`,
        fix: FIX,
        data: {},
      })
    }
  })

  it('is no directory, and nothing endless', async () => {
    const why = 'it is not a regular file'
    for (const path of [stage.dir, '/dev/zero']) {
      expect(await refusal(file(path))).toEqual({
        code: 'CLAW_REFERENCE_UNRESOLVED',
        what: `cannot read \`${path}\``,
        why,
        fix: FIX,
        data: { path },
      })
      expect(await lookForSubject(file(path), stage.world())).toEqual({ there: false, why: `cannot read ${path}: ${why}`, fix: FIX })
    }
  })

  it.skipIf(isRoot)('that may not be read says so', async () => {
    const path = await written('token', JWT, 0o000)
    expect(await refusal(file(path))).toMatchObject({ code: 'CLAW_REFERENCE_UNRESOLVED', why: 'EACCES', fix: FIX })
    expect(await lookForSubject(file(path), stage.world())).toEqual({ there: false, why: `cannot read ${path}: EACCES`, fix: FIX })
  })

  it('may be one of the directory that systemd made for this unit', async () => {
    await written('token', JWT, 0o400)
    const cred: Reference = { scheme: 'cred', name: 'token' }
    const variables = { CREDENTIALS_DIRECTORY: stage.dir }
    expect(await obtain(cred, variables)).toEqual(['subject-token', JWT])
    expect(await lookForSubject(cred, stage.world(variables))).toEqual({ there: true })
    expect(await lookForSubject(cred, stage.world())).toEqual({
      there: false,
      why: 'CREDENTIALS_DIRECTORY is not set',
      fix: 'load it with `LoadCredential=` in the systemd unit',
    })
  })
})

describe('a token from a command', () => {
  const node = (script: string, names: string[] = []): Reference => ({ scheme: 'cmd', argv: [process.execPath, '-e', script], env: names })
  const shownName = `cmd:[${JSON.stringify(process.execPath)},…,…]`

  it('is the one line that it writes', async () => {
    expect(await obtain(node(`console.log(${JSON.stringify(JWT)})`))).toEqual(['subject-token', JWT])
  })

  it('S-56 is asked with the variables that were named, and no other', async () => {
    const variables = {
      PATH: '/usr/bin',
      VAULT_ADDR: 'https://vault.example',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x',
      OPENAI_IDENTITY_TOKEN_FILE: '/x',
    }
    const dump = 'console.log(Object.keys(process.env).sort().join("."))'
    expect(await obtain(node(dump, ['VAULT_ADDR']), variables)).toEqual(['subject-token', 'PATH.VAULT_ADDR'])
    expect(await obtain(node(dump, ['ACTIONS_ID_TOKEN_REQUEST_TOKEN']), variables)).toEqual([
      'subject-token',
      'ACTIONS_ID_TOKEN_REQUEST_TOKEN.PATH',
    ])
  })

  it.each([
    ['fails', 'console.error("login first"); process.exit(3)', 'its exit code was 3; it wrote: login first'],
    ['writes two lines', 'console.log("one"); console.log("two")', 'it wrote 2 lines, and a secret is one'],
    ['writes nothing', '', 'it wrote nothing'],
  ])('S-21 that %s gives none', async (_, script, why) => {
    const fix = 'run the command of `subject_token` by hand, with no variables but those of its `env`'
    expect(await refusal(node(script))).toEqual({
      code: 'CLAW_REFERENCE_UNRESOLVED',
      what: `\`${shownName}\` gave no identity token`,
      why,
      fix,
      data: {},
    })
  })

  it('S-21 that never ends is ended by the limit of the request', async () => {
    const world = stage.world({}, { timeoutMs: 300 })
    const error = await failureOf(() => obtainSubjectToken({ reference: node('setInterval(() => {}, 1000)'), audience: null }, world))
    expect(error).toMatchObject({ code: 'CLAW_REFERENCE_UNRESOLVED', why: 'it did not end within 0.3 s' })
  })

  it('is not started to see whether it is there', async () => {
    expect(await lookForSubject(node('require("fs").writeFileSync("started", "")'), stage.world())).toEqual({ there: true })
    expect(await lookForSubject({ scheme: 'cmd', argv: ['claw-no-such'], env: [] }, stage.world({ PATH: '/usr/bin' }))).toEqual({
      there: false,
      why: 'there is no such program at an absolute path or in an absolute directory of PATH',
      fix: 'name the program of `subject_token` by its absolute path',
    })
  })
})

it('a token that was written out is taken as it is, and a keyring is not read', async () => {
  const literal: Reference = { scheme: 'literal', secret: new Secret(JWT, 'subject-token') }
  const keyring: Reference = { scheme: 'keyring', name: 'ci' }
  expect(await obtain(literal)).toEqual(['subject-token', JWT])
  expect(await lookForSubject(literal, stage.world())).toEqual({ there: true })
  expect(await refusal(keyring)).toMatchObject({ code: 'CLAW_REFERENCE_UNRESOLVED' })
  expect(await lookForSubject(keyring, stage.world())).toEqual({
    there: false,
    why: 'this version of claw does not read keyrings',
    fix: 'use a `cmd:` reference, or `file:`',
  })
})
