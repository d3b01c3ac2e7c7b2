import fc from 'fast-check'
import { parse } from 'smol-toml'
import { describe, expect, it } from 'vitest'
import { enableMethod, setTierModel } from '../../src/config/edit-toml.ts'
import { appendProvider } from '../../src/config/provider-block.ts'
import { CONFIG_TEMPLATE } from '../../src/config/template.ts'

describe('setting the model of a tier', () => {
  it.each([
    ['an empty file', '', 'default', 'default_model = "m"\n'],
    [
      'default_model where it stands, its comment included',
      '# a\ndefault_model = "old"   # why\nx = 1\n',
      'default',
      '# a\ndefault_model = "m"   # why\nx = 1\n',
    ],
    [
      'tiers.default.model where that is used',
      '[tiers.default]\nauth_mode = "oauth"\nmodel = \'old\' # c\n',
      'default',
      '[tiers.default]\nauth_mode = "oauth"\nmodel = "m" # c\n',
    ],
    [
      'default_model even where the table has other keys',
      'default_model = "old"\n[tiers.default]\nauth_mode = "oauth"\n',
      'default',
      'default_model = "m"\n[tiers.default]\nauth_mode = "oauth"\n',
    ],
    [
      'a table without the key',
      '[tiers.default] # c\nauth_mode = "oauth"\n',
      'default',
      '[tiers.default] # c\nmodel = "m"\nauth_mode = "oauth"\n',
    ],
    [
      'below the last top-level key',
      'a = [\n  1,\n] # c\n\n# about prompt\n[prompt]\nretries = 1\n',
      'default',
      'a = [\n  1,\n] # c\ndefault_model = "m"\n\n# about prompt\n[prompt]\nretries = 1\n',
    ],
    [
      'below the commented-out key',
      '# hello\n# default_model = "x"\n\n[prompt]\n',
      'default',
      '# hello\n# default_model = "x"\ndefault_model = "m"\n\n[prompt]\n',
    ],
    ['a file of tables only', '[prompt]\nretries = 1\n', 'default', 'default_model = "m"\n[prompt]\nretries = 1\n'],
    ['a tier that is not there', '[prompt]\nretries = 1', 'fast', '[prompt]\nretries = 1\n\n[tiers.fast]\nmodel = "m"\n'],
    [
      'a tier in dotted keys',
      'tiers.fast.model = "old"\ntiers.fast.profile = "ci"\n',
      'fast',
      'tiers.fast.model = "m"\ntiers.fast.profile = "ci"\n',
    ],
    [
      'a tier that dotted keys have made',
      'tiers.fast.profile = "ci"\n[prompt]\n',
      'fast',
      'tiers.fast.profile = "ci"\ntiers.fast.model = "m"\n[prompt]\n',
    ],
    [
      'dotted keys within a table',
      '[tiers]\nfast.profile = "ci"\nslow.model = "x"\n',
      'fast',
      '[tiers]\nfast.profile = "ci"\nfast.model = "m"\nslow.model = "x"\n',
    ],
    ['an inline table', '[tiers]\nfast = { profile = "ci" }\n', 'fast', '[tiers]\nfast = { profile = "ci", model = "m" }\n'],
    ['an empty inline table', 'tiers.fast = {}\n', 'fast', 'tiers.fast = { model = "m" }\n'],
    [
      'inline tables all the way',
      'tiers = { slow = { model = "x" } }\n',
      'fast',
      'tiers = { slow = { model = "x" }, fast = { model = "m" } }\n',
    ],
    [
      'a value over several lines',
      '[tiers.fast]\nmodel = """\nold"""\nprofile = "ci"\n',
      'fast',
      '[tiers.fast]\nmodel = "m"\nprofile = "ci"\n',
    ],
    ['quoted keys', '["tiers" . \'fast\']\n"model" = "old"\n', 'fast', '["tiers" . \'fast\']\n"model" = "m"\n'],
    ['lines that end in CR LF', '[tiers.fast]\r\nprofile = "ci"\r\n', 'fast', '[tiers.fast]\r\nmodel = "m"\r\nprofile = "ci"\r\n'],
    ['a byte order mark', '\uFEFF[tiers.fast]\nmodel = "old"\n', 'fast', '\uFEFF[tiers.fast]\nmodel = "m"\n'],
    [
      'a text that looks like the key',
      'a = """\n[tiers.fast]\nmodel = "no"\n"""\n[tiers.fast]\nmodel = "old"\n',
      'fast',
      'a = """\n[tiers.fast]\nmodel = "no"\n"""\n[tiers.fast]\nmodel = "m"\n',
    ],
  ])('%s', (_, before, tier, after) => {
    expect(setTierModel(before, tier, 'm')).toBe(after)
  })

  it('a reference is written as a string of TOML whatever it holds', () => {
    expect(parse(setTierModel('', 'fast', 'a"b\\c\u007f'))).toEqual(parse('[tiers.fast]\nmodel = "a\\"b\\\\c\\u007f"'))
  })

  it('refuses a text that is no TOML, and a tier that one line cannot add', () => {
    expect(() => setTierModel('a = \n', 'fast', 'm')).toThrow(
      expect.objectContaining({ code: 'CLAW_CONFIG_INVALID', why: 'the file is not TOML' }),
    )
    expect(() => setTierModel('[[tiers]]\nfast = 1\n', 'fast', 'm')).toThrow(expect.objectContaining({ code: 'CLAW_CONFIG_INVALID' }))
    expect(() => setTierModel('tiers = 5\n', 'fast', 'm')).toThrow(expect.objectContaining({ code: 'CLAW_CONFIG_INVALID' }))
  })

  it('changes that key and nothing else, and only its line', () => {
    const name = fc.constantFrom('fast', 'slow', 'default', 'x-1')
    const comment = fc.constantFrom('', ' # c', ' # model = "z"')
    const tier = fc.record({
      name,
      style: fc.constantFrom('table', 'inline', 'dotted'),
      model: fc.boolean(),
      other: fc.boolean(),
      comment,
      gap: fc.constantFrom('', '\n', '# between\n'),
    })
    const file = fc.record({
      tiers: fc.uniqueArray(tier, { selector: (each) => each.name, maxLength: 3 }),
      prompt: fc.boolean(),
      eol: fc.constantFrom('\n', '\r\n'),
    })
    fc.assert(
      fc.property(file, name, fc.stringMatching(/^[a-z/"\\-]{1,8}$/), ({ tiers, prompt, eol }, wanted, reference) => {
        const top = tiers.filter(({ style }) => style !== 'table')
        const body = tiers.filter(({ style }) => style === 'table')
        const pairs = ({ model, other }: { model: boolean; other: boolean }) => [
          ...(other ? ['profile = "ci"'] : []),
          ...(model ? ['model = "old"'] : []),
        ]
        let source = ''
        for (const each of top) {
          if (each.style === 'inline') source += `tiers.${each.name} = { ${pairs(each).join(', ')} }${each.comment}\n${each.gap}`
          else for (const pair of pairs(each)) source += `tiers.${each.name}.${pair}${each.comment}\n${each.gap}`
        }
        if (prompt) source += `${body.length > 0 ? '# p\n' : ''}[prompt]\nretries = 1\n`
        for (const each of body)
          source += `${each.gap}[tiers.${each.name}]${each.comment}\n${pairs(each)
            .map((pair) => `${pair}${each.comment}\n`)
            .join('')}`
        source = source.replaceAll('\n', eol)
        const after = setTierModel(source, wanted, reference)

        const tables = (text: string): Record<string, unknown> => JSON.parse(JSON.stringify(parse(text)))
        const isShort = Object.hasOwn(tables(after), 'default_model')
        const expected = tables(source)
        if (isShort) expected.default_model = reference
        else expected.tiers = { ...Object(expected.tiers), [wanted]: { ...Object(Object(expected.tiers)[wanted]), model: reference } }
        expect(tables(after)).toEqual(expected)
        const lines = after.split(eol)
        const lost = source.split(eol).filter((line) => !lines.includes(line))
        expect(lost.length).toBeLessThanOrEqual(1)
        expect(lines.length - source.split(eol).length).toBeLessThanOrEqual(3)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('other edits', () => {
  it('a method is switched on in its own table', () => {
    expect(enableMethod('[providers.anthropic]\nprofile = "ci"\n', 'anthropic', 'oauth')).toBe(
      '[providers.anthropic]\nprofile = "ci"\n\n[providers.anthropic.auth.oauth]\nenabled = true\n',
    )
    expect(enableMethod('[providers.anthropic.auth.oauth]\nenabled = false # no\n', 'anthropic', 'oauth')).toBe(
      '[providers.anthropic.auth.oauth]\nenabled = true # no\n',
    )
  })

  it('a provider is added at the end and never over an existing one', () => {
    const provider = {
      id: 'acme',
      protocol: 'openai-chat',
      baseUrl: 'https://llm.acme.example/v1',
      models: ['a', 'b'],
      apiKeyEnv: 'ACME_KEY',
    } as const
    const block =
      '[providers.acme]\nprotocol = "openai-chat"\nbase_url = "https://llm.acme.example/v1"\nmodels = ["a", "b"]\napi_key = "env:ACME_KEY"\n'
    expect(appendProvider('', provider)).toBe(block)
    expect(appendProvider('# c', provider)).toBe(`# c\n\n${block}`)
    expect(appendProvider('a = 1\n\n', provider)).toBe(`a = 1\n\n${block}`)
    for (const source of ['providers.acme.region = "x"\n', '[local_providers.acme]\n', 'providers = { acme = {} }\n']) {
      expect(() => appendProvider(source, provider)).toThrow(
        expect.objectContaining({ code: 'CLAW_CONFIG_INVALID', message: 'the configuration file has a provider `acme` already' }),
      )
    }
  })

  it('the template says nothing until a line of it is uncommented', () => {
    expect(parse(CONFIG_TEMPLATE)).toEqual(parse(''))
  })
})
