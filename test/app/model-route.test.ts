import { afterEach, describe, expect, it } from 'vitest'
import { deploymentOf, refuseUnspoken, refuseUnspokenModel, routeForModel } from '../../src/app/catalogue/model-route.ts'
import { modelOf } from '../../src/app/catalogue/route-models.ts'
import { credentialWorld, type TestWorld } from '../support/credential-world.ts'
import { failureOf } from '../support/failure.ts'

let here: TestWorld | undefined
afterEach(() => here?.remove())

async function route(name: string, toml = '') {
  here = await credentialWorld(toml)
  return here.catalogue.route(name)
}

describe('the protocol of a model', () => {
  it.each([
    ['claude-opus-5.5', 'anthropic-messages'],
    ['claude-of-tomorrow', 'anthropic-messages'],
    ['gpt-6.1-sol', 'openai-responses'],
    ['gemini-4-argon', 'openai-chat'],
    ['kimi-of-tomorrow', 'openai-chat'],
  ])('%s at GitHub Copilot is %s', async (model, expected) => {
    const copilot = await route('github-copilot')
    expect(routeForModel(copilot, modelOf(copilot, model)).protocol).toBe(expected)
  })

  it('is the one of the configuration where that says one', async () => {
    const copilot = await route('github-copilot', '[providers.github-copilot]\nprotocol = "openai-chat"')
    expect(routeForModel(copilot, modelOf(copilot, 'gpt-6.1-sol')).protocol).toBe('openai-chat')
  })
})

describe('what cannot be prompted says so', () => {
  it('before a credential is asked for, where no model can', async () => {
    const codex = await route('openai-codex')
    expect(await failureOf(() => refuseUnspoken(codex))).toEqual({
      code: 'CLAW_METHOD_UNSUPPORTED',
      what: 'this version of claw cannot prompt `openai-codex`',
      why: 'it is spoken to in `codex-responses`, and claw speaks `anthropic-messages` and `openai-chat`',
      fix: '`claw token openai-codex` hands the credential to a program that speaks it',
      data: { protocol: 'codex-responses' },
    })
    const vertex = await route('google-vertex')
    expect((await failureOf(() => refuseUnspoken(vertex))).why).toBe(
      'it is spoken to in `gemini`, and claw speaks `anthropic-messages` and `openai-chat`',
    )
  })

  it('for one model, where others can', async () => {
    const copilot = await route('github-copilot')
    expect(refuseUnspoken(copilot)).toBeUndefined()
    const model = modelOf(copilot, 'gpt-6.1-sol')
    expect(await failureOf(() => refuseUnspokenModel(routeForModel(copilot, model), model))).toEqual({
      code: 'CLAW_METHOD_UNSUPPORTED',
      what: 'this version of claw cannot prompt `github-copilot/gpt-6.1-sol`',
      why: 'it is spoken to in `openai-responses`, and claw speaks `anthropic-messages` and `openai-chat`',
      fix: 'ask another model of it: claw prompt -m github-copilot/claude-opus-5.5 TEXT',
      data: { protocol: 'openai-responses' },
    })
  })

  it.each([
    ['qwen-oauth', 'Alibaba ended the free tier of Qwen OAuth on 2026-04-15', 'use a key: claw auth --api-key dashscope --stdin'],
    ['gemini-cli', 'Google calls the use of this login by other software a violation', 'use a key: claw auth --api-key google --stdin'],
  ])('%s is not built, and why', async (name, why, fix) => {
    const failure = await failureOf(() => route(name))
    expect(failure).toMatchObject({ code: 'CLAW_METHOD_UNSUPPORTED', what: `\`${name}\` is not built`, fix })
    expect(failure.why).toContain(why)
  })
})

describe('a deployment', () => {
  it.each([
    ['gpt-5.5=prod-large, gpt-5.4 = prod-small', 'gpt-5.4', 'prod-small'],
    ['gpt-5.5=prod-large', 'gpt-5.4', 'gpt-5.4'],
    ['', 'gpt-5.4', 'gpt-5.4'],
    ['gpt-5.4', 'gpt-5.4', 'gpt-5.4'],
  ])('by the map %j stands for %s: %s', async (map, model, expected) => {
    const azure = await route('azure-openai')
    expect(deploymentOf({ route: azure, settings: { deployment_map: map } }, { id: model, entry: null }).id).toBe(expected)
  })
})
