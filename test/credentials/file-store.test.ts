import { StateDir } from './state-dir.ts'
import { describeStore } from './store-conformance.ts'

describeStore('file', async () => {
  const state = new StateDir()
  return {
    store: state.store(),
    other: state.store(),
    async expireLease() {
      for (const lock of state.lockFiles()) state.age(lock, 3_600_000)
    },
    async close() {
      state[Symbol.dispose]()
    },
  }
})
