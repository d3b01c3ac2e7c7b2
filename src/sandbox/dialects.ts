import { messagesDialect } from './anthropic-messages.ts'
import { devicePage } from './device-page.ts'
import { type Dialect, json } from './dialect.ts'
import { kimiAccount, kimiMessages, kimiSignIn } from './kimi.ts'
import { chatDialect } from './openai-chat.ts'
import { rfc8628 } from './rfc8628.ts'

const KEY = 'sk-sandbox'
const ANTHROPIC_KEYS = ['sk-ant-sandbox', 'sk-ant-api03-sandbox']

const BALANCE = { code: 0, data: { available_balance: 10, voucher_balance: 0, cash_balance: 10 }, scode: '0x0', status: true }
const ROUTER_KEY = { data: { label: 'sandbox', limit: null, limit_remaining: null, is_management_key: false } }

const ollamaVersion: Dialect = {
  name: 'ollama',
  answer: ({ method, path }) => (method === 'GET' && path === '/ollama/api/version' ? json(200, { version: '0.0.0-sandbox' }) : undefined),
}

/** Each has its own part of the address space; the first that knows a request answers it. */
export const DIALECTS: readonly Dialect[] = [
  devicePage,
  rfc8628,
  kimiSignIn,
  kimiMessages,
  kimiAccount,
  messagesDialect({
    name: 'anthropic-messages',
    base: '/anthropic',
    keyPrefixes: ANTHROPIC_KEYS,
    bearers: ['sk-ant-sandbox', 'sk-ant-oat01-sandbox'],
    takesTokensAsKeys: false,
    needsVersion: true,
    models: ['claude-sonnet-5-5'],
    answersAs: null,
    isSpaced: true,
    thinks: false,
  }),
  chatDialect({
    name: 'moonshot',
    base: '/moonshot/v1',
    keyPrefixes: [KEY],
    models: ['kimi-k3'],
    documents: { '/users/me/balance': BALANCE },
  }),
  chatDialect({
    name: 'openrouter',
    base: '/openrouter/api/v1',
    keyPrefixes: ['sk-or-v1-sandbox', KEY],
    models: ['moonshotai/kimi-k3'],
    documents: { '/key': ROUTER_KEY },
    comment: 'OPENROUTER PROCESSING',
  }),
  chatDialect({ name: 'ollama', base: '/ollama/v1', keyPrefixes: null, models: ['llama3'] }),
  ollamaVersion,
  chatDialect({ name: 'openai-chat', base: '/v1', keyPrefixes: [KEY, 'sk-proj-sandbox'], models: ['gpt-5.4-mini', 'm'] }),
]
