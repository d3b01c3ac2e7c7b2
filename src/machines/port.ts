import { fromPromise, type PromiseActorLogic } from 'xstate'
import { ClawError } from '../core/errors.ts'

/**
 * An effect that a machine needs, declared by type only: the application provides it, and one that nobody provided
 * rejects instead of passing for a failure of the world.
 */
export function port<Output, Input = void>(name: string): PromiseActorLogic<Output, Input> {
  return fromPromise<Output, Input>(() =>
    Promise.reject(new ClawError('CLAW_INTERNAL', { what: `the port \`${name}\` was not provided to its machine` })),
  )
}

/** What a port answered, for `params`. */
export const answer = <Output>({ event }: { readonly event: { readonly output: Output } }): Output => event.output

/** What a port threw, for `params`. */
export const failure = ({ event }: { readonly event: { readonly error: unknown } }): { thrown: unknown } => ({ thrown: event.error })
