/** Stands where a server demands the reasoning behind a tool call and there is none to send (Kimi, DeepSeek: any text does). */
export const LOST_REASONING = 'The reasoning behind this call was not kept.'
