import type { CredentialStore, RecordWrite } from '../../src/credentials/store.ts'

/** The same store, with something that happens between the decision to write and the write. */
export function beforeWrite<Store extends CredentialStore>(store: Store, type: RecordWrite['type'], happens: () => Promise<void>): Store {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (name === 'write')
        return async (write: RecordWrite) => {
          if (write.type === type) await happens()
          return target.write(write)
        }
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
