import { afterEach, describe, expect, it } from 'vitest'
import { findCredential } from '../../../src/app/credential/find-credential.ts'
import { credentialNotices, usableCredential } from '../../../src/app/credential/usable-credential.ts'
import { signInWithIdentity } from '../../../src/app/identity/sign-in-identity.ts'
import { ClawError } from '../../../src/core/errors.ts'
import type { RecordWrite } from '../../../src/credentials/store.ts'
import { credentialWorld, type TestWorld } from '../../support/credential-world.ts'
import { failureOf } from '../../support/failure.ts'
import { type Answerer, type LoopbackServer, loopbackServer } from '../../support/loopback-server.ts'
import { onlineSession } from '../../support/online-session.ts'
import { subjectOf } from '../../support/subject.ts'

let here: TestWorld
let server: LoopbackServer
afterEach(async () => {
  await server.close()
  await here.remove()
})

const GRANTED = JSON.stringify({ access_token: 'acme-token-1', token_type: 'Bearer', expires_in: 600 })
const JSON_TYPE = { 'content-type': 'application/json' }

interface Changes {
  readonly toml?: string
  /** In place of what the store does. */
  readonly write?: (change: RecordWrite, real: TestWorld['store']) => unknown
  readonly read?: (real: TestWorld['store']) => unknown
}

/** A job with a token in a variable, and a server of its own to exchange it at. */
async function arranged(answer: Answerer, { toml: more = '', write, read }: Changes = {}) {
  server = await loopbackServer(answer)
  const toml = `
    ${more}
    [providers.acme]
    protocol = "openai-chat"
    base_url = "${server.origin}/v1"
    models = ["m"]
    [providers.acme.auth.ci]
    method = "identity"
    token_endpoint = "${server.origin}/token"
    subject_token = "env:JOB_TOKEN"`
  const exp = Math.floor(Date.now() / 1_000) + 9e8
  const jwt = subjectOf({ alg: 'RS256', kid: 'key-1' }, { sub: 'job-1', exp }, 'c2lnbmF0dXJl'.repeat(8))
  here = await credentialWorld(toml, { JOB_TOKEN: jwt })
  const session = onlineSession(here)
  const store = new Proxy(here.store, {
    get(target, name) {
      if (name === 'read' && read) return () => read(target)
      if (name === 'write' && write) return (change: RecordWrite) => write(change, target)
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const own = { ...session, ports: { ...session.ports, store } }
  return {
    jwt,
    session: own,
    async usable() {
      return usableCredential(own, await findCredential(own, { named: own.catalogue.find('acme'), model: null }))
    },
  }
}

describe('a token that was exchanged on another machine', () => {
  it('is not used from a copied store that is bound to its machine', async () => {
    let isCopied = false
    const { usable } = await arranged(() => ({ headers: JSON_TYPE, body: GRANTED }), {
      toml: '[store]\nbound_to_machine = true',
      read: async (real) => ({ ...(await real.read()), copied: isCopied }),
    })
    expect((await usable()).outcome).toBe('refreshed')
    expect((await usable()).outcome).toBe('fresh')
    isCopied = true
    expect(await failureOf(usable)).toMatchObject({ code: 'CLAW_STORE_COPIED', fix: 'claw auth --identity acme' })
    expect(server.requests.length).toBe(1)
  })
})

describe('an exchange that goes wrong', () => {
  it('S-54 takes no token of the job for one of the vendor, where the server hands it back', async () => {
    const { jwt, usable } = await arranged(({ body }) => {
      const token = new URLSearchParams(body).get('subject_token')
      return { headers: JSON_TYPE, body: JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: 600 }) }
    })
    expect(await failureOf(usable)).toEqual({
      code: 'CLAW_PROTOCOL',
      what: `\`${server.origin}\` handed the identity token back in place of one of its own`,
      fix: 'mint a new identity token (`env:JOB_TOKEN` gives the same one until it is replaced), then run the command again',
      data: { sent: true },
    })
    expect(JSON.stringify(await here.store.read())).not.toContain(jwt)
    expect((await here.store.read()).records.map(({ secrets, state }) => [secrets, state])).toEqual([[null, 'logged_out']])
  })

  const full = new ClawError('CLAW_STORE_UNWRITABLE', { what: 'the credential store cannot be written', why: 'ENOSPC' })

  it('the token that came serves its command where the disk is full by then: the job has no other to exchange', async () => {
    const { usable } = await arranged(() => ({ headers: JSON_TYPE, body: GRANTED }), {
      write: (change, real) => (change.type === 'exchanged' ? Promise.reject(full) : real.write(change)),
    })
    const got = await usable()
    expect([got.credential.secret?.reveal(), got.credential.expiresAt, got.outcome]).toEqual([
      'acme-token-1',
      here.clock.wall() + 600_000,
      'refreshed',
    ])
    expect(credentialNotices(got)).toEqual([
      {
        code: 'not_kept',
        message: 'what the identity was exchanged for serves this command alone: the credential store cannot be written',
      },
    ])
    expect((await here.store.read()).records.map(({ secrets }) => secrets)).toEqual([null])
    expect(server.requests.length).toBe(1)
  })

  it('a sign-in says that nothing was kept', async () => {
    const { session } = await arranged(() => ({ headers: JSON_TYPE, body: GRANTED }), {
      write: (change, real) => (change.type === 'exchanged' ? Promise.reject(full) : real.write(change)),
    })
    const signedIn = await signInWithIdentity(session, { name: 'acme', force: false, onPresentation: () => {} })
    expect([signedIn.unkept, signedIn.record.secrets?.access.reveal()]).toEqual([full, 'acme-token-1'])
  })
})
