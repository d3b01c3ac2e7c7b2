import type { Served } from '../../platform/http-server.ts'
import type { ServedRequest } from '../../platform/served-request.ts'
import type { SandboxWorld } from '../dialect.ts'

/** A frame that carries a piece of the answer: scenarios cut the stream, or fall silent, after the first of them. */
const OUTPUT = /"(?:text_delta|input_json_delta|tool_calls)"|"delta":\{"content":"/
const SILENT_MS = 3_600_000
const SLOW_MS = 100

/** Server-sent events one at a time, with a cut, a silence or pauses where the scenario wants them. */
export function eventStream(frames: Iterable<string>, request: ServedRequest, world: SandboxWorld): Served {
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' },
    body: paced(frames, request, world),
    isCut: world.scenario.prompt === 'cut',
  }
}

async function* paced(frames: Iterable<string>, { signal }: ServedRequest, { scenario, clock }: SandboxWorld): AsyncGenerator<string> {
  const isFaulty = scenario.prompt === 'cut' || scenario.prompt === 'silent'
  let hasOutput = false
  for (const frame of frames) {
    if (hasOutput && scenario.prompt === 'cut') return
    if (hasOutput && scenario.prompt === 'silent') await clock.sleepUntil(clock.now() + SILENT_MS, signal)
    if (scenario.prompt === 'slow') await clock.sleepUntil(clock.now() + SLOW_MS, signal)
    yield frame
    if (isFaulty) hasOutput ||= OUTPUT.test(frame)
  }
}
