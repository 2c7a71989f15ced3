import { beforeEach, describe, expect, test } from 'vitest';
import type { Alert } from '../../../../src/domain/monitoring/alert.ts';
import { createLogger } from '../../../../src/worker/logger.ts';
import { AlertMemory } from '../../../../src/worker/storage/alert-memory.ts';

const alert: Alert = {
  name: 'store',
  source: 'daybook',
  state: 'open',
  since: '2026-11-01T09:00:00.000Z',
  message: 'full',
};
let logged: Record<string, unknown>[];
let posted: Alert[];
let isAway: boolean;
let memory: AlertMemory;
beforeEach(() => {
  [logged, posted, isAway] = [[], [], false];
  const write = (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>);
  memory = new AlertMemory(createLogger({ level: 'info', redact: (text) => text, write }));
  memory.setWebhook(async (found) => {
    if (isAway) throw new Error('away');
    posted.push(found);
  });
});

describe('AlertMemory', () => {
  test('logs, posts and shows an alert once, with its latest message', async () => {
    memory.open(alert);
    memory.open({ ...alert, since: '2026-11-01T09:01:00.000Z', message: 'fuller' });
    await memory.send();
    await memory.send();
    expect(memory.all()).toEqual([{ ...alert, message: 'fuller' }]);
    expect(posted).toEqual([{ ...alert, message: 'fuller' }]);
    expect(logged).toMatchObject([{ event: 'alert', name: 'store', state: 'open', message: 'full' }]);
  });

  test('reports its end', async () => {
    memory.open(alert);
    await memory.send();
    memory.resolve(alert);
    await memory.send();
    expect(memory.all()).toEqual([]);
    expect(posted.map(({ state }) => state)).toEqual(['open', 'resolved']);
    expect(logged.at(-1)).toMatchObject({ msg: 'Alert resolved', name: 'store' });
  });

  test('tells a webhook that was away once it is back, and nothing that is over by then', async () => {
    isAway = true;
    memory.open(alert);
    memory.open({ ...alert, source: 'news', name: 'run_failed' });
    await memory.send();
    expect(logged.at(-1)).toMatchObject({ msg: 'Alert webhook rejected an alert', error: 'away' });
    memory.resolve(alert);
    isAway = false;
    await memory.send();
    expect(posted).toMatchObject([{ source: 'news', name: 'run_failed' }]);
  });

  test('does not tell again of one that came back before its end was told', async () => {
    memory.open(alert);
    await memory.send();
    memory.resolve(alert);
    memory.open(alert);
    await memory.send();
    expect(posted).toHaveLength(1);
    expect(memory.all()).toHaveLength(1);
  });

  test('says last what the store has of the same name', async () => {
    memory.open(alert);
    await memory.send();
    memory.resolve(alert, { ...alert, message: 'a file is damaged' });
    await memory.send();
    expect(posted.at(-1)).toMatchObject({ state: 'open', message: 'a file is damaged' });
  });

  test('forgets without a word what the store has taken', async () => {
    memory.open(alert);
    memory.forget(alert);
    await memory.send();
    expect(memory.all()).toEqual([]);
    expect(posted).toEqual([]);
  });
});
