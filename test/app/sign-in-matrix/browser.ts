import { expect } from 'vitest'
import { ask, type Heard } from '../../support/loopback-client.ts'

/** What a person does at the page where they sign in; gives what the browser ends at. */
export async function decideAt(url: string, action: 'approve' | 'deny'): Promise<Heard> {
  return ask(url, { form: { action } })
}

/** Goes where the answer leads, as a browser does. */
export async function follow(heard: Heard): Promise<Heard> {
  const to = heard.headers.location
  expect({ status: heard.status, isRedirect: to !== undefined }).toEqual({ status: 303, isRedirect: true })
  return ask(String(to))
}

/** What a person copies: the code that a page shows, or the address that the browser ended at. */
export async function copied(heard: Heard, hasCodePage: boolean): Promise<string> {
  if (heard.status === 303 && !hasCodePage) return String(heard.headers.location)
  const page = heard.status === 303 ? await follow(heard) : heard
  return /<code>([^<]+)<\/code>/.exec(page.body)?.[1] ?? ''
}
