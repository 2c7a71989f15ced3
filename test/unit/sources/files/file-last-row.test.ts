import { appendFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileRuns } from './file-runs.ts';

let files: FileRuns;
beforeEach(() => void (files = new FileRuns()));
afterEach(() => files.close());

const codes = ({ pages }: { readonly pages: readonly { readonly warnings?: readonly { code: string }[] }[] }) =>
  pages.flatMap(({ warnings = [] }) => warnings.map(({ code }) => code));

describe.each([
  ['a file', 'a.csv', 'a.csv'],
  ['a glob', 'in/a.csv', 'in/*.csv'],
])('the last row of %s without a newline', (_, name, path) => {
  test('is read if the file is unchanged, and counts as read', async () => {
    files.write(name, 'id,x\n1,a\n2,b');
    const run = await files.run({ path });
    expect(run.values).toEqual([
      { id: '1', x: 'a' },
      { id: '2', x: 'b' },
    ]);
    expect(codes(run)).toEqual([]);
    expect((await files.run({ path })).unchanged).toBe(true);
    appendFileSync(files.path(name), '\r\n3,c\n4\n');
    const more = await files.run({ path });
    expect(more.values).toEqual([{ id: '3', x: 'c' }]);
    expect(more.refused).toEqual([['wrong_shape', 5]]);
    expect((await files.run({ path })).unchanged).toBe(true);
  });

  test('is read again as one record if its text continues: it was a fragment', async () => {
    files.write(name, 'id,x\n1,a\n2,"b"');
    await files.run({ path });
    appendFileSync(files.path(name), '"c"');
    expect((await files.run({ path })).values).toEqual([{ id: '2', x: 'b"c' }]);
    appendFileSync(files.path(name), '\n3,d\n');
    const { values, items } = await files.run({ path });
    expect(values).toEqual([{ id: '3', x: 'd' }]);
    expect(items.map(({ index }) => index)).toEqual([4]);
  });

  test.each([
    ['too few fields', '2', ',b\n'],
    ['a quote that is open', '2,"b', '"\n'],
  ])('waits where it has %s, with a warning', async (__, fragment, rest) => {
    files.write(name, `id,x\n1,a\n${fragment}`);
    const first = await files.run({ path });
    expect(first.values).toEqual([{ id: '1', x: 'a' }]);
    expect(codes(first)).toEqual(['row_waits']);
    appendFileSync(files.path(name), rest);
    const second = await files.run({ path });
    expect(second.values).toEqual([{ id: '2', x: 'b' }]);
    expect(second.refused).toEqual([]);
    expect(codes(second)).toEqual([]);
  });

  test('waits if the file changes during the check', async () => {
    files.write(name, 'id,x\n1,a\n2,b');
    const running = files.run({ path, standStillMs: 400 });
    await new Promise((resolve) => setTimeout(resolve, 150));
    appendFileSync(files.path(name), 'c');
    const run = await running;
    expect(run.values).toEqual([{ id: '1', x: 'a' }]);
    expect(codes(run)).toEqual(['row_waits']);
    expect((await files.run({ path })).values).toEqual([{ id: '2', x: 'bc' }]);
  });
});

test('a file that is unchanged long enough needs no wait', async () => {
  files.write('a.csv', 'id,x\n1,a');
  await new Promise((resolve) => setTimeout(resolve, 60));
  const before = performance.now();
  expect((await files.run({ path: 'a.csv', standStillMs: 50 })).values).toHaveLength(1);
  expect(performance.now() - before).toBeLessThan(2_000);
});

test('a compressed file continues after a last row that was read, and reads a fragment again', async () => {
  const path = 'a.csv.gz';
  files.write(path, gzipSync('id,x\n1,a\n2,b'));
  expect((await files.run({ path })).values).toHaveLength(2);
  appendFileSync(files.path(path), gzipSync('\n3,c'));
  expect((await files.run({ path })).values).toEqual([{ id: '3', x: 'c' }]);
  appendFileSync(files.path(path), gzipSync('d\n'));
  expect((await files.run({ path })).values).toEqual([{ id: '3', x: 'cd' }]);
});

test('a file in UTF-16 continues after a last row that was read', async () => {
  const path = 'a.csv';
  files.write(path, Buffer.from('\ufeffid,x\r\n1,a\r\n2,b', 'utf16le'));
  expect((await files.run({ path })).values).toHaveLength(2);
  appendFileSync(files.path(path), Buffer.from('\r\n3,c\r\n', 'utf16le'));
  expect((await files.run({ path })).values).toEqual([{ id: '3', x: 'c' }]);
});

test('a comment without a newline is not a row, nor is its rest', async () => {
  const csv = { delimiter: ',', quote: '"', header: true, encoding: null, comment: '#' };
  files.write('a.csv', 'id,x\n1,a\n# made b');
  expect((await files.run({ path: 'a.csv', csv })).values).toHaveLength(1);
  await files.run({ path: 'a.csv', csv });
  appendFileSync(files.path('a.csv'), 'y us, you\n2,b\n');
  expect((await files.run({ path: 'a.csv', csv })).values).toEqual([{ id: '2', x: 'b' }]);
});

test('a broken JSON line refused without its newline is read again if it continues', async () => {
  const path = 'a.ndjson';
  files.write(path, '{"id":1}\n{"id":2');
  const first = await files.run({ path });
  expect(first.values).toEqual([{ id: 1 }]);
  expect(codes(first)).toEqual(['row_waits']);
  expect((await files.run({ path })).refused).toEqual([['invalid_json', 2]]);
  appendFileSync(files.path(path), ',"x":3}\n{"id":4}\n');
  const { values, refused } = await files.run({ path });
  expect(values).toEqual([{ id: 2, x: 3 }, { id: 4 }]);
  expect(refused).toEqual([]);
});

test('a JSON line that was read without its newline is not read again once it has it, nor counted twice', async () => {
  files.write('a.ndjson', '{"id":1}\n{"id":2}');
  expect((await files.run({ path: 'a.ndjson' })).values).toEqual([{ id: 1 }, { id: 2 }]);
  appendFileSync(files.path('a.ndjson'), '\n\n{"id":3}\n{"id":4}\n{"id":5');
  const { values, items } = await files.run({ path: 'a.ndjson' });
  expect(values).toEqual([{ id: 3 }, { id: 4 }]);
  expect(items.map(({ index }) => index)).toEqual([4, 5]);
  appendFileSync(files.path('a.ndjson'), '0}\n');
  const last = await files.run({ path: 'a.ndjson' });
  expect(last.values).toEqual([{ id: 50 }]);
  expect(last.items.map(({ index }) => index)).toEqual([6]);
});
