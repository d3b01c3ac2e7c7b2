import { ClawError } from '../core/errors.ts'
import type { Protocol } from '../core/vocabulary.ts'
import { append, keyText, tomlString } from './edit-toml.ts'
import { scanToml } from './scan-toml.ts'

/** A provider of one's own, as `claw config add-provider` takes it. */
export interface NewProvider {
  readonly id: string
  readonly protocol: Protocol
  readonly baseUrl: string
  readonly models: readonly string[]
  readonly apiKeyEnv?: string | undefined
}

/**
 * Adds the table of a provider to the end of a configuration file.
 * @throws {ClawError} `CLAW_CONFIG_INVALID` where the file has one of that name already.
 */
export function appendProvider(source: string, provider: NewProvider): string {
  const taken = scanToml(source.replace(/^\uFEFF/, '')).some(
    ({ path }) => (path[0] === 'providers' || path[0] === 'local_providers') && path[1] === provider.id,
  )
  if (taken) {
    throw new ClawError('CLAW_CONFIG_INVALID', {
      what: `the configuration file has a provider \`${provider.id}\` already`,
      fix: 'choose another id, or edit the file that `claw config path` names',
    })
  }
  return append(source, providerBlock(provider))
}

function providerBlock({ id, protocol, baseUrl, models, apiKeyEnv }: NewProvider): string {
  const lines = [`[${keyText(['providers', id])}]`, `protocol = ${tomlString(protocol)}`, `base_url = ${tomlString(baseUrl)}`]
  if (models.length > 0) lines.push(`models = [${models.map(tomlString).join(', ')}]`)
  if (apiKeyEnv !== undefined) lines.push(`api_key = ${tomlString(`env:${apiKeyEnv}`)}`)
  return `${lines.join('\n')}\n`
}
