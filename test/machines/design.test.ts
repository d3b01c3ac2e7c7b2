import { assign, setup } from 'xstate'
import { describe, expect, it } from 'vitest'
import { designProblems } from '../support/design.ts'
import { findMachines } from '../support/machines.ts'
import { port } from '../../src/machines/port.ts'

const machines = await findMachines()

it('finds the machines of the room', () => {
  expect(machines.map(({ id }) => id)).toEqual([
    'apiKey',
    'check',
    'derivation',
    'deviceFlow',
    'doctor',
    'identity',
    'pkce',
    'refresh',
    'renewal',
  ])
})

describe.each(machines.map((machine) => ({ id: machine.id, machine })))('$id', ({ machine }) => {
  it('is data with names, hears every failure, uses all that it declares, and can end well, badly and on CANCEL', () => {
    expect(designProblems(machine)).toEqual([])
  })

  it('declares ports that say so when nobody provided them', async () => {
    for (const [name, logic] of Object.entries(machine.implementations.actors)) {
      if (!('config' in Object(logic)) || typeof Object(logic).config !== 'function') continue
      await expect(Object(logic).config({})).rejects.toMatchObject({
        code: 'CLAW_INTERNAL',
        message: `the port \`${name}\` was not provided to its machine`,
      })
    }
  })
})

it('tells what is wrong with a badly designed machine', () => {
  const machine = setup({
    types: { context: {} as { count: number } },
    actors: { ask: port<number>('ask'), forgotten: port<void>('forgotten') },
    guards: { isOdd: ({ context }) => context.count % 2 === 1 },
    actions: { count: assign({ count: 1 }) },
  }).createMachine({
    id: 'bad',
    context: { count: 0 },
    initial: 'nowhere',
    states: {
      asking: {
        after: { later: 'done', 500: 'done' },
        invoke: {
          src: 'ask',
          onDone: { guard: () => true, target: 'done', actions: { type: 'count', params: ({ event }) => event.output || 0 } },
        },
      },
      done: { type: 'final' },
    },
  })
  expect(designProblems(machine)).toEqual([
    'bad.states.asking.invoke has no onError',
    'bad.states.asking.invoke.onDone.guard has no name',
    'bad.states.asking.invoke.onDone.guard is a function',
    'bad.states.asking.invoke.onDone.actions.params decides',
    'bad declares actors forgotten, which nobody uses',
    'bad declares guards isOdd, which nobody uses',
    'bad uses delays 500, which nobody declares',
    'bad uses delays later, which nobody declares',
    'bad has not both a success and a failure to end in',
    'bad has no output',
    'bad does not hear CANCEL at its root',
    'bad does not say what it is',
    'bad starts in nowhere, which does not exist',
  ])
})

it('does not overlook a target that does not exist', () => {
  expect(() =>
    designProblems(setup({}).createMachine({ id: 'lost', initial: 'here', on: { CANCEL: '.elsewhere' }, states: { here: {} } })),
  ).toThrow("Child state 'elsewhere' does not exist")
})
