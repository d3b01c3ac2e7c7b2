import type { CheckResult } from '../app/doctor/check.ts'
import type { DoctorReport, ResolutionRow } from '../app/doctor/report.ts'
import type { Paint } from './paint.ts'
import { wrap } from './wrap.ts'

const MARKS = { pass: 'ok', warn: 'warn', fail: 'FAIL', skip: 'skip' } as const
const COLOURS = { pass: 'green', warn: 'yellow', fail: 'red', skip: 'dim' } as const
const INDENT = '        '
/** So many more that were skipped for one reason are told one by one. */
const FEW = 2

/** The report for people: readable without colour, and within `width` columns where the words allow it. */
export function renderDoctor(report: DoctorReport, width: number, paint: Paint, verbose: boolean): string {
  const lines = [`claw doctor ${report.version}`, '']
  for (const group of grouped(report.checks)) {
    const [first, ...more] = group
    if (more.length < FEW || verbose) for (const check of group) lines.push(...renderCheck(check, width, paint, verbose))
    else if (first) lines.push(...renderSkipped(first.detail, group, width, paint))
  }
  const shown = verbose ? report.resolution : report.resolution.filter(({ candidates }) => candidates.length > 0)
  if (shown.length > 0) lines.push('', 'credentials', ...shown.flatMap((row) => renderResolution(row, width, paint)))
  const { pass, warn, fail, skip } = report.summary
  lines.push('', `${pass} passed, ${warn} warned, ${fail} failed, ${skip} skipped`)
  return `${lines.join('\n')}\n`
}

/** Checks one after another that were skipped for one and the same reason; every other one by itself. */
function grouped(checks: readonly CheckResult[]): CheckResult[][] {
  const groups: CheckResult[][] = []
  for (const check of checks) {
    const last = groups.at(-1)
    const isSame =
      check.status === 'skip' &&
      !check.fix &&
      last?.every(({ status, detail, fix }) => status === 'skip' && detail === check.detail && !fix)
    if (last && isSame) last.push(check)
    else groups.push([check])
  }
  return groups
}

function renderSkipped(detail: string, checks: readonly CheckResult[], width: number, paint: Paint): string[] {
  const told = (text: string) => wrap(text, width - INDENT.length)
  return [
    ...told(`${checks.length} checks: ${detail}`).map((line, n) =>
      n === 0 ? `  ${paint(COLOURS.skip, MARKS.skip)}  ${line}` : `${INDENT}${line}`,
    ),
    ...told(checks.map(({ id }) => id).join(', ')).map((line) => paint('dim', `${INDENT}${line}`)),
  ]
}

function renderCheck(check: CheckResult, width: number, paint: Paint, verbose: boolean): string[] {
  const mark = paint(COLOURS[check.status], MARKS[check.status].padEnd(4))
  const head = `  ${mark}  ${check.title}`
  const isOk = check.status === 'pass'
  const fits = INDENT.length + check.title.length + 2 + check.id.length <= width
  const id = paint('dim', check.id)
  const lines = isOk ? [head] : fits ? [`${head}  ${id}`] : [head, `${INDENT}${id}`]
  if (isOk && verbose) lines.push(...wrap(check.detail, width - INDENT.length).map((line) => paint('dim', `${INDENT}${line}`)))
  if (!isOk) {
    lines.push(...wrap(check.detail, width - INDENT.length).map((line) => `${INDENT}${line}`))
    if (check.fix?.command) lines.push(`${INDENT}fix: ${paint('bold', check.fix.command)}`)
    else if (check.fix?.config) lines.push(...renderLine('fix: set ', check.fix.config, width, paint))
    else if (check.fix?.words) lines.push(...renderLine('fix: ', check.fix.words, width, paint))
    if (check.fix?.env)
      lines.push(
        `${INDENT}${check.fix.command || check.fix.config || check.fix.words ? 'or: ' : 'fix: '}set ${paint('bold', check.fix.env)}`,
      )
  }
  return lines
}

/** What is written or done somewhere by hand may be told on more than one line. */
function renderLine(lead: string, text: string, width: number, paint: Paint): string[] {
  const [first = '', ...rest] = wrap(`${lead}${text}`, width - INDENT.length)
  return [`${INDENT}${lead}${paint('bold', first.slice(lead.length))}`, ...rest.map((line) => `${INDENT}${paint('bold', line)}`)]
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
      const lines =
        line.length <= width ? [line] : [`    ${facts.slice(0, 3).join('  ')}`, `${INDENT}${facts.slice(3).filter(Boolean).join('  ')}`]
      if (candidate.state === 'wins' || candidate.state === 'refreshable') return lines
      const why = candidate.state === 'refused' ? wrap(candidate.reason ?? '', width - INDENT.length) : []
      return [...lines, ...why.filter(Boolean).map((text) => `${INDENT}${text}`)].map((text) => paint('dim', text))
    }),
  ]
}
