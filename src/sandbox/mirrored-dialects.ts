import { messagesDialect } from './prompt/anthropic-messages.ts'
import { type Dialect, json } from './dialect.ts'
import { chatGate, type Gate, messagesGate } from './gate.ts'
import type { MirroredBase } from './mirror.ts'
import { chatDialect } from './prompt/openai-chat.ts'
import { documentAt, habitsOf, refusalOf } from './vendors.ts'

/** Everything that is known to be answered at one base URL of the catalogue: prompts, the models, the proof of a credential. */
export function mirroredDialects(mirrored: MirroredBase): Dialect[] {
  const { route: name, base, protocols, isOpen, credentials } = mirrored
  const { needsVersion = false, listing, ...habits } = habitsOf(base)
  const refusal = refusalOf(base)
  const inChat = chatGate({ isOpen, credentials, refusal })
  const inMessages = messagesGate({ isOpen, credentials, refusal, needsVersion })
  const isMessages = protocols[0] === 'anthropic-messages'
  return [
    ...(protocols.includes('anthropic-messages') ? [messagesDialect({ name, base, gate: inMessages, ...habits })] : []),
    ...(protocols.includes('openai-chat') ? [chatDialect({ name, base, gate: inChat, ...habits })] : []),
    readingDialect(mirrored, isMessages ? inMessages : inChat, listing),
  ]
}

/** What a server lists of which the catalogue names no model. */
const NO_MODEL_OF_ITS_OWN = ['llama3']

type Listing = NonNullable<ReturnType<typeof habitsOf>['listing']>

/** What can be read with GET. */
function readingDialect({ route: name, protocols, models, reads }: MirroredBase, gate: Gate, listing?: Listing): Dialect {
  const listed = models.length > 0 ? models : NO_MODEL_OF_ITS_OWN
  const list = protocols[0] === 'anthropic-messages' && !listing ? listOfMessages(listed) : listOfModels(listed, listing)
  return {
    name,
    answer(request, world) {
      const read = request.method === 'GET' ? reads.find(({ path }) => path === request.path) : undefined
      if (!read) return undefined
      return (read.isPublic ? undefined : gate(request, world)) ?? json(200, read.answers === 'models' ? list : documentAt(read.path))
    },
  }
}

function listOfMessages(models: readonly string[]): unknown {
  const data = models.map((id) => ({ type: 'model', id, display_name: id, created_at: '2026-01-01T00:00:00Z' }))
  return { data, has_more: false, first_id: models[0] ?? null, last_id: models.at(-1) ?? null }
}

function listOfModels(models: readonly string[], listing: Listing = {}): unknown {
  return { object: 'list', data: models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'sandbox', ...listing })) }
}
