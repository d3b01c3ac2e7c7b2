import { expect, it } from 'vitest'
import { accountChange } from '../../src/app/sign-in/account-change.ts'

const account = (id: string | null, name: string | null = null) => ({ account: { id, name, plan: null } })

it.each([
  ['a first sign-in', undefined, account('a-1'), null],
  ['the same id', account('a-1', 'old@acme.example'), account('a-1', 'new@acme.example'), null],
  ['another id', account('a-1', 'ann@acme.example'), account('a-2', 'bob@acme.example'), '`bob@acme.example`, not `ann@acme.example`'],
  ['another id of nobody with a name', account('a-1'), account('a-2'), '`a-2`, not `a-1`'],
  ['another name where no id is known', account(null, 'ann'), account('a-2', 'bob'), '`bob`, not `ann`'],
  ['nothing in common', account('a-1'), account(null, 'ann'), null],
  ['an account that is not known any more', account('a-1'), { account: null }, null],
])('S-45 a changed account is said: %s', (_, before, after, said) => {
  expect(accountChange(before, after)).toBe(said === null ? null : `this is another account than before: ${said}`)
})
