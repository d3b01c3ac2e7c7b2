import type { Method, Protocol } from '../../core/vocabulary.ts'

/** The protocols that prompts are spoken in here, of those that the catalogue knows. */
export const SPOKEN_PROTOCOLS: readonly Protocol[] = ['anthropic-messages', 'openai-chat']

/** The sign-in methods that have a command here, of those that the catalogue knows. */
export const BUILT_METHODS: readonly Method[] = ['api_key', 'token', 'pkce', 'device', 'identity', 'none']
