import { describe, expect, test } from 'vitest';
import { keepUnlessStored } from '../../../../src/activities/alerts/record-alerts.ts';
import type { ActivityDependencies } from '../../../../src/activities/support/dependencies.ts';
import type { Alert } from '../../../../src/domain/monitoring/alert.ts';
import { SinkUnavailable } from '../../../../src/domain/errors.ts';
import { settleAlerts } from '../../../../src/store/alerts/alerts.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { useTemporaryFolder } from '../../store/temporary-folder.ts';

const folder = useTemporaryFolder();
const verdicts = [
  { name: 'run_failed', message: 'no room' },
  { name: 'empty', message: null },
] as const;

/** What is kept while work ends as it does. */
async function keptWhile(work: () => Promise<void>): Promise<[Alert[], unknown]> {
  const kept: Alert[] = [];
  const dependencies = {
    store: createDirectoryStore(folder.path),
    keepAlert: (alert: Alert) => void kept.push(alert),
  } as unknown as ActivityDependencies;
  const error = await keepUnlessStored(dependencies, 'news', verdicts, work).then(
    () => null,
    (failed: unknown) => failed,
  );
  return [kept, error];
}

describe('an alert that cannot be stored', () => {
  const full = new SinkUnavailable('store: full');

  test('is kept in memory, and the work still fails', async () => {
    const [kept, error] = await keptWhile(() => Promise.reject(full));
    expect(kept).toMatchObject([{ name: 'run_failed', source: 'news', state: 'open', message: 'no room' }]);
    expect(error).toBe(full);
  });

  test('is not kept in memory if it is stored, is already open, or if something else failed', async () => {
    expect(await keptWhile(() => Promise.resolve())).toEqual([[], null]);
    expect((await keptWhile(() => Promise.reject(new Error('other'))))[0]).toEqual([]);
    await settleAlerts(createDirectoryStore(folder.path), 'news', verdicts, new Date());
    expect((await keptWhile(() => Promise.reject(full)))[0]).toEqual([]);
  });
});
