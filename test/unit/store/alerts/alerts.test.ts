import { describe, expect, test } from 'vitest';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { markNotified, openAlerts, pendingAlerts, settleAlerts } from '../../../../src/store/alerts/alerts.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';

const folder = useTemporaryFolder();
const store = () => createDirectoryStore(folder.path);
const at = (hour: number) => new Date(Date.UTC(2026, 10, 1, hour));
const settle = (message: string | null, hour: number, source = 'news') =>
  settleAlerts(store(), source, [{ name: 'run_failed', message }], at(hour));

describe('settleAlerts', () => {
  test('opens an alert once, and resolves it once, with the time when it was opened', async () => {
    const open = { name: 'run_failed', source: 'news', state: 'open', since: at(1).toISOString(), message: 'first' };
    expect(await settle(null, 0)).toEqual([]);
    expect(await settle('first', 1)).toEqual([open]);
    expect(await settle('second', 2)).toEqual([]);
    expect(await openAlerts(store())).toEqual([open]);
    expect(await settle(null, 3)).toEqual([{ ...open, state: 'resolved' }]);
    expect(await settle(null, 4)).toEqual([]);
    expect(await openAlerts(store())).toEqual([]);
    expect(await settle('again', 5)).toMatchObject([{ state: 'open', since: at(5).toISOString() }]);
  });

  test('keeps sources apart, and lists the oldest first', async () => {
    await settle('b', 2, 'b');
    await settle('a', 3, 'a');
    expect((await openAlerts(store())).map(({ source }) => source)).toEqual(['b', 'a']);
  });
});

describe('pendingAlerts', () => {
  test('are those whose latest change was not sent', async () => {
    const [opened] = await settle('first', 1);
    expect(await pendingAlerts(store(), (source) => source === 'news')).toEqual([opened]);
    await markNotified(store(), opened!);
    expect(await pendingAlerts(store(), (source) => source === 'news')).toEqual([]);
    const [resolved] = await settle(null, 2);
    expect(await pendingAlerts(store(), (source) => source === 'news')).toEqual([resolved]);
    await markNotified(store(), resolved!);
    expect(folder.files()).toEqual([]);
  });
});
