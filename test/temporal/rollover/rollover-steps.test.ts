import { mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { temporaryIn } from '../../../src/store/blobs/temporary-files.ts';
import { readRollover } from '../../../src/status/rollover.ts';
import type { RolloverResult } from '../../../src/workflows/rollover/partition-rollover.ts';
import { TestWorker } from '../../support/test-worker.ts';
import { until } from '../../support/until.ts';

const past = '2026-11-20';
const day = 24 * 3_600_000;
const sources = ['one', 'two'] as const;
let testWorker: TestWorker;

beforeAll(async () => {
  const source = (name: string) => `  - { name: ${name}, type: file, path: ${name}.ndjson, id: id, occurred_at: at }`;
  testWorker = await TestWorker.create(`version: 1\nsources:\n${sources.map(source).join('\n')}\n`);
});
afterAll(async () => testWorker.close());
afterEach(() => testWorker.clearData());

/** Polls a source, and lets it have been on a past day. */
async function ingest(source: string): Promise<void> {
  writeFileSync(testWorker.path(`${source}.ndjson`), `{"id":"${Math.random()}","at":"2026-11-01T00:00:00Z"}\n`);
  await testWorker.run(source);
  const folder = testWorker.path('data', 'csv', source);
  const [today = ''] = readdirSync(folder).filter((name) => name !== past);
  renameSync(`${folder}/${today}`, `${folder}/${past}`);
}

let count = 0;
const start = () =>
  testWorker.client.workflow.start('partitionRollover', {
    workflowId: `rollover-${testWorker.taskQueue}-${count++}`,
    taskQueue: testWorker.taskQueue,
    args: [{}],
  });
const isSealed = (source: string) =>
  testWorker.files('data', 'csv', source).some((path) => path.endsWith(`${past}.csv.gz`));

/** The lock of a sealer on another machine; `ageMs` since it renewed it. */
function lock(source: string, ageMs: number): string {
  const path = testWorker.path('data', 'csv', source, '.seal.lock');
  writeFileSync(path, 'elsewhere/4711/x');
  const at = new Date(Date.now() - ageMs);
  utimesSync(path, at, at);
  return path;
}

describe('a rollover', () => {
  test('whose source is locked by another machine does everything else, and says what it waits for', async () => {
    for (const source of sources) await ingest(source);
    const path = lock('one', 0);
    const renewal = setInterval(() => writeFileSync(path, 'elsewhere/4711/x'), 1_000);
    const handle = await start();
    try {
      const details = async () => JSON.stringify(await handle.query('__temporal_workflow_metadata'));
      await until('the other steps are done', async () => /retire \| done/.test(await details()));
      expect(await details()).toMatch(/seal CSV days \| running/);
      await until('the other source is sealed', () => isSealed('two'));
      expect(isSealed('one')).toBe(false);
      const waits = 'one: process 4711 of elsewhere is writing to its journal';
      await until('it says so', async () =>
        (await readRollover(testWorker.client, testWorker.instance)).waits.includes(waits),
      );
      expect(testWorker.logs).toContainEqual(expect.objectContaining({ msg: 'The journal is busy', waits_for: waits }));
    } finally {
      clearInterval(renewal);
      rmSync(path);
    }
    expect(await handle.result()).toMatchObject({ failed: [], csv: { sealedCount: 2 } });
    expect(isSealed('one')).toBe(true);
    expect((await readRollover(testWorker.client, testWorker.instance)).waits).toEqual([]);
  });

  test.each([
    ['of a time to come', -25 * 3_600_000],
    ['that was not renewed for a minute', 61_000],
  ])('takes over a lock %s at once', async (_what, ageMs) => {
    await ingest('one');
    lock('one', ageMs);
    expect(await (await start()).result()).toMatchObject({ failed: [], csv: { sealed: [`one ${past}`] } });
    expect(testWorker.files('data', 'csv', 'one').map((path) => path.split('/').at(-1))).toEqual([
      `${past}.csv.gz`,
      `${past}.json`,
    ]);
  });

  test('deletes leftovers of killed writes from days ago, and their folders', async () => {
    await ingest('one');
    const left = (ageMs: number, ...folders: string[]) => {
      mkdirSync(testWorker.path('data', ...folders), { recursive: true });
      const path = temporaryIn(testWorker.path('data', ...folders));
      writeFileSync(path, 'half');
      const at = new Date(Date.now() - ageMs);
      for (const one of [path, testWorker.path('data', ...folders)]) utimesSync(one, at, at);
      return path;
    };
    left(5 * day, 'spool', 'one', 'killed', 'run');
    left(5 * day, 'csv', 'one', '2026-11-10');
    left(5 * day, 'receipts', 'one');
    const young = left(60_000, 'spool', 'one', 'under-way', 'run');
    expect((await (await start()).result()) as RolloverResult).toMatchObject({ failed: [], leftovers: 3 });
    expect(testWorker.files('data').filter((path) => path.endsWith('.tmp'))).toEqual([young]);
    expect(readdirSync(testWorker.path('data', 'csv', 'one'))).not.toContain('2026-11-10');
    expect(readdirSync(testWorker.path('data', 'spool', 'one', 'killed'))).toEqual([]);
  });
});
