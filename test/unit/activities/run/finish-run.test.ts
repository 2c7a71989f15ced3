import { expect, test } from 'vitest';
import { startOrigin } from '../../../support/servers/origin.ts';
import { aReceipt } from '../../domain/a-receipt.ts';
import { useTemporaryFolder } from '../../store/temporary-folder.ts';
import { FanOutWorker } from '../fan-out/fan-out-worker.ts';

const folder = useTemporaryFolder();

test('the last step of a run that failed deletes copies of bodies, also those of attempts that were killed', async () => {
  const origin = await startOrigin();
  const worker = new FanOutWorker(
    folder.path,
    `  - { name: rows, type: http, url: "${origin.url}", id: id, occurred_at: at }\n`,
  );
  const copy = (run: string) => `downloads/rows/${run}/${'0'.repeat(16)}-0`;
  await worker.store.put(copy('failed'), 'x');
  await worker.store.put(copy('open'), 'x');
  const error = { type: 'SourceUnavailable', message: 'no answer' };
  const receipt = { ...aReceipt(), source: 'rows', runId: 'failed', outcome: 'failed', error };
  const poll = { epoch: 0, end: null };
  await worker.run(worker.activities.finishRun, { receipt, verdicts: [], poll, clean: false, release: [] });
  expect(await worker.store.list('downloads')).toEqual([copy('open')]);
  await worker.close();
  await origin.close();
});

test('a run that fails after a step that was lost had ended it keeps the receipt of that step', async () => {
  const worker = new FanOutWorker(
    folder.path,
    `  - { name: rows, type: http, url: "http://127.0.0.1:9", id: id, occurred_at: at }\n`,
  );
  const ended = { ...aReceipt(), source: 'rows', runId: 'ended', finishedAt: '2026-11-10T00:00:00.000Z' };
  const error = { type: 'BatchGone', message: 'the batch is missing' };
  const failed = { ...ended, outcome: 'failed' as const, error, finishedAt: '2026-11-10T00:00:09.000Z' };
  const finish = (receipt: object, again: boolean) =>
    worker.run(worker.activities.finishRun, {
      receipt: receipt as typeof failed,
      verdicts: [],
      poll: { epoch: 0, end: null },
      clean: false,
      release: [],
      again,
    });
  await finish(ended, false);
  const before = await worker.store.list('receipts');
  expect(before).toHaveLength(1);
  expect(await finish(failed, true)).toEqual({ notify: false });
  expect(await worker.store.list('receipts')).toEqual(before);
  // Another run that fails has a receipt of its own.
  await finish({ ...failed, runId: 'other' }, true);
  expect(await worker.store.list('receipts')).toHaveLength(2);
  await worker.close();
});
