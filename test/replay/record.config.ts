import { defineConfig } from 'vitest/config';

// Records histories of the workflows as they are: npx vitest run --config test/replay/record.config.ts
// Once per release, into a folder of its own; recorded histories are never made again.
export default defineConfig({
  test: {
    pool: 'forks',
    include: ['test/replay/record-histories.ts'],
    globalSetup: ['test/support/servers/start-postgres.ts', 'test/support/servers/start-temporal.ts'],
    testTimeout: 240_000,
  },
});
