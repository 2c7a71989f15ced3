import { appendFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SourceUnavailable, WrongShape } from '../../../../src/domain/errors.ts';
import type { CsvPlan } from '../../../../src/domain/plan/source-plan.ts';
import { fieldsOf } from '../../../../src/sources/files/csv/csv-fields.ts';
import { followQuotes } from '../../../../src/sources/files/csv/csv-quotes.ts';
import { wideCharset } from '../../../../src/sources/files/text-charset.ts';
import { FileRuns } from './file-runs.ts';
import { filePlan } from '../plans.ts';

let files: FileRuns;
beforeEach(() => void (files = new FileRuns()));
afterEach(() => files.close());

const csv = (path: string, fields: Partial<CsvPlan> = {}) => ({ path, csv: { ...filePlan().csv, ...fields } });

describe('how the lines of a CSV file are written', () => {
  test.each<[string, string, Partial<CsvPlan>, unknown[]]>([
    ['two carriage returns before each newline', 'n,s\r\r\n1,a\r\r\n\r\r\n2,"b"\r\r\n', {}, ['1 a', '2 b']],
    ['carriage returns, and newlines within quotes', 'n,s\r1,"a\nb"\r2,c\r', {}, ['1 a\nb', '2 c']],
    ['carriage returns, and both behind rows that were added', 'n,s\r1,a\r2,b\r\n3,c\r\n', {}, ['1 a', '2 b', '3 c']],
    ['a carriage return within a name', 'n,a\rb\n1,c\n', {}, ['1 c']],
    ['a line that names the delimiter', 'sep=;\nn;s\n1;a\n', {}, ['1 a']],
    ['such a line in quotes, and that delimiter set', '"sep=;"\r\nn;s\r\n1;a\r\n', { delimiter: ';' }, ['1 a']],
    ['such a line, counted among those to skip', 'SEP=;\nSales "of\nn;s\n1;a\n', { skipLines: 2 }, ['1 a']],
    ['lines before the header', 'Sales\n"2026\n\nn,s\n1,a\n', { skipLines: 3 }, ['1 a']],
    ['lines before rows without a header', 'Sales\n1,a\n', { skipLines: 1, header: ['n', 's'] }, ['1 a']],
    ['comments', '# by "us\nn,s\n#\n1,a\n#2,b\n3,"c\n#d"\n', { comment: '#' }, ['1 a', '3 c\n#d']],
    [
      'a backslash before quotes',
      'n,s\n1,"a \\", b"\n2,"\\\\"\n3,"C:\\new ""x"""\n4,"a\\",\nb"\n5,\\"\n',
      { escape: '\\' },
      ['1 a ", b', '2 \\', '3 C:\\new "x"', '4 a",\nb', '5 \\"'],
    ],
    ['a backslash that is text', 'n,s\n1,"C:\\"\n"\\",a\n2,a "b\\"\n', {}, ['1 C:\\', '\\ a', '2 a "b\\"']],
  ])('%s', async (_, text, fields, expected) => {
    files.write('a.csv', text);
    const { values, refused } = await files.run(csv('a.csv', fields));
    expect(values.map((value) => Object.values(value as object).join(' '))).toEqual(expected);
    expect(refused).toEqual([]);
  });

  test('a row that is another one by backslashes is refused, and the key named', async () => {
    files.write('a.csv', 'n,s,y\n1,"a \\", b"\n2,"c\\"d",e\n3,f,g\n');
    const { values, items } = await files.run(csv('a.csv'));
    expect(values).toEqual([{ n: '3', s: 'f', y: 'g' }]);
    const messages = items.flatMap((item) => ('rejection' in item ? [item.rejection.message] : []));
    expect(messages).toEqual([expect.stringMatching(/line 2 .*csv\.escape/), expect.stringMatching(/line 3 .*escape/)]);
  });

  test('what is skipped counts as lines, and a file that grows is continued behind it', async () => {
    const source = csv('a.csv', { skipLines: 1, comment: '#' });
    files.write('a.csv', 'Sales\nn,s\n# x\n1,a\n');
    expect((await files.run(source)).items).toMatchObject([{ index: 4 }]);
    appendFileSync(files.path('a.csv'), '2,b\n');
    expect((await files.run(source)).items).toMatchObject([{ index: 5, raw: { value: { n: '2' } } }]);
  });

  test('a file that ends within the lines before its header has no rows yet', async () => {
    files.write('a.csv', 'Sales');
    expect((await files.run(csv('a.csv', { skipLines: 1 }))).values).toEqual([]);
    appendFileSync(files.path('a.csv'), ' of 2026\nn\n1\n');
    expect((await files.run(csv('a.csv', { skipLines: 1 }))).values).toEqual([{ n: '1' }]);
  });

  test('what is written with an escape is read as it was', () => {
    const marks = { delimiter: ',', quote: '"', escape: '\\' };
    const text = fc.string({ unit: fc.constantFrom('a', '"', '\\', ',', ' ') });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (fields) => {
        const row = fields.map((field) => `"${field.replaceAll(/["\\]/g, String.raw`\$&`)}"`).join(',');
        expect(followQuotes(row, false, marks)).toBe('closed');
        expect(fieldsOf([row], marks)).toEqual([fields]);
      }),
    );
  });
});

test('bytes of a header that are not in its charset are counted once', async () => {
  files.write('a.csv', Buffer.from(`id,größe\n${'1,a\n'.repeat(1_500)}`, 'latin1'));
  const { pages } = await files.run(csv('a.csv'));
  expect(pages).toHaveLength(2);
  expect(pages.flatMap(({ warnings = [] }) => warnings)).toMatchObject([{ code: 'bad_bytes', count: 2 }]);
});

describe('a charset of two bytes', () => {
  const lines = '{"id":1,"x":"é"}\r\n{"id":2,"x":"日本"}\r\n';
  const bigEndian = (text: string) => Buffer.from(text, 'utf16le').swap16();

  test.each([
    ['with its mark', Buffer.from(`\ufeff${lines}`, 'utf16le')],
    ['without', Buffer.from(lines, 'utf16le')],
    ['big-endian with its mark', bigEndian(`\ufeff${lines}`)],
    ['big-endian without', bigEndian(lines)],
  ])('%s is read in JSON lines, also those that come later', async (_, bytes) => {
    const path = 'a.ndjson';
    const mark = bytes.length - lines.length * 2;
    const firstLine = mark + (lines.indexOf('\n') + 1) * 2;
    files.write(path, bytes.subarray(0, firstLine));
    expect((await files.run({ path })).values).toEqual([{ id: 1, x: 'é' }]);
    appendFileSync(files.path(path), bytes.subarray(firstLine));
    expect((await files.run({ path })).values).toEqual([{ id: 2, x: '日本' }]);
    files.write('b.ndjson.gz', gzipSync(bytes));
    expect((await files.run({ path: '*.gz' })).values).toHaveLength(2);
  });

  test('is seen by its zeros in CSV and JSON, too', async () => {
    files.write('a.csv', Buffer.from('id,x\r\n1,é\r\n', 'utf16le'));
    files.write('b.json', bigEndian('[{"id":"2","x":"é"}]'));
    expect((await files.run({ path: '*' })).values).toEqual([
      { id: '1', x: 'é' },
      { id: '2', x: 'é' },
    ]);
  });

  test.each([
    ['UTF-8', Buffer.from('id,x\n1,é\n'), null],
    ['a text with a stray zero', Buffer.from('{"a":"\0"}\n'), null],
    ['a text with zeros at its end', Buffer.from(`id,x\n1,a\n${'\0'.repeat(500)}`), null],
    [
      'a text whose zeros say UTF-32',
      Buffer.from([0x69, 0, 0, 0, 0x64, 0, 0, 0, 0x0a, 0, 0, 0, 0x31, 0, 0, 0]),
      'utf-32le',
    ],
  ])('%s: what its zeros say', (_, bytes, expected) => {
    expect(wideCharset(bytes)).toBe(expected);
  });
});

describe('a compressed file under another name', () => {
  test.each([
    ['a.csv', 'id,x\n1,a\n'],
    ['a.ndjson', '{"id":"1","x":"a"}\n'],
    ['a.json', '[{"id":"1","x":"a"}]'],
  ])('%s is read where it is gzip', async (path, text) => {
    files.write(path, gzipSync(text));
    expect((await files.run({ path })).values).toEqual([{ id: '1', x: 'a' }]);
  });

  test.each([
    ['ZIP', 'a.csv', [0x50, 0x4b, 3, 4, 20, 0]],
    ['Zstandard', 'a.ndjson', [0x28, 0xb5, 0x2f, 0xfd, 4]],
    ['bzip2', 'a.json', [...Buffer.from('BZh9'), 0x31, 0x41, 0x59, 0x26, 0x53, 0x59]],
    ['bzip2', 'a.csv', [...Buffer.from('BZh9'), 0x17, 0x72, 0x45, 0x38, 0x50, 0x90]],
    ['Zstandard', 'a.csv', [0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0]],
    ['a workbook', 'a.csv', [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]],
    ['Parquet', 'a.ndjson', [...Buffer.from('PAR1'), 0x15]],
    ['xz', 'a.csv.xz', [0xfd, ...Buffer.from('7zXZ'), 0, 1]],
  ])('that is %s fails, and what was found is said', async (kind, path, bytes) => {
    files.write(path, Buffer.from(bytes));
    const { error, values } = await files.run({ path });
    expect(values).toEqual([]);
    expect(error).toBeInstanceOf(WrongShape);
    expect((error as Error).message).toContain(`found ${kind}`);
  });

  test('that is text although its name says gzip is read as it is', async () => {
    files.write('a.csv.gz', 'id,x\n1,a\n');
    expect((await files.run({ path: 'a.csv.gz' })).values).toEqual([{ id: '1', x: 'a' }]);
    files.write('a.csv.gz', Buffer.from([0x1f, 0x8c, 8, 0, 0, 0, 0, 0]));
    expect((await files.run({ path: 'a.csv.gz' })).error).toBeInstanceOf(SourceUnavailable);
  });

  test('text that begins alike is text', async () => {
    files.write('a.csv', 'BZh,PK\n1,2\n');
    expect((await files.run({ path: 'a.csv' })).values).toEqual([{ BZh: '1', PK: '2' }]);
  });
});
