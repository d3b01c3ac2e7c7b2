import type { Way } from '../sources.ts'
import { playFile, playVariable } from './place-plays.ts'
import type { Backstage, Play } from './play.ts'
import { playCommand, playProgram } from './program-plays.ts'
import { playEndpoint, playMetadata, playSocket } from './server-plays.ts'

type Players = { readonly [Kind in Way['kind']]: (way: Extract<Way, { kind: Kind }>, stage: Backstage) => Promise<Play> }

/** Somebody for every kind: one that is new does not compile. */
const PLAYERS: Players = {
  endpoint: playEndpoint,
  program: playProgram,
  metadata: playMetadata,
  socket: playSocket,
  variable: playVariable,
  file: playFile,
  command: playCommand,
}

export function playSource(stage: Backstage): Promise<Play> {
  return play(stage.source.way, stage)
}

function play<Kind extends Way['kind']>(way: Extract<Way, { kind: Kind }>, stage: Backstage): Promise<Play> {
  const player: Players[Kind] = PLAYERS[way.kind as Kind]
  return player(way, stage)
}
