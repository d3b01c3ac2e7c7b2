// Prints the last line of a run, `N passed, N failed`, from vitest's JSON report. A file that did not load counts as a failure.
import { readFileSync } from 'node:fs'

let report
try {
  report = JSON.parse(readFileSync(process.argv[2], 'utf8'))
} catch {
  console.log('0 passed, 1 failed')
  process.exit(1)
}
const { testResults, numFailedTests, numPassedTests } = report
const failed =
  numFailedTests + testResults.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0).length
// What this kernel or user may not do (mount, trace, IPv6) is left out, and never in silence.
for (const { assertionResults } of testResults)
  for (const { status, fullName } of assertionResults)
    if (status !== 'passed' && status !== 'failed') console.error(`left out here: ${fullName}`)
console.log(`${numPassedTests} passed, ${failed} failed`)
process.exit(failed === 0 && numPassedTests > 0 ? 0 : 1)
