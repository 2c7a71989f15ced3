import { rmSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { readEnvironment } from '../../../src/config/environment/environment.ts';
import { embeddedTemporalSettings } from '../../../src/embedded/addresses.ts';
import { Home } from '../../../src/embedded/home/home.ts';
import { startStack, stopStack } from '../../../src/embedded/stack.ts';
import { startOnce } from './start-once.ts';
import { temporaryFolder } from '../temporary-folder.ts';

declare module 'vitest' {
  interface ProvidedContext {
    temporalAddress: string;
  }
}

/** One Temporal server for the whole run, stopped at its end. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { value, stop } = await startOnce('temporal', start);
  project.provide('temporalAddress', value);
  return stop;
}

async function start(): Promise<{ value: string; stop: () => Promise<void> }> {
  const folder = temporaryFolder();
  const home = new Home(folder);
  const announce = (message: string) => void process.stderr.write(`${message}\n`);
  await startStack(home, { postgres: false, temporal: true }, readEnvironment({}), announce);
  const stop = async () => {
    await stopStack(home);
    rmSync(folder, { recursive: true, force: true });
  };
  return { value: embeddedTemporalSettings(home).address, stop };
}
