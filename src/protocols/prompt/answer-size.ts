import { ClawError } from '../../core/errors.ts'
import { ANSWER_CHARS, type AnswerContext } from './answer-context.ts'

/** Counts what an answer makes this process keep. */
export class AnswerSize {
  readonly #context: AnswerContext
  #chars = 0

  constructor(context: AnswerContext) {
    this.#context = context
  }

  /** @throws {ClawError} `CLAW_PROTOCOL` beyond the limit: the answer does not end. */
  add(chars: number): void {
    this.#chars += chars
    const most = this.#context.limits?.answerChars ?? ANSWER_CHARS
    if (this.#chars <= most) return
    throw new ClawError('CLAW_PROTOCOL', {
      what: `the answer of \`${this.#context.route}\` is longer than ${most} characters`,
      data: {
        limit: {
          limit: 'answer.characters',
          characters: most,
          source: this.#context.limits?.answerChars === undefined ? 'built-in' : 'config',
        },
      },
    })
  }
}
