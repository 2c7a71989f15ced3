import { appendFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listDeadLetters } from '../../../src/store/dead-letters/dead-letters.ts';
import { createDirectoryStore } from '../../../src/store/blobs/directory-store.ts';
import { TestWorker } from '../../support/test-worker.ts';

let testWorker: TestWorker;

beforeAll(async () => {
  const source = (name: string, path: string) =>
    `  - { name: ${name}, type: file, path: ${path}, id: id, occurred_at: at, retry: { max_attempts: 1 } }`;
  testWorker = await TestWorker.create(
    [
      'version: 1',
      'sources:',
      source('grows', 'grows.ndjson'),
      source('tail', 'tail.ndjson'),
      source('shrinks', 'shrinks.ndjson'),
      source('zipped', 'zipped.ndjson.gz'),
      source('many', 'many.ndjson'),
      source('missing', 'missing.ndjson'),
      source('shape', 'shape.ndjson'),
    ].join('\n'),
  );
});
afterAll(async () => testWorker.close());

const line = (id: string | number) => `{"id":"${id}","at":"2026-11-01T00:00:00Z"}\n`;
const letters = (source: string) => listDeadLetters(createDirectoryStore(testWorker.path('data')), { source });
const stored = (source: string) =>
  testWorker.database.count('select count(*) from raw_events where source = $1', [source]);

describe('a file of JSON lines', () => {
  test('that grew is continued, and an unchanged one costs nothing', async () => {
    writeFileSync(testWorker.path('grows.ndjson'), `\ufeff${line(1)}\n  \r\n${line(2)}`);
    expect(await testWorker.run('grows')).toMatchObject({ outcome: 'ok', fetched: 2, pages: 1 });
    const files = testWorker.storedFiles();
    expect(await testWorker.run('grows')).toMatchObject({ outcome: 'unchanged', fetched: 0 });
    expect(testWorker.storedFiles()).toEqual(files);
    appendFileSync(testWorker.path('grows.ndjson'), line(3));
    expect(await testWorker.run('grows')).toMatchObject({ outcome: 'ok', fetched: 1, postgres: { written: 1 } });
  });

  test('with an unfinished last line waits for its end, then reads it', async () => {
    const file = testWorker.path('tail.ndjson');
    writeFileSync(file, `${line('a')}{"id":"b","at":`);
    expect(await testWorker.run('tail')).toMatchObject({ fetched: 1, rejected: 0 });
    appendFileSync(file, `"2026-11-01T00:00:00Z"}`);
    // Whole JSON without its newline is taken.
    expect(await testWorker.run('tail')).toMatchObject({ fetched: 1, postgres: { written: 1 } });
    appendFileSync(file, `\n${line('c')}{"broken`);
    expect(await testWorker.run('tail')).toMatchObject({ fetched: 1, rejected: 0 });
    // It was unchanged for a whole run.
    expect(await testWorker.run('tail')).toMatchObject({ outcome: 'partial', fetched: 1, rejected: 1 });
    expect(await letters('tail')).toMatchObject([{ reason: 'invalid_json', index: 4, record: '{"broken' }]);
    expect(await testWorker.run('tail')).toMatchObject({ outcome: 'unchanged', fetched: 0 });
  });

  test('that shrank or has another beginning is read from the start', async () => {
    const file = testWorker.path('shrinks.ndjson');
    writeFileSync(file, line(1) + line(2) + line(3));
    await testWorker.run('shrinks');
    writeFileSync(file, line(1) + line(4));
    expect(await testWorker.run('shrinks')).toMatchObject({ fetched: 2, postgres: { written: 1, duplicate: 1 } });
    writeFileSync(file, line(5) + line(6) + line(7) + line(8));
    expect(await testWorker.run('shrinks')).toMatchObject({ fetched: 4, postgres: { written: 4 } });
  });

  test('with broken lines stores their neighbours', async () => {
    writeFileSync(testWorker.path('grows.ndjson'), `${line('n1')}not json\n[1]\n${line('n2')}{"id":"n3","at":"x"}\n`);
    expect(await testWorker.run('grows')).toMatchObject({ fetched: 5, accepted: 2, rejected: 3 });
    expect((await letters('grows')).map(({ reason, index }) => [reason, index])).toEqual([
      ['invalid_json', 2],
      ['wrong_shape', 3],
      ['invalid_time', 5],
    ]);
  });

  test('of 12,003 records is stored whole, in several batches', async () => {
    writeFileSync(testWorker.path('many.ndjson'), Array.from({ length: 12_003 }, (_, n) => line(n)).join(''));
    const receipt = await testWorker.run('many');
    expect(receipt).toMatchObject({
      fetched: 12_003,
      batches: 3,
      csv: { written: 12_003 },
      postgres: { written: 12_003 },
    });
    expect(new Set(testWorker.csv('many').map((row) => row['source_id'])).size).toBe(12_003);
    // Nothing is left in the spool.
    expect(testWorker.files('data', 'spool')).toEqual([]);
  });

  test('that is missing fails the run with its path', async () => {
    const { type, message } = await testWorker.runToFailure('missing');
    expect(type).toBe('SourceRefused');
    expect(message).toContain(testWorker.path('missing.ndjson'));
  });

  test('is read again after its source shapes records otherwise', async () => {
    writeFileSync(testWorker.path('shape.ndjson'), `{"key":"k1","at":"2026-11-01T00:00:00Z"}\n`);
    expect(await testWorker.run('shape')).toMatchObject({ rejected: 1 });
    testWorker.configure(
      `version: 1\nsources: [{ name: shape, type: file, path: shape.ndjson, id: key, occurred_at: at }]`,
    );
    expect(await testWorker.run('shape')).toMatchObject({ outcome: 'ok', postgres: { written: 1 } });
  });
});

describe('a compressed file', () => {
  test('is decoded, and a member appended is continued with', async () => {
    const file = testWorker.path('zipped.ndjson.gz');
    testWorker.configure(
      `version: 1\nsources: [{ name: zipped, type: file, path: zipped.ndjson.gz, id: id, occurred_at: at }]`,
    );
    writeFileSync(file, gzipSync(Array.from({ length: 7_000 }, (_, n) => line(n)).join('')));
    expect(await testWorker.run('zipped')).toMatchObject({ fetched: 7_000, postgres: { written: 7_000 } });
    appendFileSync(file, gzipSync(line('more')));
    expect(await testWorker.run('zipped')).toMatchObject({ fetched: 1, postgres: { written: 1 } });
    expect(await stored('zipped')).toBe(7_001);
  });

  test('that is cut short fails the run after what could be read is stored', async () => {
    const whole = gzipSync(Array.from({ length: 20_000 }, (_, n) => line(`cut-${n}-${Math.random()}`)).join(''));
    testWorker.configure(
      `version: 1\nsources: [{ name: cut, type: file, path: cut.ndjson.gz, id: id, occurred_at: at, retry: { max_attempts: 1 } }]`,
    );
    writeFileSync(testWorker.path('cut.ndjson.gz'), whole.subarray(0, whole.length - 10_000));
    const { type, message, receipt } = await testWorker.runToFailure('cut');
    expect(type).toBe('SourceUnavailable');
    expect(message).toContain('incomplete gzip');
    expect(receipt?.postgres.written).toBeGreaterThan(10_000);
    expect(await stored('cut')).toBe(receipt?.postgres.written);
    writeFileSync(testWorker.path('cut.ndjson.gz'), whole);
    await testWorker.run('cut');
    expect(await stored('cut')).toBe(20_000);
  });
});
