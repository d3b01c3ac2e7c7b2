import type { ProviderEntry } from './entry.ts'

/** Not built, on purpose: the entry is what asking for it is answered with. */
export const geminiCli: ProviderEntry = {
  id: 'gemini-cli',
  name: 'Gemini CLI login',
  terms: 'forbidden',
  termsNote: 'Google: third-party use of this login is a violation; consumer sign-in ended 2026-06-18',
  withdrawn: {
    since: '2026-06-18',
    why: 'Google calls the use of this login by other software a violation of its terms; consumer sign-in ended on 2026-06-18',
    fix: 'use a key: claw auth --api-key google --stdin',
    source: 'gemini-cli 0.61.0, resources/tos-privacy.md, and openclaw 2026.9.6, page on Google (2026)',
  },
  protocols: [],
  ownProtocol: 'gemini',
  baseUrl: 'https://cloudcode-pa.googleapis.com/v1internal',
  trustedHosts: [],
  auth: [],
  models: [],
  sources: { '*': 'gemini-cli 0.61.0 (2026), openclaw 2026.9.6 (Sep 2026)' },
}
