import type { ChatRules } from './prompt/openai-chat.ts'
import type { MessagesRules } from './prompt/anthropic-messages.ts'
import type { Refusal } from './gate.ts'

/** How single vendors differ from the vendor whose protocol they speak, by base. */
interface Habits extends Pick<MessagesRules, 'answersAs' | 'isUnspaced' | 'thinks'>, Pick<ChatRules, 'comment'> {
  readonly needsVersion?: boolean
  /** What its list says of every model beside the id. */
  readonly listing?: Readonly<Record<string, unknown>>
}

const KIMI_CODE: Habits = { answersAs: 'kimi-for-coding', isUnspaced: true, thinks: true }

const COPILOT_LISTING = {
  model_picker_enabled: true,
  policy: { state: 'enabled' },
  capabilities: { supports: { tool_calls: true }, limits: { max_context_window_tokens: 128_000 } },
}

const HABITS: Readonly<Record<string, Habits>> = {
  '/api.anthropic.com': { needsVersion: true },
  '/api.kimi.com/coding': KIMI_CODE,
  '/api.kimi.ai/coding': KIMI_CODE,
  '/api.individual.githubcopilot.com': { listing: COPILOT_LISTING },
  '/openrouter.ai/api/v1': { comment: 'OPENROUTER PROCESSING' },
}

export function habitsOf(base: string): Habits {
  return Object.hasOwn(HABITS, base) ? (HABITS[base] ?? {}) : {}
}

const BALANCE = { code: 0, data: { available_balance: 10, voucher_balance: 0, cash_balance: 10 }, scode: '0x0', status: true }

const DOCUMENTS: Readonly<Record<string, unknown>> = {
  '/api.moonshot.ai/v1/users/me/balance': BALANCE,
  '/api.moonshot.cn/v1/users/me/balance': BALANCE,
  '/openrouter.ai/api/v1/key': { data: { label: 'sandbox', limit: null, limit_remaining: null, is_management_key: false } },
  '/127.0.0.1:11434/api/version': { version: '0.0.0-sandbox' },
}

/** What is read at an address that proves a credential and is no list of models. */
export function documentAt(path: string): unknown {
  return Object.hasOwn(DOCUMENTS, path) ? DOCUMENTS[path] : { object: 'sandbox' }
}

const moonshot: Refusal = { status: 401, body: { error: { message: 'Incorrect API key provided', type: 'incorrect_api_key_error' } } }
const zai: Refusal = { status: 401, body: { error: { code: '1000', message: 'Authentication Failed' } } }
const minimax: Refusal = { status: 401, body: { base_resp: { status_code: 2049, status_msg: 'invalid api key' } } }
const dashscope: Refusal = {
  status: 401,
  body: {
    error: { message: 'Incorrect API key provided.', type: 'invalid_request_error', code: 'invalid_api_key' },
    request_id: 'sandbox',
  },
}

/** What vendors say to a wrong key, by the beginning of a base; the longest that fits. Read as the error rules of the catalogue are. */
const REFUSALS: readonly (readonly [base: string, refusal: Refusal])[] = [
  ['/api.moonshot.ai/v1', moonshot],
  ['/api.moonshot.cn/v1', moonshot],
  ['/api.x.ai/', { status: 400, body: { code: 'invalid-argument', error: 'Incorrect API key provided: sa***. You can obtain one.' } }],
  ['/openrouter.ai/', { status: 401, body: { error: { code: 401, message: 'User not found.' } } }],
  ['/api.deepseek.com', { status: 401, body: { error: { message: 'Authentication Fails', type: 'authentication_error', code: null } } }],
  ['/api.mistral.ai/', { status: 401, body: { detail: 'Unauthorized' } }],
  ['/chatgpt.com/', { status: 401, body: { detail: 'Unauthorized' } }],
  ['/api.z.ai/', zai],
  ['/open.bigmodel.cn/', zai],
  ['/api.minimax.io/v1', minimax],
  ['/api.minimaxi.com/v1', minimax],
  ['/dashscope', dashscope],
  [
    '/generativelanguage.googleapis.com/',
    { status: 400, body: [{ error: { code: 400, message: 'API key not valid. Pass a valid API key.', status: 'INVALID_ARGUMENT' } }] },
  ],
]

export function refusalOf(base: string): Refusal | undefined {
  return REFUSALS.find(([start]) => `${base}/`.startsWith(start))?.[1]
}
