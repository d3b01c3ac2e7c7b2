import { describe, expect, it } from 'vitest'
import { findCredential, surveyCredentials } from '../../src/app/credential/find-credential.ts'
import { commandForKind, renewalCommand, replacement, signInCommand } from '../../src/app/sign-in/sign-in-command.ts'
import { profileOf } from '../../src/app/credential/wanted-credential.ts'
import type { Kind, Method } from '../../src/core/vocabulary.ts'
import { jwt } from '../support/jwt.ts'
import { credentialWorld } from '../support/credential-world.ts'

describe('the command that signs in again', () => {
  it.each<[Method, string, string]>([
    ['api_key', 'default', 'claw auth --api-key acme --stdin'],
    ['token', 'ci', 'claw auth --token acme --stdin --profile ci'],
    ['pkce', 'ci', 'claw auth --paste acme --profile ci'],
    ['device', 'ci', 'claw auth --device acme --profile ci'],
    ['identity', 'default', 'claw auth --identity acme'],
    ['none', 'default', 'claw auth acme'],
  ])('for %s of profile %s is whole', (method, profile, command) => {
    expect(signInCommand({ method, route: 'acme', profile })).toBe(command)
  })

  it('names the profile that the credential in use is of', async () => {
    const here = await credentialWorld('[providers.openai]\nprofile = "ci"\n')
    await here.signIn({ route: 'openai', kind: 'api_key', profile: 'ci' })
    const chosen = await findCredential(here, { named: here.catalogue.find('openai'), model: null })
    expect([renewalCommand(chosen), replacement(chosen)]).toEqual([
      'claw auth --api-key openai --stdin --profile ci',
      'claw auth --api-key openai --stdin --profile ci',
    ])
    await here.remove()
  })

  it.each<[Method, string]>([
    ['device', 'claw auth --device openai-codex --force'],
    ['pkce', 'claw auth --paste openai-codex --force'],
  ])('after a refusal is not content with the stored grant that was refused: %s', async (method, command) => {
    const here = await credentialWorld()
    await here.signIn({ provider: 'openai', route: 'openai-codex', kind: 'oauth' }, { method, token: jwt({}) })
    expect(replacement(await findCredential(here, { named: here.catalogue.find('openai-codex'), model: null }))).toBe(command)
    await here.remove()
  })

  it.each<[Kind, string | undefined]>([
    ['oauth', 'claw auth --device moonshot'],
    ['api_key', 'claw auth --api-key moonshot --stdin'],
    ['token', undefined],
  ])('for the kind %s is %s', async (kind, command) => {
    const here = await credentialWorld()
    expect(commandForKind({ named: here.catalogue.find('moonshot'), profile: 'default' }, kind)).toBe(command)
    await here.remove()
  })

  it('is told with the profile where nothing is stored under it', async () => {
    const here = await credentialWorld('[providers.moonshot]\nprofile = "ci"\n')
    await here.signIn({ route: 'openai', kind: 'api_key', profile: 'ci' })
    const { error } = await surveyCredentials(here, { named: here.catalogue.find('moonshot'), model: null })
    expect(error?.data.commands).toEqual(['claw auth --api-key moonshot --stdin --profile ci', 'claw auth --device moonshot --profile ci'])
    await here.remove()
  })
})

describe('the profile that a sign-in stores under', () => {
  it.each([
    ['', undefined, 'default'],
    ['[providers.moonshot]\nprofile = "ci"\n', undefined, 'ci'],
    ['[providers.moonshot]\nprofile = "ci"\n', 'mine', 'mine'],
  ])('with %j and --profile %s is %s', async (toml, flag, profile) => {
    const here = await credentialWorld(toml, {}, {}, flag)
    expect(profileOf(here, 'kimi-code')).toBe(profile)
    await here.remove()
  })
})
