declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http'
  export const errors: { readonly InvalidTarget: new () => Error }
  export default class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>)
    callback(): RequestListener
  }
}
