// Prints the last line of a run, `N passed, N failed`, from vitest's JSON report. A file that
// did not load counts as a failure, and so does a test that was left out: here nothing may be.
import { readFileSync } from 'node:fs'

let report
try {
  report = JSON.parse(readFileSync(process.argv[2], 'utf8'))
} catch {
  console.log('0 passed, 1 failed')
  process.exit(1)
}
const unloaded = report.testResults.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0).length
const failed = report.numFailedTests + report.numPendingTests + report.numTodoTests + unloaded
console.log(`${report.numPassedTests} passed, ${failed} failed`)
process.exit(failed === 0 && report.numPassedTests > 0 ? 0 : 1)
