import { formatInstant } from '../core/duration.ts'
import { goOnCommand } from '../app/sign-in/sign-in-command.ts'
import { type DeviceSignInResult, signInWithDevice } from '../app/sign-in/sign-in-device.ts'
import type { Session } from '../app/session.ts'
import { withVariable } from '../app/sign-in/switched-on.ts'
import { termsLine } from '../app/sign-in/terms.ts'
import { profileOf } from '../app/credential/wanted-credential.ts'
import { finishSignIn } from './finish-sign-in.ts'
import { WriteQueue } from './write-queue.ts'
import type { DeviceSignInOutput } from './auth-output.ts'

export interface DeviceSignInOptions {
  readonly provider: string
  readonly wait: boolean
  readonly force: boolean
  /** `true`: a failed check is exit 1; `false`: none is made; `undefined`: it is a warning. */
  readonly check: boolean | undefined
  readonly resumeOnly: boolean
  /** Draws an address for a camera, a line each. */
  readonly draw?: ((address: string) => readonly string[]) | undefined
}

const PENDING_EVENT_MS = 10_000
const HEARTBEAT_MS = 60_000

/** Signs in with a device code and says what happens while somebody is waited for. */
export async function signIn(session: Session, output: DeviceSignInOutput, options: DeviceSignInOptions): Promise<number> {
  const writes = new WriteQueue()
  let lastEventAt = 0
  let { provider } = options
  let lastHeartbeatAt = session.ports.clock.now()
  const profile = profileOf(session, options.provider)
  let next = goOnCommand({ method: 'device', route: provider, profile })
  const result = await signInWithDevice(
    { ...session, signal: AbortSignal.any([session.signal, writes.signal]) },
    {
      name: options.provider,
      profile,
      wait: options.wait,
      force: options.force,
      resumeOnly: options.resumeOnly,
      onCode: (code, { route, auth, warnings }) => {
        const { name } = route.entry
        const terms = termsLine({ route, auth })
        provider = route.provider
        next = withVariable({ route, auth }, next)
        const facts = {
          provider: route.provider,
          userCode: code.userCode,
          verificationUri: code.verificationUri,
          verificationUriComplete: code.verificationUriComplete,
          expiresAt: formatInstant(code.expiresAt),
          interval: code.intervalMs / 1_000,
        }
        if (output.json) writes.add(() => output.print({ type: 'device_code', ...facts }))
        else {
          writes.add(() =>
            output.say(`to let this machine use ${name}, open this page on any device and enter the code ${code.userCode ?? ''}`),
          )
          writes.add(() => output.say(`  ${code.verificationUri}`))
          if (code.verificationUriComplete && code.verificationUriComplete !== code.verificationUri)
            writes.add(() => output.say(`  or, with the code in it: ${code.verificationUriComplete}`))
          for (const line of options.draw?.(code.verificationUriComplete ?? code.verificationUri) ?? []) writes.add(() => output.say(line))
          writes.add(() =>
            output.say(
              `only continue if you started this; you sign in on ${new URL(code.verificationUri).hostname}, and the code ends ${facts.expiresAt}`,
            ),
          )
        }
        if (terms !== null) writes.add(() => output.note(terms))
        if (route.id !== route.provider && options.provider !== route.id)
          writes.add(() => output.note(`this grant is for the route \`${route.id}\` of \`${route.provider}\``))
        for (const warning of warnings) writes.add(() => output.say(`warning: ${warning}`))
      },
      onPending: ({ at, expiresAt }) => {
        if (output.json && at - lastEventAt >= PENDING_EVENT_MS) {
          lastEventAt = at
          writes.add(() => output.print({ type: 'pending', provider, expiresAt: formatInstant(expiresAt) }))
        }
        if (at - lastHeartbeatAt < HEARTBEAT_MS) return
        lastHeartbeatAt = at
        writes.add(() => output.note(`waiting for approval, ${Math.round((expiresAt - at) / 1_000)} s left, source: provider expires_in`))
      },
    },
  )
  await writes.drain()
  return result.state === 'handedOver' ? handOver(result, profile, output, next) : finishSignIn(session, result, output, options.check)
}

async function handOver(
  result: Extract<DeviceSignInResult, { state: 'handedOver' }>,
  profile: string,
  output: DeviceSignInOutput,
  next: string,
): Promise<number> {
  const { route, code } = result
  if (output.json) {
    await output.print({
      type: 'result',
      schema: 'claw.auth/1',
      provider: route.provider,
      route: route.id,
      profile,
      method: 'device',
      kind: 'oauth',
      state: 'pending',
      userCode: code.userCode,
      verificationUri: code.verificationUri,
      verificationUriComplete: code.verificationUriComplete,
      expiresAt: formatInstant(code.expiresAt),
      interval: code.intervalMs / 1_000,
    })
  } else await output.say(`go on with: ${next}`)
  return 83
}
