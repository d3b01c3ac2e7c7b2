import { ClawError } from '../../core/errors.ts'
import { type Answer, brokenAnswer, jsonFields, shapeOf } from '../answer.ts'

/** Statuses with a meaning of their own, whatever came with them: an overloaded server is no challenge. */
const TOLD_BY_STATUS: readonly number[] = [408, 429]

/** Whether an answer is a page for people (HTML), which no endpoint of OAuth gives: a challenge, a captive portal, a proxy. */
export function isPage(answer: Answer): boolean {
  if (answer.status >= 500 || TOLD_BY_STATUS.includes(answer.status)) return false
  const isHtml = /^(?:text\/html|application\/xhtml\+xml)\b/i.test(answer.headers['content-type'] ?? '')
  return jsonFields(answer.text) === undefined && (isHtml || /^\s*<(?:!doctype|html|head|body)\b/i.test(answer.text))
}

/** Such a page as an error. With a status of success it stands in the place of what may have been done (`data.sent`). */
export function pageError(answer: Answer, who: string): ClawError {
  const what = `${who} answered with a page`
  const fix = 'check whether a proxy or firewall answers in its place'
  if (answer.status >= 200 && answer.status < 300) return brokenAnswer(what, shapeOf(answer)).reworded({ fix })
  return new ClawError('CLAW_PROTOCOL', { what, why: shapeOf(answer), fix, data: { status: answer.status } })
}
