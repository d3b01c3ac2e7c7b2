import { anthropicSignIn } from './sign-in/anthropic-sign-in.ts'
import { chatGptSignIn } from './sign-in/chatgpt-sign-in.ts'
import { codexAccount } from './sign-in/codex-account.ts'
import { copilot } from './sign-in/copilot.ts'
import { devicePage } from './sign-in/device-page.ts'
import { anthropicExchange } from './identity/anthropic-exchange.ts'
import type { Dialect } from './dialect.ts'
import { github } from './sign-in/github.ts'
import { azureExchange } from './identity/azure-exchange.ts'
import { googleAccount } from './identity/google-account.ts'
import { googleExchange } from './identity/google-exchange.ts'
import { openRouterExchange } from './identity/openrouter-exchange.ts'
import { ownServerExchange } from './identity/own-server-exchange.ts'
import { codexExchange } from './identity/codex-exchange.ts'
import { jobTokens } from './identity/job-tokens.ts'
import { kimi } from './kimi.ts'
import type { Mirror } from './mirror.ts'
import { minimax } from './sign-in/minimax.ts'
import { mirroredDialects } from './mirrored-dialects.ts'
import { openAiExchange } from './identity/openai-exchange.ts'
import { openAiSignIn } from './sign-in/openai-sign-in.ts'
import { openRouterSignIn } from './sign-in/openrouter-sign-in.ts'
import { rfc6749, rfc8628 } from './sign-in/rfc8628.ts'
import { xai } from './sign-in/xai.ts'

/** A vendor of one's own in the style of OpenAI. */
const acme = mirroredDialects({
  route: 'openai-chat',
  base: '/v1',
  protocols: ['openai-chat'],
  models: ['gpt-5.4-mini', 'm'],
  isOpen: false,
  credentials: [{ header: 'authorization', scheme: 'Bearer', prefixes: ['sk-', 'sk-proj-'], isToken: true, realm: 'acme' }],
  reads: [{ path: '/v1/models', answers: 'models', isPublic: false }],
})

/** Each has its own part of the address space; the first that knows a request answers it. */
export function dialectsOf({ bases }: Mirror): readonly Dialect[] {
  return [
    devicePage,
    ownServerExchange,
    rfc8628,
    rfc6749,
    jobTokens,
    anthropicExchange,
    ...kimi,
    openAiExchange,
    codexExchange,
    openAiSignIn,
    codexAccount,
    ...chatGptSignIn,
    ...anthropicSignIn,
    openRouterExchange,
    ...openRouterSignIn,
    googleExchange,
    googleAccount,
    azureExchange,
    github,
    copilot,
    ...xai,
    ...minimax,
    ...bases.flatMap(mirroredDialects),
    ...acme,
  ]
}
