import type { AnyStateMachine, AnyStateNode } from 'xstate'
import { arrowsOf, invokesOf, nameOf, type Arrow } from './transitions.ts'

/** A machine as a Mermaid state diagram, drawn from the machine itself: what it invokes, every arrow, its event and guard. */
export function mermaid(machine: AnyStateMachine): string {
  const invokes = invokesOf(machine)
  const arrows = arrowsOf(machine).flatMap((arrow) => {
    if (arrow.targets.length > 0) return arrow
    // Without a target an event is taken note of, or ignored on purpose; only the first is worth an arrow.
    return arrow.transition.actions.length > 0 ? { ...arrow, targets: [arrow.source] } : []
  })
  return ['stateDiagram-v2', '  direction TB', ...drawStates(machine.root, '  '), ...joined(arrows, invokes)].join('\n')
}

function drawStates(node: AnyStateNode, indent: string): string[] {
  const lines: string[] = []
  for (const [index, child] of Object.values(node.states).entries()) {
    // Regions that are active side by side are parted by a line, and each has a beginning of its own.
    if (node.type === 'parallel') lines.push(...(index > 0 ? [`${indent}--`] : []), `${indent}[*] --> ${nameInDrawing(child)}`)
    const name = nameInDrawing(child)
    if (Object.keys(child.states).length === 0) {
      lines.push(`${indent}${name} : ${[child.key, child.description, runs(child)].filter(Boolean).map(plain).join('\\n')}`)
    } else {
      lines.push(`${indent}state "${[child.key, child.description, runs(child)].filter(Boolean).map(plain).join(' · ')}" as ${name} {`)
      lines.push(...drawStates(child, `${indent}  `), `${indent}}`)
    }
    if (child.type === 'final') lines.push(`${indent}${name} --> [*]`)
  }
  const [first] = node.type === 'parallel' ? [] : (node.initial.target ?? [])
  if (first) lines.unshift(`${indent}[*] --> ${nameInDrawing(first)}`)
  return lines
}

/** Arrows between the same two states share a line. The root is drawn as the state from which everything can be cancelled. */
function joined(arrows: readonly Arrow[], invokes: Map<string, string>): string[] {
  const labels = new Map<string, string[]>()
  for (const arrow of arrows) {
    for (const target of arrow.targets) {
      const source = arrow.source.parent ? nameInDrawing(arrow.source) : 'anywhere'
      const line = `${source} --> ${nameInDrawing(target)}`
      labels.set(line, [...(labels.get(line) ?? []), label(arrow, invokes)])
    }
  }
  return [...labels].map(([line, texts]) => `  ${line} : ${[...new Set(texts)].join('\\n')}`)
}

function label({ event, guard }: Arrow, invokes: Map<string, string>): string {
  return [eventLabel(event, invokes), guard && `[${guard}]`].filter(Boolean).join(' ') || 'otherwise'
}

function eventLabel(event: string, invokes: Map<string, string>): string {
  const [, kind, id = ''] = /^xstate\.(done\.actor|error\.actor|after)\.(.+)$/.exec(event) ?? []
  if (kind === undefined) return event
  if (kind === 'after') return `after ${id.split('.')[0]}`
  const named = /^\d+\./.test(id) ? invokes.get(id) : id
  return kind === 'done.actor' ? `${named}` : `${named} failed`
}

function runs(node: AnyStateNode): string {
  const names = node.invoke.map(({ src }) => String(src))
  const entered = node.entry.map(nameOf).filter((name) => name !== null)
  return [...new Set([...names.map((name) => `invokes ${name}`), ...entered.map((name) => `does ${name}`)])].join(', ')
}

function nameInDrawing(node: AnyStateNode): string {
  return node.path.join('_')
}

/** Text that cannot end a label early. */
function plain(text: unknown): string {
  return String(text).replace(/[:;"{}<>#]/g, (character) => (character === ':' || character === ';' ? ',' : ''))
}
