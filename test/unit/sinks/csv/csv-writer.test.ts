import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { csvContent } from '../../../../src/formats/csv/csv.ts';
import { SinkUnavailable } from '../../../../src/domain/errors.ts';
import type { SpooledRecord } from '../../../../src/domain/run/record.ts';
import { createCsvWriter } from '../../../../src/sinks/csv/csv-writer.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { journalPaths } from '../../../../src/store/paths/paths.ts';
import { batchOf, context, record, records } from '../records.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'daybook-csv-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The part of some records, by its name. */
const partOf = (content: readonly SpooledRecord[]) => {
  const text = csvContent('news', content);
  const sha256 = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return `news/2026-11-23/20261123T153806209Z-5f2c0a9be1d34477-${content.length}-${sha256}.csv`;
};
const sha256Of = (name: string) =>
  createHash('sha256')
    .update(readFileSync(join(folder, name)))
    .digest('hex')
    .slice(0, 16);
const writerIn = (path: string) => createCsvWriter(createDirectoryStore(path), journalPaths);
const files = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));

describe('the name of a part', () => {
  test('contains source, ingestion day, ingestion time, the beginning of the hash, and the expected content', async () => {
    const twice = [...records(3), ...records(1)];
    await writerIn(folder).write({ ...batchOf([]), hash: '0123456789abcdef0123' }, twice, context);
    const [name = ''] = files();
    expect(name).toBe(`news/2026-11-23/20261123T153806209Z-0123456789abcdef-3-${sha256Of(name)}.csv`);
  });
});

describe('write', () => {
  test('keeps the first record of each id, in page order, and counts the others as duplicate', async () => {
    const content = [
      record('b', { payload: '1' }),
      record('a', { payload: '2' }),
      record('b', { payload: '3', occurredAt: '2026-11-05T00:00:00.000000Z' }),
    ];
    const result = await writerIn(folder).write(batchOf(content), content, context);
    expect(result).toEqual({
      counts: { written: 2, duplicate: 1, refused: 0, expired: 0, deferred: 0 },
      refused: [],
    });
    expect(readFileSync(join(folder, partOf(content.slice(0, 2))), 'utf8')).toBe(
      'source,source_id,occurred_at,payload\n' +
        'news,b,2026-11-01T00:00:00.000000Z,1\n' +
        'news,a,2026-11-01T00:00:00.000000Z,2\n',
    );
  });

  test('again, also beside itself, gives the same file and the same counts', async () => {
    const content = [...records(2_000), ...records(10)];
    const part = partOf(records(2_000));
    const writer = writerIn(folder);
    const write = () => writer.write(batchOf(content), content, context);
    const first = await write();
    const bytes = readFileSync(join(folder, part));
    const again = await Promise.all([write(), write(), write()]);
    expect(again).toEqual([first, first, first]);
    expect(first.counts).toMatchObject({ written: 2_000, duplicate: 10 });
    expect(files()).toEqual([part]);
    expect(readFileSync(join(folder, part)).equals(bytes)).toBe(true);
  });

  test('that fails leaves neither a part nor a piece of one', async () => {
    const part = partOf(records(3));
    // What is instead of the part cannot be replaced by a file.
    mkdirSync(join(folder, part, 'occupied'), { recursive: true });
    writeFileSync(join(folder, part, 'occupied', 'file'), '');
    const write = writerIn(folder).write(batchOf([]), records(3), context);
    await expect(write).rejects.toBeInstanceOf(SinkUnavailable);
    expect(files()).toEqual([join(part, 'occupied', 'file')]);
  });

  test('never shows a reader a part that is not whole', async () => {
    const content = records(20_000);
    const part = partOf(content);
    const writer = writerIn(folder);
    const watch = { done: false };
    const sizes = new Set<number>();
    const reading = (async () => {
      while (!watch.done) {
        const found = await createDirectoryStore(folder).get(part);
        if (found) sizes.add(found.length);
      }
    })();
    for (let n = 0; n < 3; n++) await writer.write(batchOf(content), content, context);
    watch.done = true;
    await reading;
    expect([...sizes]).toEqual([readFileSync(join(folder, part)).length]);
  });
});
