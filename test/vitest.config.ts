import { defineConfig } from 'vitest/config'

const PROCESS_TESTS = ['test/process/**/*.test.ts', 'test/examples/**/*.test.ts']

export default defineConfig({
  define: { __TEST_HOOKS__: 'false', __VERSION__: JSON.stringify('0.0.0-test') },
  test: {
    root: new URL('..', import.meta.url).pathname,
    // clipanion's .mjs build imports a directory, which Vite's resolver mends and Node's does not.
    server: { deps: { inline: ['clipanion'] } },
    projects: [
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ['test/**/*.test.ts'],
          exclude: PROCESS_TESTS,
          // Whichever test of a file loads a command first has it transformed: some 3 s for all of them on two idle cores. This ends
          // what hangs, and judges no speed.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'process',
          include: PROCESS_TESTS,
          globalSetup: 'test/support/build-once.ts',
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
