import { type Dialect, formOf, page } from './dialect.ts'

const CODE = /^[A-Z]{4}-[A-Z]{4}$/i

/** The page on which somebody approves a code. Nothing of a request is ever put into it. */
export const devicePage: Dialect = {
  name: 'page',
  async answer(request, world) {
    if (request.path !== '/device') return undefined
    if (request.method === 'GET') {
      return page(
        200,
        'Approve a device',
        '<h1>Approve a device</h1><form method="post"><label>Code <input name="user_code"></label><button name="action" value="approve">Approve</button><button name="action" value="deny">Deny</button></form>',
      )
    }
    const form = formOf(request)
    const userCode = form.get('user_code') ?? ''
    const isKnown = CODE.test(userCode) && world.authorization.decide(userCode, form.get('action') === 'deny' ? 'denied' : 'approved')
    return isKnown
      ? page(200, 'Done', '<h1>Done</h1><p>You can close this page.</p>')
      : page(400, 'Unknown code', '<h1>This code is not known</h1>')
  },
}
