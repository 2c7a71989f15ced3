import { expect, test } from 'vitest';
import { openConfigFile } from '../../../src/config/file/config-file.ts';
import { createDirectoryStore } from '../../../src/store/blobs/directory-store.ts';
import { LastRuns, readLastRuns } from '../../../src/store/run/last-runs.ts';
import { writeReceipt } from '../../../src/store/run/receipts.ts';
import { noteMissedRuns } from '../../../src/worker/last-runs.ts';
import { aReceipt } from '../domain/a-receipt.ts';
import { useTemporaryFolder } from '../store/temporary-folder.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = useTemporaryFolder();

test('a worker that starts notes the runs that a killed one has not noted', async () => {
  const store = createDirectoryStore(folder.path);
  const every = { daily: '1d', new: '1m', often: '1m' };
  const file = join(folder.path, 'daybook.yaml');
  const sources = Object.entries(every).map(
    ([name, time]) => `  - { name: ${name}, type: rss, url: "https://example.com/", schedule: { every: ${time} } }\n`,
  );
  writeFileSync(file, `version: 1\nsources:\n${sources.join('')}`);
  const [yesterday, lately] = [90_000, 100].map((seconds) => new Date(Date.now() - seconds * 1_000).toISOString());
  const ended = (source: string, finishedAt: string) => aReceipt({ source, finishedAt, runId: finishedAt });
  const options = { store, worker: 'host', isConfigured: () => true, onError: () => undefined };
  const killed = new LastRuns(options);
  for (const source of ['daily', 'often']) killed.note({ receipt: ended(source, yesterday ?? ''), state: null });
  await killed.close();
  for (const source of Object.keys(every)) await writeReceipt(store, ended(source, lately ?? ''));

  const next = new LastRuns(options);
  const config = openConfigFile(file, () => undefined);
  await noteMissedRuns(store, next, { config, logger: { debug: () => undefined } as never });
  await next.close();
  const noted = await readLastRuns(store);
  const times = Object.keys(every).map((source) => noted.get(source)?.receipt.finishedAt);
  expect(times).toEqual([lately, lately, yesterday]);
});
