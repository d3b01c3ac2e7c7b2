import type { AnyStateMachine } from 'xstate'
import { nameOf, statesOf } from './transitions.ts'

/** The places of a machine's data where a function may stand: they move values. */
const MOVERS = new Set(['params', 'input', 'output', 'context'])
const DECIDES = /\bif\b|\bswitch\b|\?(?!\.)|&&|\|\||\bfor\b|\bwhile\b/

type Kind = 'actors' | 'guards' | 'actions' | 'delays'

/** What is wrong with the design of a machine, one sentence each; empty for a sound one. */
export function designProblems(machine: AnyStateMachine): string[] {
  const problems: string[] = []
  const used: Record<Kind, Set<string>> = { actors: new Set(), guards: new Set(), actions: new Set(), delays: new Set() }
  const declared: Record<Kind, Record<string, unknown>> = machine.implementations

  const useEach = (kind: Kind, parts: unknown, path: string) => {
    for (const part of Array.isArray(parts) ? parts : [parts]) {
      const name = nameOf(part)
      if (name === null) problems.push(`${path} has no name`)
      else used[kind].add(name)
    }
  }

  const walk = (value: unknown, path: string, key: string): void => {
    if (typeof value === 'function') {
      if (!MOVERS.has(key)) problems.push(`${path} is a function`)
      else if (DECIDES.test(String(value))) problems.push(`${path} decides`)
      return
    }
    if (typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) {
      for (const [index, part] of value.entries()) walk(part, `${path}[${index}]`, key)
      return
    }
    for (const [name, part] of Object.entries(value)) {
      const at = `${path}.${name}`
      if (key !== 'states' && key !== 'on') {
        if (name === 'guard') useEach('guards', part, at)
        else if (name === 'actions' || name === 'entry' || name === 'exit') useEach('actions', part, at)
        else if (name === 'src') useEach('actors', part, at)
        else if (name === 'after') useEach('delays', Object.keys(Object(part)), at)
        else if (name === 'invoke') for (const one of [part].flat()) if (!('onError' in Object(one))) problems.push(`${at} has no onError`)
      }
      walk(part, at, name)
    }
  }

  walk(machine.config, machine.id, '')
  for (const [name, action] of Object.entries(declared.actions)) {
    for (const [, src] of String(Object(action).collect ?? '').matchAll(/spawnChild\(\s*["'`](\w+)["'`]/g)) used.actors.add(String(src))
    if (/^async\b/.test(String(action))) problems.push(`the action ${name} is asynchronous`)
  }
  for (const kind of ['actors', 'guards', 'actions', 'delays'] as const) {
    for (const name of used[kind])
      if (!Object.hasOwn(declared[kind], name)) problems.push(`${machine.id} uses ${kind} ${name}, which nobody declares`)
    for (const name of Object.keys(declared[kind]))
      if (!used[kind].has(name)) problems.push(`${machine.id} declares ${kind} ${name}, which nobody uses`)
  }
  return [...problems, ...endingProblems(machine)]
}

function endingProblems(machine: AnyStateMachine): string[] {
  const problems: string[] = []
  const { root } = machine
  const finals = Object.values(root.states).filter(({ type }) => type === 'final')
  if (finals.length < 2) problems.push(`${machine.id} has not both a success and a failure to end in`)
  if (typeof machine.config.output !== 'function') problems.push(`${machine.id} has no output`)
  if (!root.transitions.get('CANCEL')?.some(({ target }) => target !== undefined))
    problems.push(`${machine.id} does not hear CANCEL at its root`)
  if (!machine.config.description) problems.push(`${machine.id} does not say what it is`)
  for (const node of statesOf(root)) {
    if (node.type === 'compound' && !Object.hasOwn(node.states, String(node.config.initial)))
      problems.push(`${node.id} starts in ${node.config.initial}, which does not exist`)
  }
  return problems
}
