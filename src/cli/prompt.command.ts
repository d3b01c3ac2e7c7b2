import { Command, Option } from 'clipanion'
import { ClawError } from '../core/errors.ts'
import { findModelUse } from '../app/catalogue/model-use.ts'
import { assertOutFile, writeOutFile } from '../app/prompt/out-file.ts'
import { parseMessages, parseTools, readUserText } from '../app/prompt/prompt-files.ts'
import { type PromptAsk, runPrompt } from '../app/prompt/run-prompt.ts'
import { type AnswerSink, answerSink } from './answer-sink.ts'
import { ClawCommand } from './claw-command.ts'
import { collectAnswer } from './collect-answer.ts'

const MOST_STDIN_BYTES = 32 * 1024 * 1024
const REASONING = ['low', 'medium', 'high'] as const

export class PromptCommand extends ClawCommand {
  static override paths = [['prompt']]

  static override usage = Command.Usage({
    category: 'Prompts',
    description: 'ask a model once',
    details: `
      The answer streams to stdout as it comes; --json gives one result, --json --stream NDJSON events. stdin is read only
      for \`-\`. A stream that ends early is exit 76, a credential that no longer serves exit 77, a limit of the provider exit 75.
    `,
    examples: [
      ['Ask the default model', '$0 prompt "say hello"'],
      ['From a script', 'cat question.txt | $0 prompt -m anthropic --json -'],
    ],
  })

  text = Option.String({ required: false, name: 'text' })
  model = Option.String('-m,--model', { description: 'a model reference: provider/model, provider, an id or an alias' })
  tier = Option.String('--tier', { description: 'the model of a tier' })
  system = Option.String('--system', { description: 'the system text, or @FILE' })
  maxTokens = Option.String('--max-tokens', { description: 'the most tokens of the answer' })
  temperature = Option.String('--temperature', { description: 'where the model takes one' })
  reasoning = Option.String('--reasoning', { description: 'low, medium or high' })
  tools = Option.String('--tools', { description: 'a file with tool definitions; calls come out as data' })
  messages = Option.String('--messages', { description: 'a file with a whole conversation' })
  stream = Option.Boolean('--stream', { description: 'with --json: NDJSON events; --no-stream: print once at the end' })
  out = Option.String('--out', { description: 'write the answer to this file, whole or not at all' })
  raw = Option.Boolean('--raw', false, { description: 'print the text as it is, even to a CI log' })
  fence = Option.Boolean('--fence', false, { description: 'in GitHub Actions: switch log commands off around the text' })
  failOn = Option.String('--fail-on', { description: 'exit 1 on length, refusal, content_filter or degraded (comma-separated)' })

  protected async run(): Promise<number> {
    const startedAt = this.shell.world.clock.now()
    const failOn = this.#failOn()
    if (this.out !== undefined) await assertOutFile(this.out)
    const ask = await this.#ask()
    const session = await this.openSession()
    const run = await runPrompt(session, await findModelUse(session, { reference: this.model, tier: this.tier }), {
      ...defaultsOf(session.config.prompt),
      ...ask,
    })
    const { route } = run.credential
    if (route.entry.termsNote && route.entry.termsNoteOn?.includes('ci') && this.shell.ci.vendor !== null)
      await this.note(route.entry.termsNote)
    await this.detail(`asking ${route.id}/${run.model} with ${run.credential.kind} from ${run.credential.source}`)
    await this.detailContradiction(run.credential)
    if (!this.json) for (const warning of run.warnings) await this.say(`warning: ${warning.message}`)
    const sink = this.#sink()
    try {
      const answer = await collectAnswer(run, sink, {
        clock: this.shell.world.clock,
        startedAt,
        isEvents: this.json && this.stream === true,
      })
      await sink.end(answer.text)
      if (this.json) await this.#result(answer.result)
      for (const warning of answer.warnings) if (!this.json) await this.say(`warning: ${warning.message}`)
      return failOn.some((word) => word === answer.finishReason || (word === 'degraded' && run.credential.degraded)) ? 1 : 0
    } catch (thrown) {
      await sink.abandon()
      throw thrown
    }
  }

  async #result(result: Readonly<Record<string, unknown>>): Promise<void> {
    if (this.out === undefined) return this.printExact(result)
    await writeOutFile(this.out, `${JSON.stringify(result)}\n`)
  }

  #sink(): AnswerSink {
    const { out, ci, world } = this.shell
    return answerSink({
      out,
      random: world.random,
      vendor: ci.vendor,
      mode: this.json
        ? this.stream === true
          ? 'events'
          : 'nothing'
        : this.out !== undefined || this.stream === false
          ? 'at-the-end'
          : 'stream',
      isRaw: this.raw,
      isFenced: this.fence,
      outFile: this.json ? undefined : this.out,
      print: (object) => this.printExact(object),
      say: (line) => this.say(line),
    })
  }

  async #ask(): Promise<PromptAsk> {
    // After `--` everything is text, even what begins with a hyphen.
    const text = this.text ?? (this.shell.rest.length > 0 ? this.shell.rest.join(' ') : undefined)
    if (text === undefined && this.messages === undefined)
      throw new ClawError('CLAW_USAGE', { what: 'there is nothing to ask', fix: 'claw prompt TEXT, or `-` to read stdin' })
    const prompt =
      text === '-'
        ? (await this.shell.input.readAll({ maxBytes: MOST_STDIN_BYTES, withinMs: undefined, signal: this.signal })).toString('utf8')
        : text
    if (text === '-' && prompt?.trim() === '') throw new ClawError('CLAW_DATA_INVALID', { what: 'stdin was empty' })
    const system = this.system?.startsWith('@') ? await readUserText(this.system.slice(1)) : this.system
    const conversation = this.messages === undefined ? [] : await parseMessages(await readUserText(this.messages), this.messages)
    return {
      messages: [
        ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
        ...conversation,
        ...(prompt === undefined ? [] : [{ role: 'user' as const, content: [{ type: 'text' as const, text: prompt }] }]),
      ],
      tools: this.tools === undefined ? [] : parseTools(await readUserText(this.tools), this.tools),
      ...(this.maxTokens === undefined ? {} : { maxTokens: numberOf(this.maxTokens, '--max-tokens', /^[1-9]\d{0,6}$/) }),
      ...(this.temperature === undefined ? {} : { temperature: numberOf(this.temperature, '--temperature', /^\d(?:\.\d{1,4})?$/) }),
      ...(this.reasoning === undefined ? {} : { reasoning: this.#reasoning(this.reasoning) }),
    }
  }

  #reasoning(text: string): 'low' | 'medium' | 'high' {
    const known = REASONING.find((each) => each === text)
    if (!known) throw new ClawError('CLAW_USAGE', { what: '`--reasoning` takes low, medium or high' })
    return known
  }

  #failOn(): string[] {
    const words = this.failOn?.split(',').map((word) => word.trim()) ?? []
    const unknown = words.find((word) => !['length', 'refusal', 'content_filter', 'degraded'].includes(word))
    if (unknown !== undefined) throw new ClawError('CLAW_USAGE', { what: '`--fail-on` takes length, refusal, content_filter, degraded' })
    return words
  }
}

function numberOf(text: string, flag: string, shape: RegExp): number {
  if (!shape.test(text)) throw new ClawError('CLAW_USAGE', { what: `the value of \`${flag}\` is not a number that it can take` })
  return Number(text)
}

function defaultsOf({
  maxTokens,
  temperature,
  reasoning,
}: {
  readonly maxTokens?: number
  readonly temperature?: number
  readonly reasoning?: 'low' | 'medium' | 'high'
}): Partial<PromptAsk> {
  return {
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(reasoning === undefined ? {} : { reasoning }),
  }
}
