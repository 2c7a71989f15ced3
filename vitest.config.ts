import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    // One more than the cores of a small machine: much of what the tests do is to wait.
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        // They share processes and what those have loaded, which halves their time.
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], isolate: false, testTimeout: 60_000 },
      },
      {
        extends: true,
        test: {
          name: 'servers',
          include: ['test/**/*.test.ts'],
          exclude: ['test/unit/**', 'test/faults/trial/**'],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        // Each starts a stack of its own: see docs/reliability.md.
        test: { name: 'faults', include: ['test/faults/trial/**/*.test.ts'] },
      },
    ],
  },
});
