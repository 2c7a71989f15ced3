import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunRef } from '../../../../src/domain/run/batch.ts';
import { BatchDamaged, BatchGone } from '../../../../src/domain/errors.ts';
import type { AcceptedRecord } from '../../../../src/domain/run/record.ts';
import { formatMicros } from '../../../../src/domain/time/timestamp.ts';
import {
  deleteBatch,
  maxBatchBytes,
  maxBatchRecords,
  readBatch,
  splitBatches,
  spoolRecords,
} from '../../../../src/store/delivery/batches.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { RecentBatches } from '../../../../src/store/delivery/recent-batches.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';
import { anyCharacter } from '../../../support/any-character.ts';

const folder = useTemporaryFolder();
const open = () => createDirectoryStore(folder.path);
const run: RunRef = { source: 'news', workflowId: 'scrape-news-2026-11-23T15:00:00Z', firstRunId: 'run' };
const now = new Date('2026-11-23T15:38:06.209Z');

function accepted(sourceId: string, payload = '{}', occurredAt = 0n): AcceptedRecord {
  return { sourceId, payload, occurredAt, repaired: false, timeFromRecord: true };
}

const spool = (records: readonly AcceptedRecord[], reference = run, number = 0) =>
  spoolRecords(open(), reference, number, records, now);

describe('spoolRecords', () => {
  test('returns the records unchanged, with any ids and payloads', async () => {
    const piece = fc.constantFrom('"', '\\', '\\"', '",', '\n', '\r', '\t', '],[', '\u2028', '\u0001', 'é', '😀', 'a');
    const id = fc.oneof(
      fc.array(piece, { minLength: 1 }).map((pieces) => pieces.join('')),
      fc.string({ minLength: 1, unit: anyCharacter }),
    );
    const time = fc.bigInt(-62_135_596_800_000_000n, 253_402_300_799_999_999n);
    const payload = fc.oneof(
      fc.json(),
      id.map((text) => JSON.stringify({ text })),
    );
    const records = fc.array(fc.tuple(id, payload, time), { minLength: 1 });
    const store = open();
    await fc.assert(
      fc.asyncProperty(records, async (tuples) => {
        const given = tuples.map((tuple) => accepted(...tuple));
        const recent = new RecentBatches();
        const [reference, ...more] = await spoolRecords(store, run, 0, given, now, recent);
        expect(more).toEqual([]);
        expect(recent.take(reference!, 'csv')).toEqual(await readBatch(store, reference!));
        expect(await readBatch(store, reference!)).toEqual(
          given.map(({ sourceId, occurredAt, payload: text }) => ({
            sourceId,
            occurredAt: formatMicros(occurredAt),
            payload: text,
          })),
        );
      }),
      { numRuns: 150 },
    );
  });

  test('numbers batches from the given number on, and says what each holds', async () => {
    const records = Array.from({ length: 12_003 }, (_, n) => accepted(String(n)));
    const references = await spool(records, run, 7);
    expect(references.map(({ number, records: count }) => [number, count])).toEqual([
      [7, 5_000],
      [8, 5_000],
      [9, 2_003],
    ]);
    expect(references[0]).toMatchObject({ ...run, ingestedAt: '2026-11-23T15:38:06.209Z' });
    const read = (await Promise.all(references.map(async (reference) => readBatch(open(), reference)))).flat();
    expect(read.map(({ sourceId }) => sourceId)).toEqual(records.map(({ sourceId }) => sourceId));
  });

  test('again replaces a damaged batch of an earlier attempt', async () => {
    const records = [accepted('a'), accepted('b')];
    await spool(records);
    const [path] = folder.files();
    truncateSync(join(folder.path, path!), 3);
    const [again] = await spool(records);
    expect(await readBatch(open(), again!)).toHaveLength(2);
  });

  test('again stores the same batch once; another run or number is another batch', async () => {
    const records = [accepted('a'), accepted('b')];
    const [first] = await spool(records);
    const [again] = await spoolRecords(open(), run, 0, records, new Date('2026-11-23T16:00:00Z'));
    expect(again?.hash).toBe(first?.hash);
    expect(folder.files()).toHaveLength(1);
    const [otherNumber] = await spool(records, run, 1);
    const [otherRun] = await spool(records, { ...run, firstRunId: 'other' });
    expect(new Set([first?.hash, otherNumber?.hash, otherRun?.hash]).size).toBe(3);
  });

  test('makes no batch of no records', async () => {
    expect(await spool([])).toEqual([]);
    expect(folder.files()).toEqual([]);
  });

  const hostile = [
    '../..',
    '..',
    '.',
    '/etc/passwd',
    'a/b',
    'a%2Fb',
    'C:\\x',
    '.hidden',
    'ü'.repeat(150),
    'x'.repeat(300),
    '\0',
    'con ',
  ];

  test('keeps runs of any id apart, inside the spool, under names that file systems take', async () => {
    const references = await Promise.all(
      hostile.flatMap((id) => [
        spool([accepted(id)], { ...run, workflowId: id }),
        spool([accepted(id)], { ...run, firstRunId: id }),
      ]),
    );
    const files = folder.files();
    expect(files).toHaveLength(hostile.length * 2);
    for (const file of files) {
      expect(file).toMatch(/^spool\/news\/[A-Za-z0-9_%-]+\/[A-Za-z0-9_%-]+\/[0-9a-f]{64}$/);
      expect(Math.max(...file.split('/').map((part) => part.length))).toBeLessThanOrEqual(100);
    }
    for (const reference of references.flat()) expect(await readBatch(open(), reference)).toHaveLength(1);
  });
});

describe('readBatch', () => {
  test('of a batch that was deleted fails as BatchGone, which is not retried', async () => {
    const [reference] = await spool([accepted('a')]);
    await deleteBatch(open(), reference!);
    expect(folder.files()).toEqual([]);
    await expect(readBatch(open(), reference!)).rejects.toBeInstanceOf(BatchGone);
    await expect(readBatch(open(), reference!)).rejects.toMatchObject({ next: 'never' });
    await deleteBatch(open(), reference!);
  });

  test('of a batch that is not what was spooled, in any way, fails as BatchDamaged', async () => {
    const [reference] = await spool(Array.from({ length: 5 }, (_, n) => accepted(`id-${n}`, `{"n":${n}}`)));
    const path = join(folder.path, folder.files()[0]!);
    const whole = readFileSync(path);
    const cut = fc.nat({ max: whole.length - 1 }).map((length) => whole.subarray(0, length));
    const flipped = fc.tuple(fc.nat({ max: whole.length - 1 }), fc.integer({ min: 1, max: 255 })).map(([at, bits]) => {
      const copy = Buffer.from(whole);
      copy[at] = copy[at]! ^ bits;
      return copy;
    });
    const longer = fc.uint8Array({ minLength: 1 }).map((more) => Buffer.concat([whole, more]));
    await fc.assert(
      fc.asyncProperty(fc.oneof(cut, flipped, longer), async (content) => {
        writeFileSync(path, content);
        await expect(readBatch(open(), reference!)).rejects.toBeInstanceOf(BatchDamaged);
      }),
    );
    writeFileSync(path, whole);
    await expect(readBatch(open(), reference!)).resolves.toHaveLength(5);
    await expect(readBatch(open(), { ...reference!, records: 4 })).rejects.toMatchObject({ next: 'never' });
  });
});

describe('splitBatches', () => {
  const mebibyte = 1024 * 1024;
  const payloads = new Map([2, 1_000, mebibyte, 3 * mebibyte, 9 * mebibyte].map((size) => [size, 'x'.repeat(size)]));
  const sizes = fc.array(
    fc.oneof(
      fc.constantFrom(...payloads.keys()).map((size) => [size]),
      fc.integer({ min: 1, max: 11_000 }).map((count) => Array.from({ length: count }, () => 2)),
    ),
    { maxLength: 10 },
  );

  test('keeps the order, and both limits but for a single larger record', () => {
    fc.assert(
      fc.property(sizes, (groups) => {
        const records = groups.flat().map((size, n) => accepted(String(n), payloads.get(size)));
        const batches = splitBatches(records);
        expect(batches.flat().map(({ sourceId }) => sourceId)).toEqual(records.map(({ sourceId }) => sourceId));
        for (const batch of batches) {
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(maxBatchRecords);
          const bytes = batch.reduce((sum, { payload }) => sum + payload.length, 0);
          expect(batch.length === 1 || bytes <= maxBatchBytes).toBe(true);
        }
      }),
    );
  });

  test('counts bytes, not characters', () => {
    const payload = JSON.stringify('語'.repeat(mebibyte));
    const batches = splitBatches(Array.from({ length: 6 }, (_, n) => accepted(String(n), payload)));
    for (const batch of batches) expect(batch.length * Buffer.byteLength(payload)).toBeLessThanOrEqual(maxBatchBytes);
  });

  test('makes no more batches than it must', () => {
    const records = Array.from({ length: 10_001 }, (_, n) => accepted(String(n)));
    expect(splitBatches(records).map(({ length }) => length)).toEqual([5_000, 5_000, 1]);
    expect(splitBatches([])).toEqual([]);
  });
});
