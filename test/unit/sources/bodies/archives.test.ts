import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMemoryStore } from '../../../support/memory-store.ts';
import { startOrigin, type Origin } from '../../../support/servers/origin.ts';
import { zipOf, type ZipEntry } from '../zip-files.ts';
import { at, csvRows, failureOf, planFor, poll } from './body-polls.ts';

let origin: Origin;
beforeAll(async () => {
  origin = await startOrigin();
});
afterAll(() => origin.close());

const csv = `id,at\na,${at}\n`;
const other = `id,at\nb,${at}\n`;
const named = (name: string, content: string | Buffer = csv): ZipEntry => ({ name, content });

async function read(entries: readonly ZipEntry[], ...lines: string[]) {
  const archive = zipOf(entries);
  origin.answer((_url, response) => void response.setHeader('content-type', 'application/zip').end(archive));
  return poll(planFor(`${origin.url}/export.zip`, ...lines));
}

describe('a ZIP archive', () => {
  test.each<[what: string, entries: ZipEntry[], lines: string[]]>([
    ['its only file', [named('data/x.csv')], []],
    ['its only file, of a format that is said', [named('export')], ['format: csv']],
    [
      'the only file of the format',
      [named('README.md', 'read me'), named('x.csv'), named('x.xml', '<a/>')],
      ['format: csv'],
    ],
    ['the only file of any format', [named('LICENSE', 'MIT'), named('x.csv')], []],
    ['beside what macOS adds', [named('x.csv'), named('__MACOSX/._x.csv', 'junk'), named('.DS_Store', 'junk')], []],
    ['by its name', [named('a.csv'), named('b.csv', other)], ['entry: a.csv']],
    ['by a pattern', [named('2025/b.csv', other), named('2026/a.csv')], ['entry: 2026/*.csv']],
    ['by a pattern of its last part', [named('x/b-old.csv', other), named('x/a-new.csv')], ['entry: "*-new.csv"']],
    ['JSON', [named('x.json', JSON.stringify([{ id: 'a', at }]))], ['format: json']],
    ['JSON lines by the name', [named('x.ndjson', JSON.stringify({ id: 'a', at }))], []],
  ])('is read: %s', async (_what, entries, lines) => {
    expect((await read(entries, ...lines)).ids).toEqual(['a']);
  });

  test.each<[what: string, entries: ZipEntry[], lines: string[], message: string]>([
    ['several that fit', [named('a.csv'), named('b.csv')], [], 'with 2 files: a.csv, b.csv; expected one; set entry'],
    ['none of the format', [named('a.txt'), named('b.txt')], ['format: csv'], 'expected one of format csv; set entry'],
    ['a pattern without a match', [named('a.csv')], ['entry: b.csv'], 'matches entry "b.csv", and none does'],
    ['a pattern with two', [named('a.csv'), named('b.csv')], ['entry: "*.csv"'], 'and 2 do'],
    ['an empty archive', [], [], 'without files'],
  ])('is refused with the names of its files: %s', async (_what, entries, lines, message) => {
    const error = await failureOf(read(entries, ...lines));
    expect(error.type).toBe('WrongShape');
    expect(error.message).toContain(message);
  });

  test('that is cut off, or has a broken file, fails', async () => {
    const archive = zipOf([named('x.csv', csvRows(1_000))]);
    origin.answer((_url, response) => void response.end(archive.subarray(0, archive.length - 40)));
    const cut = await failureOf(poll(planFor(`${origin.url}/x.csv.zip`)));
    expect(cut.type).toBe('UnreadableBody');
    const broken = Buffer.from(archive);
    broken.fill(0xff, 200, 260);
    origin.answer((_url, response) => void response.end(broken));
    expect((await failureOf(poll(planFor(`${origin.url}/x.csv.zip`)))).type).toBe('UnreadableBody');
  });

  test.each([
    ['a bomb', [named('x.csv', Buffer.alloc(40_000_000, 'x'))], 'more than 500 times'],
    ['one of too many files', Array.from({ length: 10_001 }, (_, n) => named(`${n}.csv`, '')), 'at most 10000'],
  ])('is refused: %s', async (_what, entries, message) => {
    const error = await failureOf(read(entries));
    expect(error.type).toBe('OverLimit');
    expect(error.message).toContain(message);
  });

  test('that is small may hold a large file', async () => {
    const { ids } = await read([named('x.csv', csvRows(3_000))]);
    expect(ids).toHaveLength(3_000);
  });

  test('that is large is copied first, for the list of its files is at its end', async () => {
    const noise = randomBytes(100_000);
    const archive = zipOf([named('noise.bin', noise), named('x.csv', csvRows(3_000))]);
    origin.answer((_url, response) => void response.end(archive));
    const store = createMemoryStore();
    const { ids } = await poll(planFor(`${origin.url}/x.zip`), { store, atOnce: 1_000, forgets: true });
    expect(ids).toHaveLength(3_000);
  });
});
