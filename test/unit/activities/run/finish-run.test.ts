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
