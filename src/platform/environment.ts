/** The environment of the process, read once at the start. An empty value is an unset one (CI systems pass unset inputs so). */
export interface Environment {
  get(name: string): string | undefined
  readonly names: readonly string[]
}

export function environmentOf(variables: Readonly<Record<string, string | undefined>>): Environment {
  const held = new Map<string, string>()
  for (const [name, value] of Object.entries(variables)) if (value) held.set(name, value)
  return { get: (name) => held.get(name), names: [...held.keys()] }
}
