import { defineConfig } from 'vitest/config';

const [postgres, temporal, s3] = ['start-postgres', 'start-temporal', 'start-s3'].map(
  (name) => `test/support/servers/${name}.ts`,
) as [string, string, string];

/** A folder of tests, and the servers that it needs; their setups stop what they started at the end of the run. */
const project = (name: string, globalSetup: string[], more: object = waiting) => ({
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

/** These wait for no server: on two cores a third process would only load every module once more. They run first. */
const computing = { maxWorkers: 2 };
/** Two more than the cores of a small machine: much of what these tests do is to wait. */
const waiting = { maxWorkers: 4, sequence: { groupOrder: 1 } };

export default defineConfig({
  test: {
    pool: 'forks',
    reporters: ['default', './test/support/slowest-files.ts'],
    projects: [
      project('unit', [], computing),
      project('replay', [], computing),
      // Skipped where the S3 server is neither in the cache nor can be built with Go.
      project('s3', [s3, postgres, temporal]),
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
