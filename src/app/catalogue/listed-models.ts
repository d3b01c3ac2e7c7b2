import type { ModelsList, ProviderEntry } from '../../providers/entry.ts'
import { isTable } from './merge-auth.ts'

/** A model as a provider lists it. All of it is untrusted text. */
export interface ListedModel {
  readonly id: string
  readonly name: string | null
  readonly contextTokens: number | null
  /** Its last day (YYYY-MM-DD), where the list says so. */
  readonly retires: string | null
}

/** The models in an answer, by the shape that the entry says its list has; `undefined` where it is no such list. */
export function modelsIn(
  text: string,
  entry: Pick<ProviderEntry, 'modelsList' | 'modelsIdPrefix' | 'modelsShutdownField'>,
): ListedModel[] | undefined {
  const shape: ModelsList = entry.modelsList ?? {}
  const items = valueAt(parse(text), shape.items ?? 'data')
  if (!Array.isArray(items)) return undefined
  const all: unknown[] = items
  const shown = all.filter((item) => fits(item, shape.where))
  const counted = shown.length === 0 && shape.orElse ? all.filter((item) => fits(item, shape.orElse)) : shown
  return counted.flatMap((item) => {
    const id = valueAt(item, shape.id ?? 'id')
    if (typeof id !== 'string' || id === '') return []
    const prefix = entry.modelsIdPrefix ?? ''
    const name = shape.name === undefined ? undefined : valueAt(item, shape.name)
    const context = shape.context === undefined ? undefined : valueAt(item, shape.context)
    const retires = entry.modelsShutdownField === undefined ? undefined : valueAt(item, entry.modelsShutdownField)
    return [
      {
        id: id.startsWith(prefix) ? id.slice(prefix.length) : id,
        name: typeof name === 'string' && name !== '' ? name : null,
        contextTokens: typeof context === 'number' && context > 0 ? context : null,
        retires: typeof retires === 'string' && /^\d{4}-\d\d-\d\d/.test(retires) ? retires.slice(0, 10) : null,
      },
    ]
  })
}

function fits(item: unknown, conditions: ModelsList['where'] = []): boolean {
  return conditions.every(({ path, is, isNot }) => {
    const value = valueAt(item, path)
    return (is === undefined || value === is) && (isNot === undefined || value !== isNot)
  })
}

function valueAt(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((at, name) => (isTable(at) && Object.hasOwn(at, name) ? at[name] : undefined), value)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
