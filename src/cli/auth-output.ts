/** How a sign-in speaks: events and results as data, instructions for people. */
export interface DeviceSignInOutput {
  readonly json: boolean
  readonly isCi: boolean
  print(object: Readonly<Record<string, unknown>>): Promise<void>
  say(line: string): Promise<void>
  note(line: string): Promise<void>
}

export type KeyOutput = Omit<DeviceSignInOutput, 'isCi'>
