import { ClawError } from '../../core/errors.ts'
import type { DeviceRules } from '../../protocols/oauth/device-authorization.ts'
import type { DeviceDialect } from '../../protocols/oauth/device-dialect.ts'
import { DEVICE_GRANT_TYPE } from '../../protocols/oauth/device-request.ts'
import { miniMaxDevice } from '../../protocols/oauth/minimax-device.ts'
import { openAiDevice } from '../../protocols/oauth/openai-device.ts'
import { rfc8628Device } from '../../protocols/oauth/rfc8628-device.ts'
import type { Endpoint } from '../../protocols/oauth/token-request.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import { keptFields } from './grant-terms.ts'
import type { OAuthClient } from './oauth-client.ts'
import { statusRulesOf } from '../credential/status-rules.ts'

/** The status of a start that says that there is no device sign-in, unless the entry names another. */
const NOT_ENABLED = 404

/**
 * The dialect that the kind of an auth entry stands for, with every difference of the entry in it.
 *
 * @param notEnabledFix what helps where the provider has device sign-in switched off
 * @throws {ClawError} `CLAW_CONFIG_INVALID` for an entry without a field that its kind needs, `CLAW_CLIENT_REFUSED` for a
 * server that has no device sign-in.
 */
export function deviceDialect(client: OAuthClient, auth: AuthEntry, notEnabledFix: string | undefined): DeviceDialect {
  const { token } = client
  const words = { denied: auth.fatalPollErrors, pending: auth.pendingCodes, slowDown: auth.slowDownCodes }
  const extras = [...keptFields(auth), ...(auth.resourceUrlField === undefined ? [] : [auth.resourceUrlField])]
  const start: DeviceRules = {
    tokenEndpoint: token.url,
    verificationHosts: client.verificationHosts,
    httpsOnly: auth.verificationHttpsOnly,
    verificationUriMayBeEmpty: auth.verificationUriMayBeEmpty ?? false,
    defaultIntervalMs: auth.defaultIntervalMs ?? inMs(auth.defaultIntervalS),
    defaultLifetimeMs: inMs(auth.expiresS),
    notEnabledFix,
  }
  if (auth.kind === 'openai_device') {
    const json = (name: 'usercodeUrl' | 'pollUrl'): Endpoint => ({ ...token, url: needed(auth, name), encoding: auth.deviceBody ?? 'json' })
    return openAiDevice({
      usercode: { ...json('usercodeUrl'), extraParams: auth.deviceParams },
      poll: json('pollUrl'),
      token,
      verificationUri: needed(auth, 'verificationUri'),
      redirectUri: needed(auth, 'redirectUri'),
      deviceIdField: auth.deviceIdField ?? 'device_auth_id',
      userCodeFields: auth.userCodeFields ?? ['user_code'],
      defaultIntervalMs: start.defaultIntervalMs,
      lifetimeMs: start.defaultLifetimeMs,
      pendingStatuses: auth.pendingStatuses ?? [],
      words,
      notEnabledStatus: auth.notEnabledStatus ?? NOT_ENABLED,
      notEnabledFix,
      extras,
    })
  }
  if (!client.device)
    throw new ClawError('CLAW_CLIENT_REFUSED', {
      what: `the authorization server of \`${auth.id}\` has no device sign-in`,
      why: client.issuer ?? undefined,
    })
  const { scope, audience, resource } = client
  const wish = { scope, audience, resource }
  const device = { ...client.device, extraParams: { ...client.device.extraParams, ...auth.deviceParams } }
  const status = statusRulesOf(auth)
  if (auth.kind === 'minimax_device' && status) {
    return miniMaxDevice({
      device,
      token,
      start,
      wish,
      isStateChecked: auth.verifyStateInResponse ?? true,
      grantType: auth.pollGrantType ?? DEVICE_GRANT_TYPE,
      intervalUnit: auth.intervalUnit ?? 's',
      leastIntervalMs: auth.minIntervalMs,
      codeExpiryField: auth.codeExpiryField ?? 'expires_in',
      codeExpiryUnit: auth.codeExpiryUnit ?? 's',
      status,
      extras,
    })
  }
  return rfc8628Device({ device, token, start, wish, hasPkce: auth.pkceMethod !== undefined, words, extras })
}

function needed(auth: AuthEntry, name: 'usercodeUrl' | 'pollUrl' | 'verificationUri' | 'redirectUri'): string {
  const value = auth[name]
  if (value !== undefined) return value
  const key = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  throw new ClawError('CLAW_CONFIG_INVALID', { what: `the method \`${auth.id}\` has no \`${key}\``, fix: `set \`${key}\` of the method` })
}

function inMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1_000
}
