import type { ModelEntry, ProviderEntry } from './entry.ts'
import { PLAN, PLAN_KEY } from './qwen-coding-plan.ts'

const resold = {
  contextTokens: 1_000_000,
  outputTokens: 131_072,
  input: ['text'],
  tools: true,
  reasoning: true,
} as const satisfies Omit<ModelEntry, 'id'>

export const qwenTokenPlan: ProviderEntry = {
  ...PLAN,
  id: 'qwen-token-plan',
  name: 'Qwen Token Plan',
  termsNote: 'Alibaba says that non-interactive use of the Token Plan (cron, CI) may suspend the subscription.',
  protocols: ['openai-chat'],
  baseUrl: 'https://token-plan.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1',
  regions: {
    china: { baseUrl: 'https://token-plan.cn-beijing.maas.aliyuncs.com/compatible-mode/v1' },
    international: { baseUrl: 'https://token-plan.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1' },
  },
  trustedHosts: ['token-plan.ap-southeast-1.maas.aliyuncs.com', 'token-plan.cn-beijing.maas.aliyuncs.com'],
  auth: [
    {
      ...PLAN_KEY,
      env: ['QWEN_TOKEN_PLAN_API_KEY', 'BAILIAN_TOKEN_PLAN_API_KEY', 'ALIBABA_TOKEN_PLAN_API_KEY'],
      envChina: ['QWEN_TOKEN_PLAN_CN_API_KEY'],
    },
  ],
  models: [
    { id: 'qwen3.8-max', name: 'Qwen 3.8 Max', ...resold },
    { id: 'qwen3.8-flash', name: 'Qwen 3.8 Flash', ...resold },
    { id: 'glm-5.3', name: 'GLM-5.3', ...resold },
    { id: 'kimi-k2.7-code', name: 'Kimi K2.7 Code', ...resold, contextTokens: 262_144, outputTokens: 262_144, sampling: false },
  ],
  sources: {
    '*': 'qwen-code 0.24.4 (2026), pi-ai 1.5.2 (autumn 2026), openclaw 2026.9.6 (Sep 2026)',
    termsNote: 'Alibaba terms of the Token Plan (Aug to Nov 2026)',
    models: 'pi-ai 1.5.2 model catalogue (autumn 2026)',
  },
}
