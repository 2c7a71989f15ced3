import { appendFileSync, renameSync, rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SourceRefused, SourceUnavailable, UnreadableBody, WrongShape } from '../../../../src/domain/errors.ts';
import type { CsvPlan } from '../../../../src/domain/plan/source-plan.ts';
import { FileRuns } from './file-runs.ts';
import { filePlan, readerOf } from '../plans.ts';

let files: FileRuns;
beforeEach(() => void (files = new FileRuns()));
afterEach(() => files.close());

const csv = (path: string, fields: Partial<CsvPlan> = {}) => ({ path, csv: { ...filePlan().csv, ...fields } });
const fetched = { path: null, format: 'iso8601', timezone: 'UTC', onMissing: 'fetched_at' } as const;
const everyRecord = { number: 1, days: [], makesDigests: false, hashPages: false, since: null };
const small = (maxRecordBytes: number) => ({ limits: { ...filePlan().limits, maxRecordBytes } });
const messages = (items: readonly object[]) =>
  items.flatMap((item) => ('rejection' in item ? [(item.rejection as { message: string }).message] : []));

describe('a CSV file', () => {
  test('has the names of its header, fields in quotes over several lines, and any end of line', async () => {
    files.write('a.csv', '\ufeffid,text\r\n1,"a ""b"", c"\r\n2,"two\r\nlines"\r\n\r\n3,\r\n');
    expect((await files.run(csv('a.csv'))).values).toEqual([
      { id: '1', text: 'a "b", c' },
      { id: '2', text: 'two\r\nlines' },
      { id: '3', text: '' },
    ]);
  });

  test.each<[string, string, Partial<CsvPlan>, unknown[]]>([
    ['names of its own', '1,a\n', { header: ['n', 's'] }, [{ n: '1', s: 'a' }]],
    ['no names', '1,a\n', { header: false }, [{ 1: '1', 2: 'a' }]],
    ['another delimiter and quote', "n;s\n1;'a;b'\n", { delimiter: ';', quote: "'" }, [{ n: '1', s: 'a;b' }]],
    ['names that repeat', 'n,n,\n1,2,3\n', {}, [{ n: '1', n_2: '2', 3: '3' }]],
    [
      'carriage returns alone',
      'n,s\r1,a\r2,b\r',
      {},
      [
        { n: '1', s: 'a' },
        { n: '2', s: 'b' },
      ],
    ],
    ['quotes within a field', 'n,s\n37.8"N "x",a "b"\n', {}, [{ n: '37.8"N "x"', s: 'a "b"' }]],
    ['a last line without newline', 'n\n1\n2', {}, [{ n: '1' }, { n: '2' }]],
  ])('may have %s', async (_, text, fields, expected) => {
    files.write('a.csv', text);
    expect((await files.run(csv('a.csv', fields))).values).toEqual(expected);
  });

  test.each([
    ['latin1', Buffer.from('n\nCafé\n', 'latin1'), 'iso-8859-1', 'Café'],
    ['UTF-16 by its mark', Buffer.from('\ufeffn\nCafé\n', 'utf16le'), null, 'Café'],
    ['windows-1251', Buffer.from([0x6e, 0x0a, 0xc4, 0xe0, 0x0a]), 'windows-1251', 'Да'],
    ['windows-1252', Buffer.from([0x6e, 0x0a, 0x35, 0x80, 0x0a]), 'windows-1252', '5€'],
  ])('may be in %s', async (_, bytes, encoding, value) => {
    files.write('a.csv', bytes);
    expect((await files.run(csv('a.csv', { encoding }))).values).toEqual([{ n: value }]);
  });

  test.each(['n,x\n1,Müller\n', '"n",x\n1,"Mü, ller"\n'])('says where bytes are not UTF-8: %j', async (text) => {
    files.write('a.csv', Buffer.from(text, 'latin1'));
    const { pages } = await files.run(csv('a.csv'));
    const plan = filePlan({ id: ['n'], occurredAt: fetched });
    const checked = await readerOf(plan).check({ items: pages[0]?.items ?? [], fetchedAt: new Date() }, everyRecord);
    expect(checked.valid).toMatchObject([{ record: { repaired: true } }]);
    expect(checked.valid[0]?.record.payload).toMatch(/M\ufffd/);
    expect(checked.warnings).toMatchObject([
      { code: 'bad_bytes', count: 1, message: expect.stringContaining('set encoding: windows-1252') as string },
    ]);
  });

  test.each([
    ['a.csv', 'n\nMüller\n'],
    ['a.ndjson', '{"n":"Müller"}\n'],
    ['a.json', '[{"n":"Müller"}]'],
  ])('is in the charset of encoding: %s', async (path, text) => {
    files.write(path, Buffer.from(text, 'latin1'));
    expect((await files.run({ path, encoding: 'windows-1252' })).values).toEqual([{ n: 'Müller' }]);
  });

  test('a JSON file says where bytes are not UTF-8, once for the whole file', async () => {
    files.write('a.json', Buffer.from('[{"n":"Müller"},{"n":"Möller"}]', 'latin1'));
    const { pages } = await files.run({ path: 'a.json' });
    expect(pages.flatMap(({ warnings }) => warnings ?? [])).toMatchObject([{ code: 'bad_bytes', count: 2 }]);
  });

  test('with tabs is recognized by its name, gzip too', async () => {
    files.write('a.tsv.gz', gzipSync('n\ts\n1\ta,b\n'));
    expect((await files.run(csv('a.tsv.gz'))).values).toEqual([{ n: '1', s: 'a,b' }]);
  });

  test('refuses rows with their line: misplaced or unclosed quotes, too many or too few fields, too long', async () => {
    files.write('a.csv', `n,s\n1,"a"b\n2,"x\n3,c\n4\n5,d,e\n6,${'x'.repeat(100)}\n7,f\n8,"z"y\n9,g\n`);
    const { values, refused, items } = await files.run({ ...csv('a.csv'), ...small(50) });
    expect(values).toEqual([
      { n: '3', s: 'c' },
      { n: '7', s: 'f' },
      { n: '9', s: 'g' },
    ]);
    expect(refused).toEqual([
      ['wrong_shape', 2],
      ['too_large', 3],
      ['wrong_shape', 5],
      ['wrong_shape', 6],
      ['too_large', 7],
      ['wrong_shape', 9],
    ]);
    expect(messages(items).every((message) => /a\.csv line \d/.test(message))).toBe(true);
  });

  test('whose header is broken fails the run, and says what to set', async () => {
    files.write('a.csv', 'a,"b"c\n1,2\n');
    const { error } = await files.run(csv('a.csv'));
    expect(error).toBeInstanceOf(WrongShape);
    expect((error as Error).message).toMatch(/line 1 .*csv\.header/);
  });

  test('that grows is continued after its last complete row, with its own line numbers', async () => {
    files.write('a.csv', 'n,s\n1,a\n2,"b');
    expect((await files.run(csv('a.csv'))).values).toEqual([{ n: '1', s: 'a' }]);
    appendFileSync(files.path('a.csv'), '\nc"\n3,d\nbroken\n');
    const { values, refused } = await files.run(csv('a.csv'));
    expect(values).toEqual([
      { n: '2', s: 'b\nc' },
      { n: '3', s: 'd' },
    ]);
    expect(refused).toEqual([['wrong_shape', 6]]);
    expect((await files.run(csv('a.csv'))).unchanged).toBe(true);
  });

  test('yields each row once over many fetches, compressed or not', async () => {
    const text = `n\n${Array.from({ length: 5_000 }, (_, n) => `"row ${n}"\n`).join('')}`;
    files.write('plain.csv', text);
    files.write('packed.csv.gz', gzipSync(text));
    for (const path of ['plain.csv', 'packed.csv.gz']) {
      files.state = { ...files.state, file: null };
      const { values, fetches } = await files.run({ ...csv(path), pagesAtOnce: 1 });
      expect(fetches).toBeGreaterThan(3);
      expect(values).toEqual(Array.from({ length: 5_000 }, (_, n) => ({ n: `row ${n}` })));
    }
  });
});

describe('a JSON file', () => {
  test('has its records where the path leads, numbers exact', async () => {
    files.write('a.json', '{"data": {"items": [{"id": 12345678901234567890}, {"id": 2}]}}');
    const { values } = await files.run({ path: 'a.json', records: 'data.items' });
    expect(values).toMatchObject([{ id: { text: '12345678901234567890' } }, { id: 2 }]);
  });

  test('is read again where its content is another, and not where it is the same', async () => {
    files.write('a.json', '[{"id":1}]');
    expect((await files.run({ path: 'a.json' })).values).toHaveLength(1);
    expect((await files.run({ path: 'a.json' })).pages).toMatchObject([{ items: [], end: { notModified: true } }]);
    files.write('a.json', '[{"id":2}]');
    expect((await files.run({ path: 'a.json' })).values).toEqual([{ id: 2 }]);
  });

  test('that is broken or too large fails the run, and says where', async () => {
    files.write('a.json', '[{"id":1},\n  {"id": x}]');
    const broken = (await files.run({ path: 'a.json' })).error;
    expect(broken).toBeInstanceOf(UnreadableBody);
    expect((broken as Error).message).toMatch(/a\.json is not JSON at line 2, column 10/);
    files.write('a.json', JSON.stringify(Array.from({ length: 1_000 }, (_, id) => ({ id }))));
    const large = (await files.run({ path: 'a.json', maxBodyBytes: 1_000 })).error;
    expect((large as Error).message).toMatch(/max_body/);
  });
});

describe('JSON lines', () => {
  test('a line over the limit is cut off, and the file continues after it', async () => {
    files.write('a.ndjson', `{"id":1}\n"${'x'.repeat(200_000)}"\n{"id":3}\n`);
    const { values, refused, items } = await files.run({ ...small(1_000), path: 'a.ndjson' });
    expect(values).toEqual([{ id: 1 }, { id: 3 }]);
    expect(refused).toEqual([['too_large', 2]]);
    expect(JSON.stringify(items).length).toBeLessThan(3_000);
  });
});

describe('a glob', () => {
  const glob = { path: 'in/*.ndjson' };

  test('reads its files in order, each once, then only what is new in any of them', async () => {
    files.write('in/b.ndjson', '{"id":2}\n');
    files.write('in/a.ndjson', '{"id":1}\n');
    files.write('in/c.txt', 'no');
    expect((await files.run(glob)).values).toEqual([{ id: 1 }, { id: 2 }]);
    expect((await files.run(glob)).unchanged).toBe(true);
    files.write('in/0.ndjson', '{"id":3}\n');
    appendFileSync(files.path('in/b.ndjson'), '{"id":4}\n');
    expect((await files.run(glob)).values).toEqual([{ id: 3 }, { id: 4 }]);
    expect((await files.run(glob)).unchanged).toBe(true);
  });

  test('may match files of several formats', async () => {
    files.write('in/a.ndjson', '{"id":"1"}\n');
    files.write('in/b.csv', 'id\n2\n');
    files.write('in/c.json.gz', gzipSync('[{"id":"3"}]'));
    expect((await files.run({ path: 'in/*' })).values).toEqual([{ id: '1' }, { id: '2' }, { id: '3' }]);
  });

  test('continues in the middle of a file from fetch to fetch', async () => {
    for (const name of ['a', 'b', 'c']) {
      files.write(`in/${name}.ndjson`, Array.from({ length: 2_500 }, (_, n) => `{"id":"${name}${n}"}\n`).join(''));
    }
    const { values, fetches } = await files.run({ ...glob, pagesAtOnce: 1 });
    expect(fetches).toBeGreaterThan(8);
    expect(new Set(values.map((value) => (value as { id: string }).id)).size).toBe(7_500);
    expect(values).toHaveLength(7_500);
  });

  test('passes over a file that cannot be read, reads the others, and fails with it at the end', async () => {
    files.write('in/a.ndjson.gz', gzipSync('{"id":1}\n').subarray(0, 15));
    files.write('in/b.ndjson', '{"id":2}\n');
    const first = await files.run({ path: 'in/*' });
    expect(first.values).toEqual([{ id: 2 }]);
    expect(first.error).toBeInstanceOf(SourceUnavailable);
    expect((first.error as Error).message).toContain('a.ndjson.gz');
    files.write('in/a.ndjson.gz', gzipSync('{"id":1}\n'));
    const second = await files.run({ path: 'in/*' });
    expect(second.values).toEqual([{ id: 1 }]);
    expect(second.error).toBe(null);
  });

  test('takes a file under another name for a new one, and forgets one that is gone', async () => {
    files.write('in/a.ndjson', '{"id":1}\n');
    await files.run(glob);
    renameSync(files.path('in/a.ndjson'), files.path('in/b.ndjson'));
    expect((await files.run(glob)).values).toEqual([{ id: 1 }]);
    expect([...files.progress.keys()]).toEqual(['in/b.ndjson']);
  });

  test('a file deleted while the run reads another is passed over with a warning', async () => {
    files.write('in/a.ndjson', Array.from({ length: 3_000 }, (_, n) => `{"id":${n}}\n`).join(''));
    files.write('in/b.ndjson', '{"id":"b"}\n');
    const { values, error } = await files.run({
      ...glob,
      pagesAtOnce: 1,
      beforeFetch: (fetch) => void (fetch === 2 && rmSync(files.path('in/b.ndjson'))),
    });
    expect(values.length).toBe(3_000);
    expect(error).toBe(null);
  });

  test('that matches nothing gives no records', async () => {
    expect(await files.run(glob)).toMatchObject({ values: [], error: null });
  });
});

test('a single file that is not there is refused with its path', async () => {
  await expect(files.run({ path: 'none.csv' })).rejects.toThrow(SourceRefused);
});
