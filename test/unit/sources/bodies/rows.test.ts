import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startOrigin, type Handler, type Origin } from '../../../support/servers/origin.ts';
import { at, failureOf, planFor, poll } from './body-polls.ts';

let origin: Origin;
beforeAll(async () => {
  origin = await startOrigin();
});
afterAll(() => origin.close());

const answer =
  (body: string | Buffer, headers: Record<string, string> = {}): Handler =>
  (_url, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.end(body);
  };

async function read(path: string, body: string | Buffer, headers: Record<string, string>, ...lines: string[]) {
  origin.answer(answer(body, headers));
  return poll(planFor(`${origin.url}${path}`, ...lines));
}

const csv = `id,at,n\na,${at},1\nb,${at},2\n`;
const ndjson = `{"id":"a","at":"${at}"}\n{"id":"b","at":"${at}"}\n`;

describe('the format of a body', () => {
  test.each<[what: string, path: string, body: string, type: string | null]>([
    ['CSV by its type', '/export', csv, 'text/csv; charset=utf-8'],
    ['CSV by its name', '/x.csv?v=1', csv, 'text/plain'],
    ['CSV by its name, without a type', '/x.csv', csv, null],
    ['tabs by the type', '/export', csv.replaceAll(',', '\t'), 'text/tab-separated-values'],
    ['tabs by the name', '/x.tsv', csv.replaceAll(',', '\t'), 'application/octet-stream'],
    ['JSON lines by their type', '/export', ndjson, 'application/x-ndjson'],
    ['JSON lines by their name', '/x.jsonl', ndjson, 'text/plain'],
    [
      'JSON by its type',
      '/export',
      JSON.stringify([
        { id: 'a', at },
        { id: 'b', at },
      ]),
      'application/json',
    ],
    [
      'JSON by its type, against its name',
      '/x.csv',
      JSON.stringify([
        { id: 'a', at },
        { id: 'b', at },
      ]),
      'application/json',
    ],
    ['carriage returns', '/x.csv', csv.replaceAll('\n', '\r\n'), 'text/csv'],
    ['no last newline', '/x.csv', csv.trimEnd(), 'text/csv'],
    ['a byte order mark', '/x.csv', `\ufeff${csv}`, 'text/csv'],
    ['no last newline in lines', '/x.ndjson', ndjson.trimEnd(), 'text/plain'],
  ])('is found: %s', async (_what, path, body, type) => {
    const { ids, refused, end } = await read(path, body, type === null ? {} : { 'content-type': type });
    expect(ids).toEqual(['a', 'b']);
    expect(refused).toEqual([]);
    expect(end.cutShort).toBe(false);
  });

  test('is found by Content-Disposition', async () => {
    const headers = {
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="x.csv"',
    };
    expect((await read('/download', csv, headers)).ids).toEqual(['a', 'b']);
  });

  test('is named as missing if nothing says it', async () => {
    const error = await failureOf(read('/download', csv, { 'content-type': 'text/plain' }));
    expect(error.message).toContain('answered with text/plain');
    expect(error.message).toContain('set format');
  });

  test('is what the configuration says', async () => {
    const { ids } = await read('/x.json', csv, { 'content-type': 'application/json' }, 'format: csv');
    expect(ids).toEqual(['a', 'b']);
  });
});

describe('rows', () => {
  test('of CSV keep their texts, and broken ones are dead letters with their line', async () => {
    const body = `id;at;n\n"a";${at};1,5\nb;${at}\n\nc;${at};"x;""y"""\n`;
    const run = await read('/x.csv', body, { 'content-type': 'text/csv' }, "csv: { delimiter: ';' }");
    expect(run.payloads).toEqual([
      { id: 'a', at, n: '1,5' },
      { id: 'c', at, n: 'x;"y"' },
    ]);
    expect(run.refused).toEqual(['wrong_shape']);
  });

  test('are decoded by the charset of the type', async () => {
    const body = Buffer.from(`id,at,n\na,${at},Z\u00fcrich\n`, 'latin1');
    const declared = await read('/x.csv', body, { 'content-type': 'text/csv; charset=iso-8859-1' });
    expect(declared.payloads).toEqual([{ id: 'a', at, n: 'Zürich' }]);
    const configured = await read('/x.csv', body, { 'content-type': 'text/csv' }, 'csv: { encoding: windows-1252 }');
    expect(configured.payloads).toEqual([{ id: 'a', at, n: 'Zürich' }]);
    const wrong = await read('/x.csv', `id,at,n\na,${at},Zürich\n`, { 'content-type': 'text/csv; charset=latin1' });
    expect(wrong.payloads).toEqual([{ id: 'a', at, n: 'Zürich' }]);
  });

  test('of JSON lines keep their digits', async () => {
    const { payloads, refused } = await read('/x.ndjson', `{"id":1,"at":"${at}","n":1.10}\n{broken\n`, {});
    expect(payloads).toEqual([{ id: 1, at, n: 1.1 }]);
    expect(refused).toEqual(['invalid_json']);
  });

  test.each([
    ['a login page', '<!DOCTYPE html><html><body>Log in</body></html>', 'text/html', 'an HTML page'],
    ['a login page under another type', '\n<html><form></form></html>', 'text/csv', 'an HTML page'],
    ['a page that is a text', 'Please log in', 'text/html; charset=utf-8', 'text/html'],
    [
      'an error of a bucket',
      '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
      'application/xml',
      'markup',
    ],
    ['an error without a prolog', '<Error><Code>AccessDenied</Code></Error>', 'text/plain', 'markup'],
    ['an error in JSON', '{"error":"unauthorized"}', 'application/json', 'JSON'],
    ['an error in JSON, called a text', '{"error":"unauthorized"}', 'text/plain', 'JSON'],
    ['an error in words', 'Error: rate limit exceeded\n', 'text/csv', 'a text'],
    ['no records in words', 'No data available for this day', 'text/plain', 'a text'],
    ['a PDF', '%PDF-1.7\n', 'application/pdf', 'a PDF document'],
  ])('are none: %s', async (_what, body, type, found) => {
    const error = await failureOf(read('/x.csv', body, { 'content-type': type }, 'format: csv'));
    expect(error.type).toBe('UnreadableBody');
    expect(error.message).toContain(found);
    expect(error.message).toContain('expected CSV');
  });

  test.each(['', '\n', 'id,at\n', 'id\n', '"the id"\n', 'Station name\n', 'last 10\r\n', 'Trade date|Value\n'])(
    'may be a table without rows: %j',
    async (body) => {
      const { ids, end } = await read('/x.csv', body, { 'content-type': 'text/csv' }, 'allow_empty: true');
      expect(ids).toEqual([]);
      expect(end).toMatchObject({ cutShort: false });
    },
  );

  test('may have columns that look like tags', async () => {
    const { payloads } = await read('/x.csv', `<ID>,<DATE>\na,${at}\n`, {}, `id: '"<ID>"'`, `occurred_at: '"<DATE>"'`);
    expect(payloads).toEqual([{ '<ID>': 'a', '<DATE>': at }]);
  });

  test('are requested as they are, and unchanged ones are not read again', async () => {
    origin.answer((_url, response, request) => {
      response.setHeader('etag', '"v1"');
      response.setHeader('content-type', 'text/csv');
      if (request.headers['if-none-match'] === '"v1"') response.writeHead(304).end();
      else response.end(csv);
    });
    const plan = planFor(`${origin.url}/x.csv`);
    const first = await poll(plan);
    expect(origin.lastHeaders()['accept-encoding']).toBe('identity');
    expect(first.state.etag).toBe('"v1"');
    const second = await poll(plan, { state: first.state });
    expect(second.end.notModified).toBe(true);
    expect(second.ids).toEqual([]);
  });
});

describe('pages of rows', () => {
  const pageOf = (number: number) => (number > 3 ? 'id,at\n' : `id,at\n${number}a,${at}\n${number}b,${at}\n`);
  const all = ['1a', '1b', '2a', '2b', '3a', '3b'];

  test('are counted', async () => {
    origin.answer((url, response) => void response.end(pageOf(Number(url.searchParams.get('page')))));
    const { ids } = await poll(planFor(`${origin.url}/x.csv`, 'paginator: page_number', 'concurrency: 3'));
    expect(ids).toEqual(all);
  });

  test('are followed by the header Link', async () => {
    origin.answer((url, response) => {
      const number = Number(url.searchParams.get('p') ?? 1);
      if (number < 3) response.setHeader('link', `</x.csv?p=${number + 1}>; rel="next"`);
      response.end(pageOf(number));
    });
    expect((await poll(planFor(`${origin.url}/x.csv`, 'paginator: header_link'))).ids).toEqual(all);
  });

  test('by content type, that are asked for behind the last record, fail the poll instead of ending it', async () => {
    origin.answer(
      (_url, response) => void response.writeHead(200, { 'content-type': 'text/csv', etag: '"1"' }).end(pageOf(1)),
    );
    for (const lines of [
      ['paginator: { type: keyset, key: id, key_param: after }'],
      [`url: "${origin.url}/x?after=\${last:id}"`, 'paginator: { type: cursor, cursor_header: etag, cursor_param: t }'],
    ]) {
      const { message } = await failureOf(poll(planFor(`${origin.url}/x`, ...lines)));
      expect(message).toContain('read from the last record of a page, but none of this page can be read by then');
    }
  });

  test('are asked for by the number of records', async () => {
    const rows = all.map((id) => `${id},${at}`);
    origin.answer((url, response) => {
      const [offset, limit] = ['offset', 'limit'].map((name) => Number(url.searchParams.get(name)));
      response.end(['id,at', ...rows.slice(offset, (offset ?? 0) + (limit ?? 0)), ''].join('\n'));
    });
    const plan = planFor(`${origin.url}/x.csv`, 'paginator: { type: offset, limit: 2 }');
    expect((await poll(plan)).ids).toEqual(all);
  });
});

describe('a packed body', () => {
  test.each([
    ['CSV by its name', '/x.csv.gz', csv, 'application/gzip', []],
    ['CSV by its type', '/export', csv, 'text/csv', []],
    ['JSON lines', '/x.ndjson.gz', ndjson, 'application/octet-stream', []],
    [
      'JSON',
      '/x',
      JSON.stringify([
        { id: 'a', at },
        { id: 'b', at },
      ]),
      'application/gzip',
      ['format: json'],
    ],
  ])('is unpacked: %s', async (_what, path, body, type, lines) => {
    const { ids } = await read(path, gzipSync(body), { 'content-type': type }, ...lines);
    expect(ids).toEqual(['a', 'b']);
  });

  test('of several members is read to its end', async () => {
    const packed = Buffer.concat([gzipSync(`id,at\na,${at}\n`), gzipSync(`b,${at}\n`)]);
    expect((await read('/x.csv.gz', packed, {})).ids).toEqual(['a', 'b']);
  });

  test('that is cut off fails', async () => {
    const packed = gzipSync(csv.repeat(50));
    const error = await failureOf(read('/x.csv.gz', packed.subarray(0, packed.length - 12), {}));
    expect(error.type).toBe('UnreadableBody');
    expect(error.message).toContain('damaged or incomplete');
  });

  test.each([
    ['larger than max_body', 'max_body: 1MiB', 'raise max_body'],
    ['a bomb', 'max_body: 1GiB', 'more than 500 times'],
  ])('is refused: %s', async (_what, line, message) => {
    const bomb = gzipSync(Buffer.alloc(40_000_000, 'x'));
    const error = await failureOf(read('/x.csv.gz', bomb, {}, line));
    expect(error.type).toBe('OverLimit');
    expect(error.message).toContain(message);
  });
});
