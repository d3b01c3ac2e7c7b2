import { dashscope, QWEN_DIALECT, QWEN_ERRORS } from './dashscope.ts'
import type { AuthEntry, ProviderEntry } from './entry.ts'

export const PLAN_KEY = {
  id: 'api-key',
  kind: 'api_key',
  headless: true,
  enabled: true,
  status: 'verified',
  header: 'authorization',
  scheme: 'Bearer',
  prefixes: ['sk-sp-'],
  rejectPrefixes: ['sk-ant-', 'sk-or-v1-', 'sk-proj-', 'sk-kimi-'],
} as const satisfies Partial<AuthEntry>

/** What both plans have in common. */
export const PLAN = {
  terms: 'restricted',
  termsNoteOn: ['auth', 'batch', 'ci'],
  defaultRegion: 'international',
  dialect: QWEN_DIALECT,
  errorRules: QWEN_ERRORS,
} as const satisfies Partial<ProviderEntry>

export const qwenCodingPlan: ProviderEntry = {
  ...PLAN,
  id: 'qwen-coding-plan',
  name: 'Alibaba Coding Plan',
  termsNote: 'the Coding Plan is for interactive use in listed tools only; scripts and application back ends may cost the plan.',
  protocols: ['openai-chat', 'anthropic-messages'],
  baseUrl: 'https://coding-intl.dashscope.aliyuncs.com/v1',
  baseUrls: {
    'openai-chat': 'https://coding-intl.dashscope.aliyuncs.com/v1',
    'anthropic-messages': 'https://coding-intl.dashscope.aliyuncs.com/apps/anthropic',
  },
  regions: {
    china: { baseUrl: 'https://coding.dashscope.aliyuncs.com/v1' },
    international: {
      baseUrl: 'https://coding-intl.dashscope.aliyuncs.com/v1',
      baseUrls: {
        'openai-chat': 'https://coding-intl.dashscope.aliyuncs.com/v1',
        'anthropic-messages': 'https://coding-intl.dashscope.aliyuncs.com/apps/anthropic',
      },
    },
  },
  trustedHosts: ['coding.dashscope.aliyuncs.com', 'coding-intl.dashscope.aliyuncs.com'],
  headers: { 'anthropic-version': '2023-06-01' },
  auth: [{ ...PLAN_KEY, env: ['BAILIAN_CODING_PLAN_API_KEY', 'ALIBABA_CODING_PLAN_API_KEY'] }],
  models: dashscope.models,
  sources: {
    '*': 'qwen-code 0.24.4 (2026), openclaw 2026.9.6 (Sep 2026)',
    termsNote: 'Alibaba terms of the Coding Plan (Aug to Nov 2026)',
    models: 'as at DashScope (autumn 2026): the plan lists no models of its own',
  },
}
