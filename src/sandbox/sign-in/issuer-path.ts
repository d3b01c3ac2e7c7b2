/** The path below which the sandbox is an authorization server as the RFCs have it. */
export const ISSUER_PATH = '/issuer'
