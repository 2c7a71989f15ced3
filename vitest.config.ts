import { defineConfig } from 'vitest/config';

const [postgres, temporal] = ['test/support/servers/start-postgres.ts', 'test/support/servers/start-temporal.ts'];

/** A folder of tests, and the servers that it needs; their setups stop what they started at the end of the run. */
const project = (name: string, globalSetup: string[], more: object = {}) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    globalSetup,
    // Files share processes, and what those have loaded.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    ...more,
  },
});

export default defineConfig({
  test: {
    pool: 'forks',
    // Two more than the cores of a small machine: much of what the tests do is to wait.
    maxWorkers: 4,
    reporters: ['default', './test/support/slowest-files.ts'],
    projects: [
      project('unit', []),
      project('replay', []),
      project('postgres', [postgres]),
      project('temporal', [postgres, temporal]),
      project('cli', [postgres, temporal]),
      project('faults', [postgres, temporal]),
      // Whole stacks, killed or cut off, and outages of minutes: see docs/reliability.md. Not part of npm test.
      project('faults-long', [postgres, temporal]),
      // What the documents tell readers to type. Not part of npm test.
      project('documents', [postgres, temporal]),
    ],
  },
});
