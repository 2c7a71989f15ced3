import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, expect, test } from 'vitest';
import { globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';

const folder = new URL(
  '.',
  `file://${createRequire(import.meta.url).resolve('@temporalio/worker/lib/workflow/vm-shared.js')}`,
);

afterAll(() => globalHandlers.uninstall());

test("the SDK's workflow threads begin with the file that ours replaces", () => {
  const starter = readFileSync(new URL('threaded-vm.js', folder), 'utf8');
  expect(starter).toContain("worker_threads_1.Worker(require.resolve('./workflow-worker-thread'))");
  expect(existsSync(new URL('workflow-worker-thread.js', folder))).toBe(true);
});

test('without its hook the SDK knows that it keeps no stack traces of promises', () => {
  Object.assign(globalHandlers, { setPromiseHook: () => undefined });
  globalHandlers.install();
  expect(globalHandlers.promiseHookInstalled).toBe(false);
});
