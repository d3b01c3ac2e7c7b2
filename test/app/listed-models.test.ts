import { describe, expect, it } from 'vitest'
import { modelsIn } from '../../src/app/catalogue/listed-models.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'

const picker = (id: string, model_picker_enabled: boolean, state?: string, tool_calls?: boolean) => ({
  id,
  name: id.toUpperCase(),
  model_picker_enabled,
  ...(state && { policy: { state } }),
  capabilities: { limits: { max_context_window_tokens: 1_000 }, supports: { ...(tool_calls !== undefined && { tool_calls }) } },
})

function ids(route: string, answer: unknown): string[] | undefined {
  const entry = CATALOGUE.get(route)
  if (!entry) throw new Error(`there is no ${route}`)
  return modelsIn(JSON.stringify(answer), entry)?.map(({ id }) => id)
}

describe('a list of models', () => {
  it.each([
    [
      'openai',
      { data: [{ id: 'gpt-5.4', shutdown_date: '2027-04-01' }] },
      { id: 'gpt-5.4', name: null, contextTokens: null, retires: '2027-04-01' },
    ],
    ['openai', { data: [{ id: 'gpt-5.5', shutdown_date: null }] }, { id: 'gpt-5.5', name: null, contextTokens: null, retires: null }],
    [
      'anthropic',
      { data: [{ id: 'claude-opus-5', display_name: 'Claude Opus 5' }] },
      { id: 'claude-opus-5', name: 'Claude Opus 5', contextTokens: null, retires: null },
    ],
    ['kimi-code', { data: [{ id: 'k3', context_length: 262_144 }] }, { id: 'k3', name: null, contextTokens: 262_144, retires: null }],
    [
      'openai-codex',
      { models: [{ slug: 'gpt-6-sol', display_name: 'GPT-6', context_window: 272_000, visibility: 'list' }] },
      { id: 'gpt-6-sol', name: 'GPT-6', contextTokens: 272_000, retires: null },
    ],
    ['google', { data: [{ id: 'models/gemini-2.5-pro' }] }, { id: 'gemini-2.5-pro', name: null, contextTokens: null, retires: null }],
  ])('of %s is read in its own shape: %j', (route, answer, expected) => {
    const entry = CATALOGUE.get(route)
    expect(entry && modelsIn(JSON.stringify(answer), entry)).toEqual([expected])
  })

  it('of Codex leaves out what its own client hides', () => {
    expect(ids('openai-codex', { models: [{ slug: 'a', visibility: 'hide' }, { slug: 'b' }, { slug: 'c', visibility: 'none' }] })).toEqual([
      'b',
    ])
  })

  it('of Copilot has the models of the picker that are not switched off and call tools', () => {
    const data = [
      picker('a', true),
      picker('b', false),
      picker('c', true, 'disabled'),
      picker('d', true, 'enabled', false),
      picker('e', true, 'enabled', true),
    ]
    expect(ids('github-copilot', { data })).toEqual(['a', 'e'])
  })

  it('of Copilot has those that are switched on where the picker shows none', () => {
    expect(
      ids('github-copilot', { data: [picker('a', false), picker('b', false, 'enabled'), picker('c', false, 'enabled', false)] }),
    ).toEqual(['b'])
  })

  it.each([
    ['{"data":{}}', undefined],
    ['{"models":[]}', undefined],
    ['[]', undefined],
    ['<html>', undefined],
    ['null', undefined],
    ['{"data":[]}', []],
    ['{"data":[null,1,{"id":7},{"id":""},{"name":"x"}]}', []],
  ])('of a strange answer %s is %j', (text, expected) => {
    expect(modelsIn(text, {})).toEqual(expected)
  })
})
