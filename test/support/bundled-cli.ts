// What a test that moves time has in one piece: see `bundledCli`.
export { runCli } from '../../src/cli/run-cli.ts'
export { MemorySpool, MemoryStore } from '../../src/credentials/memory-store.ts'
