import { afterEach, describe, expect, it } from 'vitest'
import { readModelReference, readTier } from '../../src/app/catalogue/model-reference.ts'
import { modelOf, nearestModels } from '../../src/app/catalogue/route-models.ts'
import { credentialWorld, type TestWorld } from '../support/credential-world.ts'
import { failureOf } from '../support/failure.ts'

const TOML = `
[aliases]
cheap = "openrouter/deepseek/deepseek-v4-pro"
cheaper = "cheap"
round = "about"
about = "round"
[tiers.fast]
model = "openai/gpt-5.4-mini"
auth_mode = "api_key"
[tiers.main]
model = "moonshot"
[providers.copy]
protocol = "anthropic-messages"
base_url = "https://copy.example"
models = ["claude-sonnet-5", "own-model"]
`
const worlds: TestWorld[] = []
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((each) => each.remove()))
})

describe('a model reference', () => {
  it.each([
    ['anthropic/claude-sonnet-5', 'anthropic', 'claude-sonnet-5'],
    ['claude/claude-sonnet-5', 'anthropic', 'claude-sonnet-5'],
    ['anthropic/claude-next', 'anthropic', 'claude-next'],
    ['moonshot', 'moonshot', null],
    ['kimi-code/k3', 'kimi-code', 'k3'],
    ['kimi-for-coding', 'kimi-code', null],
    ['openrouter/anthropic/claude-opus-5.5', 'openrouter', 'anthropic/claude-opus-5.5'],
    ['cheap', 'openrouter', 'deepseek/deepseek-v4-pro'],
    ['cheaper', 'openrouter', 'deepseek/deepseek-v4-pro'],
    ['ollama/llama3', 'ollama', 'llama3'],
    ['claude-sonnet-9', 'anthropic', 'claude-sonnet-9'],
    ['gpt-9', 'openai', 'gpt-9'],
    ['kimi-k9', 'moonshot', 'kimi-k9'],
  ])('%s means %s and %s', async (reference, name, model) => {
    const target = await read(reference)
    expect([target.named.name, target.model, target.reference, target.tier]).toEqual([name, model, reference, undefined])
  })

  it('tier:T and the tier itself bring the settings of the tier', async () => {
    const { config, catalogue } = await world()
    const reading = { config, catalogue, isUsable: async () => false }
    const byReference = await readModelReference('tier:fast', reading)
    const byName = await readTier('fast', reading)
    expect([byReference.named.name, byReference.model, byReference.tier?.authMode]).toEqual(['openai', 'gpt-5.4-mini', 'api_key'])
    expect([byName.named.name, byName.model, byName.tier]).toEqual(['openai', 'gpt-5.4-mini', byReference.tier])
  })

  it('that is a bare id means the one provider with a credential that lists it', async () => {
    const target = await read('own-model', ['copy'])
    expect([target.named.name, target.model]).toEqual(['copy', 'own-model'])
    expect((await read('k3', ['moonshot'])).named.name).toBe('moonshot')
    expect((await read('moonshotai/kimi-k3', ['openrouter'])).named.name).toBe('openrouter')
  })

  it('that is a bare id prefers who has a credential to the family of the name', async () => {
    expect((await read('claude-sonnet-5', ['copy'])).named.name).toBe('copy')
    expect((await read('claude-sonnet-5', [])).named.name).toBe('anthropic')
  })

  it('that several providers could answer is exit 2, naming them', async () => {
    expect(await failureOf(() => read('claude-sonnet-5', ['copy', 'anthropic']))).toEqual({
      code: 'CLAW_AMBIGUOUS',
      what: 'the model `claude-sonnet-5` is listed by `anthropic` and `copy`',
      why: 'there is a usable credential for each',
      fix: 'write `anthropic/claude-sonnet-5`',
      data: { providers: ['anthropic', 'copy'] },
    })
  })

  it('that only providers without a credential list is exit 66, naming them', async () => {
    expect(await failureOf(() => read('own-model'))).toEqual({
      code: 'CLAW_MODEL_UNKNOWN',
      what: 'there is no usable credential for a provider that lists `own-model`',
      why: 'it is listed by `copy`',
      fix: 'claw auth copy',
      data: { providers: ['copy'] },
    })
  })

  it.each([
    ['moonshoot/kimi-k3', 'CLAW_PROVIDER_UNKNOWN', 'there is no provider `moonshoot`', 'the nearest name is `moonshot`'],
    ['antropic', 'CLAW_MODEL_UNKNOWN', '`antropic` is no provider, and no model that a provider lists', 'the nearest name is `anthropic`'],
    ['zephyr-7b', 'CLAW_MODEL_UNKNOWN', '`zephyr-7b` is no provider, and no model that a provider lists', undefined],
    ['anthropic/', 'CLAW_MODEL_UNKNOWN', '`anthropic/` names no model', undefined],
    ['tier:slow', 'CLAW_TIER_UNKNOWN', 'there is no tier `slow`', 'the tiers are `fast`, `main`'],
    ['round', 'CLAW_CONFIG_INVALID', 'the alias `round` leads in a circle', undefined],
  ])('%s is %s', async (reference, code, what, why) => {
    const failure = await failureOf(() => read(reference))
    expect([failure.code, failure.what, failure.why]).toEqual([code, what, why])
  })

  it('that nobody gave, without a default, is exit 66', async () => {
    const { config, catalogue } = await world()
    expect(await failureOf(() => readTier('default', { config, catalogue, isUsable: async () => false }))).toEqual({
      code: 'CLAW_TIER_UNKNOWN',
      what: 'no model was named, and there is no default model',
      fix: 'name one with -m, or set it with `claw model PROVIDER/MODEL`',
      data: {},
    })
  })
})

describe('the model of a route', () => {
  it('is the default of the route, else its first, else there is none to be taken', async () => {
    const { catalogue } = await world()
    expect(modelOf(catalogue.route('kimi-code'), null).id).toBe('kimi-for-coding')
    expect(modelOf(catalogue.route('moonshot'), null).id).toBe('kimi-k3')
    expect(await failureOf(() => modelOf(catalogue.route('ollama'), null))).toEqual({
      code: 'CLAW_MODEL_UNKNOWN',
      what: '`ollama` has no model of its own: name one',
      fix: 'write `ollama/MODEL`, or set `default_model` in [providers.ollama]',
      data: { route: 'ollama', models: [] },
    })
  })

  it('is sent by its id when an alias names it, and as written when nobody knows it', async () => {
    const { catalogue } = await world()
    const route = catalogue.route('kimi-code')
    expect([modelOf(route, 'k2p5').id, modelOf(route, 'k9'), modelOf(route, 'k3').entry?.contextTokens]).toEqual([
      'kimi-for-coding',
      { id: 'k9', entry: null },
      1_048_576,
    ])
    expect(nearestModels(route, 'k3.1pro', ['k3.1-pro-max'])).toContain('k3.1-pro')
  })
})

async function world(): Promise<TestWorld> {
  const made = await credentialWorld(TOML)
  worlds.push(made)
  return made
}

async function read(reference: string, usable: readonly string[] = []) {
  const { config, catalogue } = await world()
  return await readModelReference(reference, { config, catalogue, isUsable: async ({ name }) => usable.includes(name) })
}
