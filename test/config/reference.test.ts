import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { parseReference, parseStoreUrl, type ReferenceText } from '../../src/config/reference.ts'

it.each<[ReferenceText, unknown]>([
  ['env:OPENAI_API_KEY', { scheme: 'env', name: 'OPENAI_API_KEY' }],
  ['file:/run/secrets/x y', { scheme: 'file', path: '/run/secrets/x y' }],
  ['cmd:["op","read","op://a/b"]', { scheme: 'cmd', argv: ['op', 'read', 'op://a/b'], env: [] }],
  [
    { cmd: ['vault'], env: ['VAULT_TOKEN'] },
    { scheme: 'cmd', argv: ['vault'], env: ['VAULT_TOKEN'] },
  ],
  ['cred:claw.key', { scheme: 'cred', name: 'claw.key' }],
  ['keyring:claw/openai', { scheme: 'keyring', name: 'claw/openai' }],
  ['oidc:github', { scheme: 'oidc', source: 'github', audience: undefined }],
  ['oidc:gcp?audience=https%3A%2F%2Fa.example%2F%3Fb', { scheme: 'oidc', source: 'gcp', audience: 'https://a.example/?b' }],
])('%j is a reference', (text, reference) => {
  expect(parseReference(text, 'api-key')).toEqual({ reference })
})

it.each<[ReferenceText, string]>([
  ['env:', 'must name a variable, as in `env:NAME`'],
  ['env:A B', 'must name a variable, as in `env:NAME`'],
  ['file:secrets/x', 'must give an absolute path, as in `file:/run/secrets/NAME`'],
  ['file:~/x', 'must give an absolute path, as in `file:/run/secrets/NAME`'],
  ['file:/a\nb', 'must give an absolute path, as in `file:/run/secrets/NAME`'],
  ['cmd:op read x', 'must be a JSON array of strings, as in `cmd:["op","read","op://…"]`: no shell reads it'],
  ['cmd:["op", 5]', 'must be a JSON array of strings, as in `cmd:["op","read","op://…"]`: no shell reads it'],
  ['cmd:[]', 'must name a program and its arguments, one string each'],
  [{ cmd: [''] }, 'must name a program and its arguments, one string each'],
  [{ cmd: ['a'], env: ['A=b'] }, 'must list the names of variables under `env`'],
  ['cred:../x', 'must name a file of $CREDENTIALS_DIRECTORY, as in `cred:NAME`'],
  ['cred:a/b', 'must name a file of $CREDENTIALS_DIRECTORY, as in `cred:NAME`'],
  ['keyring:', 'must name an entry, as in `keyring:NAME`'],
  ['oidc:auto', 'must name a source of identity tokens: github, circleci, buildkite, azure-pipelines, gcp, azure, fly'],
  ['oidc:github?audience=', 'may only give an audience, as in `oidc:github?audience=https://…`'],
  ['oidc:github?audience=a&x=b', 'may only give an audience, as in `oidc:github?audience=https://…`'],
  ['op://vault/item', 'is an address of 1Password, which its own program must read'],
  ['vault:x', 'has no known scheme: env: file: cmd: cred: keyring: oidc:'],
  ['short', 'is shorter than 8 characters: too short for a secret, and no reference either'],
  ['', 'is shorter than 8 characters: too short for a secret, and no reference either'],
  ['canary with blanks', 'holds characters that no key has (blanks, control characters, or more than ASCII)'],
  ['canary\nsecond-line', 'holds characters that no key has (blanks, control characters, or more than ASCII)'],
])('%j is refused', (text, message) => {
  expect(parseReference(text, 'api-key')).toMatchObject({ message })
})

it('a literal is held as a secret, also one with a colon in it', () => {
  for (const text of ['sk-canary-0123456789', 'a1b2c3d4-0000-1111:canary']) {
    const parsed = parseReference(text, 'api-key')
    expect('reference' in parsed && parsed.reference.scheme === 'literal' && parsed.reference.secret.reveal()).toBe(text)
    expect(inspect(parsed, { depth: 9 }) + JSON.stringify(parsed)).not.toContain('canary')
  }
})

it('a store address may be written out, and its password is a secret', () => {
  const parsed = parseStoreUrl('postgres://claw:canary-pass@db.example/claw')
  expect('reference' in parsed && parsed.reference.scheme === 'literal' && parsed.reference.secret.reveal()).toBe(
    'postgres://claw:canary-pass@db.example/claw',
  )
  expect(parseStoreUrl('env:STORE_URL')).toEqual({ reference: { scheme: 'env', name: 'STORE_URL' } })
  expect(parseStoreUrl('postgres://user:%zz-canary@db.example')).toMatchObject({ reference: { scheme: 'literal' } })
  expect(parseStoreUrl('https://db.example')).toEqual({
    message: 'must be a reference, as in `env:STORE_URL`, or an address that begins with `postgres://` or `rediss://`',
  })
})
