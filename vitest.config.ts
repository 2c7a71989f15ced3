import { defineConfig } from 'vitest/config';

const [postgres, temporal, s3] = ['start-postgres', 'start-temporal', 'start-s3'].map(
  (name) => `test/support/servers/${name}.ts`,
) as [string, string, string];

/** Folders of tests, and the servers that they need; their setups stop what they started at the end of the run. */
const project = (name: string, globalSetup: string[], folders: string[] = [name]) => ({
  extends: true as const,
  test: {
    name,
    include: folders.map((folder) => `test/${folder}/**/*.test.ts`),
    globalSetup,
    // Files share processes, and what those have loaded.
    isolate: false,
    // Only a test that hangs takes as long, also on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});

/**
 * What `npm test` and its `--rest` run: as one project, so that a process loads every module once for files of all folders. Only
 * there where it is asked for: without a name, vitest runs all projects.
 */
const together = [
  project('usual', [postgres, temporal], ['unit', 'replay', 'postgres', 'temporal', 'cli', 'faults']),
  project('rest', [s3, postgres, temporal], ['faults-long', 'documents', 's3']),
].filter(({ test: { name } }) => process.argv.some((argument) => argument === name));

export default defineConfig({
  test: {
    pool: 'forks',
    // More than the cores of a small machine: much of what these tests do is to wait.
    maxWorkers: 7,
    reporters: ['default', './test/support/slowest-files.ts'],
    // Projects do not compile a module again that another one has compiled.
    experimental: { fsModuleCache: true },
    projects: [
      ...together,
      project('unit', []),
      project('replay', []),
      project('postgres', [postgres]),
      project('temporal', [postgres, temporal]),
      project('cli', [postgres, temporal]),
      project('faults', [postgres, temporal]),
      // Skipped where the S3 server is neither in the cache nor can be built with Go.
      project('s3', [s3, postgres, temporal]),
      // Whole stacks, killed or cut off, and outages of minutes: see docs/reliability.md. Not part of npm test.
      project('faults-long', [postgres, temporal]),
      // What the documents tell readers to type. Not part of npm test.
      project('documents', [postgres, temporal]),
    ],
  },
});
