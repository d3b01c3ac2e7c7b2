import { describe, expect, it } from 'vitest'
import { parseReference } from '../../src/config/reference.ts'
import { SUBJECT_PLACES } from '../../src/providers/subject-places.ts'
import { OIDC_SUBJECT_SOURCES } from '../../src/providers/subject-sources.ts'

const rows = [...OIDC_SUBJECT_SOURCES.values(), ...SUBJECT_PLACES]

describe('the sources of identity tokens', () => {
  it('are those that a reference may name', () => {
    const ids = [...OIDC_SUBJECT_SOURCES.keys()]
    expect(ids).toEqual(['github', 'circleci', 'buildkite', 'azure-pipelines', 'gcp', 'azure', 'fly'])
    expect(parseReference('oidc:none-of-them', 'subject-token')).toMatchObject({
      message: `must name a source of identity tokens: ${ids.join(', ')}`,
    })
  })

  it('are written as references that can be read', () => {
    const broken = rows.filter(({ reference }) => {
      const text = reference.replace('PATH', '/run/token')
      return !('reference' in parseReference(text, 'subject-token'))
    })
    expect(broken).toEqual([])
  })

  it('have a name of their own, a line that brings the token, and a place where it was read', () => {
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
    expect(rows.filter(({ name, enable, source }) => name === '' || enable === '' || !/\(.*20\d\d\)/.test(source))).toEqual([])
    expect(rows.filter(({ enable, name }) => /[.\n]$/.test(enable) || /\.$/.test(name))).toEqual([])
  })

  it('S-28 speak to nothing on the network by an address of their own but to the link', () => {
    const hosts = rows.flatMap((row) => ('asks' in row ? row.asks : [])).flatMap((ask) => (ask.kind === 'metadata' ? [ask.host] : []))
    expect(hosts).toEqual(['169.254.169.254', '169.254.169.254'])
  })
})
