import { isIdentityVariable } from './identity-variables.ts'

/** Variables that hold secrets, of claw, of providers and of CI systems. */
const SECRET_NAME = /(?:_API_KEY|_TOKEN|_SECRET|_PASSWORD|_STORE_KEY|_CREDENTIALS)$/

/**
 * The variables of this process, and none of the secret ones left where a child would inherit them by mistake (S-56). It
 * hides nothing from whoever may read /proc/PID/environ.
 */
export function takeEnvironment(): Readonly<Record<string, string | undefined>> {
  const variables = { ...process.env }
  for (const name of Object.keys(variables)) if (SECRET_NAME.test(name) || isIdentityVariable(name)) delete process.env[name]
  return variables
}
