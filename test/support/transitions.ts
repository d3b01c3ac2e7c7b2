import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate'

/** One arrow of a drawing. */
export interface Arrow {
  readonly source: AnyStateNode
  /** Empty for an arrow that stays where it is. */
  readonly targets: readonly AnyStateNode[]
  readonly event: string
  readonly guard: string | null
  readonly transition: AnyTransitionDefinition
}

export function statesOf(node: AnyStateNode): AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(statesOf)]
}

/** All arrows of a machine in the order they are written, `always` last in each state (the library's own graph leaves these out). */
export function arrowsOf(machine: AnyStateMachine): Arrow[] {
  return statesOf(machine.root).flatMap((node) =>
    [...[...node.transitions.values()].flat(), ...(node.always ?? [])].map((transition) => ({
      source: node,
      targets: transition.target ?? [],
      event: transition.eventType,
      guard: nameOf(transition.guard),
      transition,
    })),
  )
}

export function nameOf(part: unknown): string | null {
  if (typeof part === 'string') return part
  if (typeof part === 'object' && part !== null && 'type' in part && typeof part.type === 'string') return part.type
  return null
}

/** Ports by the id under which a state invokes them. */
export function invokesOf(machine: AnyStateMachine): Map<string, string> {
  return new Map(statesOf(machine.root).flatMap((node) => node.invoke.map(({ id, src }): [string, string] => [id, String(src)])))
}
