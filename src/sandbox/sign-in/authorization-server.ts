import { AuthorizationCodes } from './authorization-codes.ts'
import { DeviceCodes, type DeviceRules } from './device-codes.ts'
import { TokenFamilies, type TokenRules } from './token-families.ts'

export type ServerRules = DeviceRules & TokenRules

/** An authorization server in memory, in parts; every dialect of the sandbox puts its own words on the same one. */
export class AuthorizationServer {
  readonly devices: DeviceCodes
  readonly codes: AuthorizationCodes
  readonly tokens: TokenFamilies

  constructor(rules: ServerRules) {
    this.devices = new DeviceCodes(rules)
    this.codes = new AuthorizationCodes(rules)
    this.tokens = new TokenFamilies(rules)
  }
}
