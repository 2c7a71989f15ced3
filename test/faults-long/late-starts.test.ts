import { noPauses } from '../support/no-pauses.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newScheduleOptions } from '../../src/temporal/schedules/schedule-options.ts';
import { parseConfig } from '../../src/config/file/parse-config.ts';
import { lateMs } from '../../src/domain/monitoring/schedule-starts.ts';
import { TestWorker } from '../support/test-worker.ts';
import { startTemporalServer, type TestServer } from '../support/servers/temporal-server.ts';
import { until } from '../support/until.ts';

const yaml =
  'version: 1\nsources: [{ name: lines, type: file, path: lines.ndjson, id: id, occurred_at: at, schedule: { every: 5s, jitter: 0s } }]';
let server: TestServer;
let testWorker: TestWorker;

beforeAll(async () => {
  server = await startTemporalServer([]);
  testWorker = await TestWorker.create(yaml, {}, server.address);
  writeFileSync(testWorker.path('lines.ndjson'), '{"id":"1","at":"2026-11-01T00:00:00Z"}\n');
});
afterAll(async () => {
  server.hold(false);
  await testWorker.close();
  await server.stop();
});

const series = async (name: string) => {
  const text = (await testWorker.worker?.metrics()) ?? '';
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  return line === undefined ? null : Number(line.split(' ')[1]);
};
const started = (result: string) => series(`daybook_schedule_starts_total{source="lines",result="${result}"}`);

test('late and skipped starts of a busy server are counted', async () => {
  const [source] = parseConfig(yaml, testWorker.path('daybook.yaml'), () => undefined).sources;
  const owner = { instance: testWorker.instance, storeId: null, knows: async () => true, pauses: noPauses };
  if (!source?.schedule) throw new Error('expected a schedule');
  const { state: _, ...options } = newScheduleOptions(source, source.schedule, owner, {
    hasAttribute: true,
    isNow: false,
  });
  const { action } = options;
  await testWorker.client.schedule.create({ ...options, action: { ...action, taskQueue: testWorker.taskQueue } });
  await until('starts are counted', async () => ((await started('on_time')) ?? 0) >= 2, 60_000);
  expect(await started('late')).toBe(0);
  expect(await series('daybook_source_health{source="lines",health="late"}')).toBe(0);
  server.hold(true);
  await sleep(lateMs + 8_000);
  server.hold(false);
  // One that was due just before the server stopped may be late as well.
  await until('the late start is counted', async () => ((await started('late')) ?? 0) >= 1, 60_000);
  await until('skipped ones are counted', async () => ((await started('skipped')) ?? 0) >= 5, 60_000);
  await until('the runs that were begun have ended', () => testWorker.receipts.length > 3, 60_000);
  await until(
    'starts are on time again',
    async () => {
      const delay = await series('daybook_schedule_delay_seconds{source="lines"}');
      return delay !== null && delay < 5 && (await series('daybook_source_health{source="lines",health="ok"}')) === 1;
    },
    200_000,
  );
  expect([1, 2]).toContain(await started('late'));
}, 400_000);
