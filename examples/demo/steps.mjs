// The main job, step by step, in the environment that `claw sandbox --` gives: each command as a line, then what it answered.
import { spawn } from 'node:child_process'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'

const claw = fileURLToPath(new URL('../../dist/main.cjs', import.meta.url))

/** Runs claw, shows the line and the answer, and looks at each line while it comes. */
function show(line, expected, onLine = () => {}) {
  console.log(`$ claw ${line.map((word) => (/^[\w./:=-]+$/.test(word) ? word : `'${word}'`)).join(' ')}`)
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [claw, ...line], { stdio: ['ignore', 'pipe', 'pipe'] })
    const pass = (stream, sink) => {
      stream.setEncoding('utf8')
      stream.on('data', (text) => {
        sink.write(text)
        for (const one of text.split('\n')) onLine(one)
      })
    }
    pass(child.stdout, process.stdout)
    pass(child.stderr, process.stdout)
    child.on('close', (code) => {
      console.log(`(exit ${code})\n`)
      if (code === expected) return resolve()
      console.error(`demo: this should have been exit ${expected}`)
      process.exit(1)
    })
  })
}

/** What the person with the browser does: opens the page and approves the code. */
function approve(page) {
  const url = new URL(page)
  const code = url.searchParams.get('user_code') ?? ''
  const body = new URLSearchParams({ user_code: code, action: 'approve' }).toString()
  console.log(`# somebody opens that page and approves ${code}`)
  const post = request(`${url.origin}${url.pathname}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) },
  })
  post.on('error', (error) => {
    console.error(`demo: the page does not answer: ${error.message}`)
    process.exit(1)
  })
  post.end(body)
}

await show(['doctor', '--provider', 'moonshot'], 1)
let isApproved = false
await show(['auth', '--device', 'moonshot'], 0, (line) => {
  const page = /https?:\/\/\S*user_code=\S+/.exec(line)?.[0]
  if (!page || isApproved) return
  isApproved = true
  approve(page)
})
await show(['doctor', '--provider', 'moonshot'], 0)
await show(['prompt', '-m', 'moonshot', 'say: hello from a machine with nobody at the keyboard'], 0)
await show(['auth', 'refresh', 'moonshot'], 0)
await show(['auth', 'status'], 0)
