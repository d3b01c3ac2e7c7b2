/**
 * What servers say when a request is longer than the window of the model, as collected by pi-ai 1.5.2 (autumn 2026) and from
 * recorded answers. The name beside a text is who says it.
 */
const OVERFLOW: readonly RegExp[] = [
  /prompt is too long/i, // Anthropic
  /input is too long for requested model/i, // Bedrock
  /exceeds the context window/i, // OpenAI
  /input token count.*exceeds the maximum/is, // Google
  /maximum prompt length is \d+/i, // xAI
  /reduce the length of the messages/i, // Groq
  /maximum context length is \d+ tokens/i, // OpenRouter, DeepSeek
  /exceeds the limit of \d+/i, // Copilot
  /exceeds the available context size/i, // llama.cpp
  /greater than the context length/i, // LM Studio
  /context window exceeds limit/i, // MiniMax
  /exceeded model token limit/i, // Kimi
  /total message size/i, // Kimi: 2 MiB of body
  /too large for model with \d+ maximum context length/i, // Mistral
  /model_context_window_exceeded/i, // Z.AI
  /context[_ ]length[_ ]exceeded/i,
  /prompt too long; exceeded max context length/i, // Ollama's cloud
  /messages is too long/i, // Perplexity
  /too_many_prompt_tokens/i, // Perplexity
  /too many tokens/i,
  /token limit exceeded/i,
]

const OVERFLOW_STATUSES: readonly (number | undefined)[] = [400, 413, 422, undefined]

/** Whether an error says that the request is too long for the model. With any other status the same words mean another limit. */
export function saysOverflow(status: number | undefined, text: string): boolean {
  return OVERFLOW_STATUSES.includes(status) && OVERFLOW.some((pattern) => pattern.test(text))
}
