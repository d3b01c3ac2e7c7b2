import { defineConfig } from 'vitest/config'

export default defineConfig({
  define: { __TEST_HOOKS__: 'false', __VERSION__: JSON.stringify('0.0.0-test') },
  test: {
    include: ['test/**/*.test.ts'],
    root: new URL('..', import.meta.url).pathname,
    // clipanion's .mjs build imports a directory, which Vite's resolver mends and Node's does not.
    server: { deps: { inline: ['clipanion'] } },
  },
})
