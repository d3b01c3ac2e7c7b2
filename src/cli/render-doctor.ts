import type { CheckResult } from '../app/doctor/check.ts'
import type { DoctorReport, ResolutionRow } from '../app/doctor/report.ts'
import type { Paint } from './paint.ts'
import { wrap } from './wrap.ts'

const MARKS = { pass: 'ok', warn: 'warn', fail: 'FAIL', skip: 'skip' } as const
const COLOURS = { pass: 'green', warn: 'yellow', fail: 'red', skip: 'dim' } as const
const INDENT = '        '

/** The report for people: readable without colour, and within `width` columns where the words allow it. */
export function renderDoctor(report: DoctorReport, width: number, paint: Paint, verbose: boolean): string {
  const lines = [`claw doctor ${report.version}`, '']
  for (const check of report.checks) lines.push(...renderCheck(check, width, paint))
  const shown = verbose ? report.resolution : report.resolution.filter(({ candidates }) => candidates.length > 0)
  if (shown.length > 0) lines.push('', 'credentials', ...shown.flatMap((row) => renderResolution(row, width, paint)))
  const { pass, warn, fail, skip } = report.summary
  lines.push('', `${pass} passed, ${warn} warned, ${fail} failed, ${skip} skipped`)
  return `${lines.join('\n')}\n`
}

function renderCheck(check: CheckResult, width: number, paint: Paint): string[] {
  const mark = paint(COLOURS[check.status], MARKS[check.status].padEnd(4))
  const lines = [`  ${mark}  ${check.title}${check.status === 'pass' ? '' : paint('dim', `  ${check.id}`)}`]
  if (check.status !== 'pass') {
    lines.push(...wrap(check.detail, width - INDENT.length).map((line) => `${INDENT}${line}`))
    if (check.fix?.command) lines.push(`${INDENT}fix: ${paint('bold', check.fix.command)}`)
    else if (check.fix?.config) lines.push(`${INDENT}fix: set ${paint('bold', check.fix.config)}`)
    if (check.fix?.env)
      lines.push(`${INDENT}${check.fix.command || check.fix.config ? 'or: ' : 'fix: '}set ${paint('bold', check.fix.env)}`)
  }
  return lines
}

function renderResolution(row: ResolutionRow, width: number, paint: Paint): string[] {
  const use = row.tier ? `tier ${row.tier}` : row.provider
  const head = `  ${use}: ${row.route}${row.model ? `/${row.model}` : ''}${row.profile === 'default' ? '' : ` as ${row.profile}`}`
  return [
    head,
    ...row.candidates.flatMap((candidate) => {
      const facts = [
        candidate.state.padEnd(11),
        candidate.kind.padEnd(8),
        candidate.source,
        candidate.masked ?? '',
        candidate.expiresAt ? `until ${candidate.expiresAt}` : '',
      ]
      const line = `    ${facts.filter(Boolean).join('  ')}`
      if (candidate.state === 'wins' || candidate.state === 'refreshable') return [line]
      const why = candidate.state === 'refused' ? wrap(candidate.reason ?? '', width - INDENT.length) : []
      return [line, ...why.filter(Boolean).map((text) => `${INDENT}${text}`)].map((text) => paint('dim', text))
    }),
  ]
}
