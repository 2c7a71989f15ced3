import type { TestProject } from 'vitest/node';
import { startOnce } from './start-once.ts';
import { startVersitygw, versitygwVersions, type S3Server } from './versitygw.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Null where there is no such server. */
    s3: S3Server | null;
    /** One that ignores conditions. */
    s3WithoutConditions: S3Server | null;
  }
}

/** Two S3 servers for the whole run, stopped at its end. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { value, stop } = await startOnce('s3', start);
  project.provide('s3', value.keeping);
  project.provide('s3WithoutConditions', value.ignoring);
  return stop;
}

async function start() {
  const keeping = await startVersitygw(versitygwVersions.keeping);
  const ignoring = await startVersitygw(versitygwVersions.ignoring);
  return {
    value: { keeping: keeping?.value ?? null, ignoring: ignoring?.value ?? null },
    async stop() {
      await keeping?.stop();
      await ignoring?.stop();
    },
  };
}
