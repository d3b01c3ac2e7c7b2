import { type Dialect, formOf, page } from '../dialect.ts'

/** The page of every answer that names one, and the one that Codex knows by heart. */
const PATHS: readonly string[] = ['/device', '/auth.openai.com/codex/device']
const CODE = /^[A-Z0-9]{4}-[A-Z0-9]{4,5}$/i

/** The page on which somebody approves a code. It is the same whatever the address says (S-39). */
export const devicePage: Dialect = {
  name: 'page',
  answer(request, world) {
    if (!PATHS.includes(request.path)) return undefined
    if (request.method === 'GET') {
      return page(
        200,
        'Approve a device',
        '<h1>Approve a device</h1><form method="post"><label>Code, unless the address has it <input name="user_code"></label><button name="action" value="approve">Approve</button><button name="action" value="deny">Deny</button></form>',
      )
    }
    if (request.method !== 'POST') return page(405, 'Not allowed', '<h1>Not allowed</h1>')
    const form = formOf(request)
    const action = form?.get('action')
    // The form is sent to the address it was found at, so the complete address brings its code along.
    const userCode = form?.get('user_code') || request.query.get('user_code') || ''
    if (action !== 'approve' && action !== 'deny') return page(400, 'No decision', '<h1>Neither approved nor denied</h1>')
    const isKnown = CODE.test(userCode) && world.authorization.devices.decide(userCode, action === 'deny' ? 'denied' : 'approved')
    return isKnown
      ? page(200, 'Done', '<h1>Done</h1><p>You can close this page.</p>')
      : page(400, 'Unknown code', '<h1>This code is not known</h1>')
  },
}
