import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMemoryStore } from '../../../support/memory-store.ts';
import { startOrigin, type Origin } from '../../../support/servers/origin.ts';
import { at, csvRows, failureOf, planFor, poll } from './body-polls.ts';

let origin: Origin;
beforeAll(async () => {
  origin = await startOrigin();
});
afterAll(() => origin.close());

/** Some 500 kB: beyond what is held in these tests. */
const rows = 5_000;
const body = Buffer.from(csvRows(rows));
const everyId = Array.from({ length: rows }, (_, n) => `r${n}`);
const ndjson = Buffer.from(everyId.map((id) => `{"id":"${id}","at":"${at}","text":"${'x'.repeat(60)}"}\n`).join(''));

/** A server of files as many are: it has ranges, for as long as the file is the same. */
function serve(request: IncomingMessage, response: ServerResponse, content: Buffer, etag: string): void {
  response.setHeader('etag', etag);
  response.setHeader('accept-ranges', 'bytes');
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const isSame = request.headers['if-range'] === etag;
  if (request.headers.range !== undefined && isSame) {
    response.setHeader('content-range', `bytes ${from}-${content.length - 1}/${content.length}`);
    response.setHeader('content-length', content.length - from);
    response.writeHead(206).end(content.subarray(from));
    return;
  }
  response.setHeader('content-length', content.length);
  response.end(content);
}

describe('a large body', () => {
  test('that its server can continue is read from there, and nothing is copied', async () => {
    origin.answer((_url, response, request) => serve(request, response, body, '"v1"'));
    const store = createMemoryStore();
    const before = origin.requests.length;
    const { ids, fetches, carried } = await poll(planFor(`${origin.url}/x.csv`), { atOnce: 500, store });
    expect(ids).toEqual(everyId);
    expect(fetches).toBeGreaterThan(3);
    expect(origin.requests.length - before).toBe(1);
    expect(await store.list('')).toEqual([]);
    expect(carried).toBeLessThan(1_500);
  });

  test.each([
    ['CSV', '/x.csv', body],
    ['JSON lines', '/x.ndjson', ndjson],
  ])('is continued by another worker with If-Range: %s', async (_what, path, content) => {
    const ranges: string[] = [];
    origin.answer((_url, response, request) => {
      ranges.push([request.headers.range, request.headers['if-range']].join(' '));
      serve(request, response, content, '"v1"');
    });
    const { ids, warnings } = await poll(planFor(`${origin.url}${path}`), { atOnce: 1_000, forgets: true });
    expect(ids).toEqual(everyId);
    expect(warnings).toEqual([]);
    expect(ranges[0]).toBe(' ');
    expect(ranges.length).toBeGreaterThan(4);
    expect(ranges.slice(1).every((range) => /^bytes=\d+- "v1"$/.test(range))).toBe(true);
  });

  test('is continued from a server that answers a range of all bytes with all of it', async () => {
    const ranges: (string | undefined)[] = [];
    origin.answer((_url, response, request) => {
      ranges.push(request.headers.range);
      if (request.headers.range === 'bytes=0-') delete request.headers.range;
      serve(request, response, body, '"v1"');
    });
    const { ids, warnings } = await poll(planFor(`${origin.url}/x.csv`), { atOnce: 1_000, forgets: true });
    expect(ids).toEqual(everyId);
    expect(warnings).toEqual([]);
    expect(ranges).toContain('bytes=0-');
  });

  test('is continued where its connection breaks', async () => {
    let cuts = 0;
    origin.answer((_url, response, request) => {
      if (cuts >= 3) return serve(request, response, body, '"v1"');
      cuts++;
      const send = response.end.bind(response);
      // Half of what is left, then the connection is lost.
      response.end = ((content: Buffer) => {
        response.write(content.subarray(0, Math.floor(content.length / 2)), () => response.destroy());
        return response;
      }) as typeof send;
      return serve(request, response, body, '"v1"');
    });
    const { ids } = await poll(planFor(`${origin.url}/x.csv`));
    expect(ids).toEqual(everyId);
    expect(cuts).toBe(3);
  });

  test.each([
    ['a weak ETag', { etag: 'W/"v1"', 'accept-ranges': 'bytes' }],
    ['no ETag', { 'accept-ranges': 'bytes' }],
    ['no ranges', { etag: '"v1"' }],
    ['ranges refused', { etag: '"v1"', 'accept-ranges': 'none' }],
  ])('is copied once, and read from there: %s', async (_what, headers) => {
    origin.answer((_url, response) => {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      response.end(body);
    });
    const store = createMemoryStore();
    const before = origin.requests.length;
    const parts: string[][] = [];
    const polled = await poll(planFor(`${origin.url}/x.csv`), {
      store,
      atOnce: 1_500,
      forgets: true,
      between: async () => void parts.push(await store.list('')),
    });
    expect(polled.ids).toEqual(everyId);
    expect(origin.requests.length - before).toBe(1);
    expect(parts[0]?.join()).toMatch(/^downloads\/rows\/run\/[0-9a-f]{16}-0$/);
    expect(polled.position.place).toMatchObject({ copied: true });
    expect(polled.carried).toBeLessThan(1_500);
  });

  test('leaves no copy where its connection breaks', async () => {
    const long = csvRows(90_000);
    origin.answer((_url, response) => {
      response.setHeader('content-length', 2 * long.length);
      response.write(long, () => response.destroy());
    });
    const store = createMemoryStore();
    const { message } = await failureOf(poll(planFor(`${origin.url}/x.csv`), { store }));
    expect(message).toContain('fetch: rows');
    expect(await store.list('')).toEqual([]);
  });

  test('replaces the copies of attempts that were killed', async () => {
    origin.answer((_url, response) => void response.end(body));
    const store = createMemoryStore();
    const killed = `downloads/rows/run/${'0'.repeat(16)}-0`;
    await store.put(killed, 'x');
    const { ids } = await poll(planFor(`${origin.url}/x.csv`), { store });
    expect(ids).toEqual(everyId);
    expect(await store.list('downloads')).toHaveLength(1);
    expect(await store.list('downloads')).not.toContain(killed);
  });

  test('that is gzip is unpacked on its way into the copy', async () => {
    const packed = gzipSync(body);
    origin.answer((_url, response) => void response.end(packed));
    const { ids } = await poll(planFor(`${origin.url}/x.csv.gz`), { atOnce: 2_000, forgets: true });
    expect(ids).toEqual(everyId);
  });

  test('that changes between two fetches makes the poll begin again, once', async () => {
    const other = Buffer.from(csvRows(rows, 2_500));
    let version = 1;
    origin.answer((_url, response, request) =>
      serve(request, response, version === 1 ? body : other, version === 1 ? '"v1"' : '"v2"'),
    );
    const polled = await poll(planFor(`${origin.url}/x.csv`), {
      atOnce: 1_000,
      forgets: true,
      between: (fetches) => {
        if (fetches === 2) version = 2;
      },
    });
    expect(polled.warnings).toEqual(['body_changed']);
    expect(new Set(polled.ids)).toEqual(
      new Set([...everyId.slice(0, 2_000), ...everyId.map((_, n) => `r${2_500 + n}`)]),
    );
    expect(new Set(polled.ids).size).toBe(polled.ids.length);
  });

  test('that changes at each request is read to its end from a copy', async () => {
    let version = 0;
    origin.answer((_url, response, request) => serve(request, response, body, `"v${++version}"`));
    const { ids, warnings, unchanged } = await poll(planFor(`${origin.url}/x.csv`), { atOnce: 1_000, forgets: true });
    expect(ids).toEqual(everyId);
    expect(unchanged).toBe(1_000);
    expect(warnings).toEqual(['body_changed']);
  });

  test.each(['missing', 'damaged'])('whose copy is %s makes the poll begin again', async (what) => {
    origin.answer((_url, response) => void response.end(body));
    const store = createMemoryStore();
    const { ids, warnings } = await poll(planFor(`${origin.url}/x.csv`), {
      store,
      atOnce: 1_000,
      forgets: true,
      between: async (fetches) => {
        if (fetches !== 2) return;
        const [path = ''] = await store.list('downloads');
        if (what === 'missing') await store.delete(path);
        else await store.put(path, Buffer.concat([(await store.get(path)) ?? Buffer.alloc(0), Buffer.from('x')]));
      },
    });
    expect(ids).toEqual(everyId);
    expect(warnings).toEqual(['body_changed']);
  });

  test('is refused where it is larger than max_body', async () => {
    origin.answer((_url, response) => void response.end(body));
    const error = await failureOf(poll(planFor(`${origin.url}/x.csv`, 'max_body: 400kB')));
    expect(error.type).toBe('OverLimit');
    expect(error.message).toContain('max_body');
  });

  test('is a login page: nothing of it is stored', async () => {
    const page = `<!doctype html><html>${'<p>Log in</p>'.repeat(20_000)}</html>`;
    origin.answer((_url, response) => void response.setHeader('content-type', 'text/html').end(page));
    const store = createMemoryStore();
    const error = await failureOf(poll(planFor(`${origin.url}/x.csv`), { store }));
    expect(error.message).toContain('an HTML page');
    expect(await store.list('')).toEqual([]);
  });

  test('may be silent only for a while', async () => {
    origin.answer((_url, response) => void response.write(body.subarray(0, 300_000)));
    const error = await failureOf(poll(planFor(`${origin.url}/x.csv`, 'timeout: 300ms')));
    expect(error.type).toBe('SourceUnavailable');
    expect(error.message).toContain('0.3 s');
  });

  test('may take longer than its time limit, as long as it comes', async () => {
    origin.answer(async (_url, response) => {
      for (let from = 0; from < body.length; from += 50_000) {
        response.write(body.subarray(from, from + 50_000));
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
      response.end();
    });
    const { ids } = await poll(planFor(`${origin.url}/x.csv`, 'timeout: 300ms'));
    expect(ids).toHaveLength(rows);
  });

  test('of a preview is read as far as it is shown, and nothing is stored', async () => {
    origin.answer((_url, response) => void response.end(body));
    const store = createMemoryStore();
    const { ids } = await poll(planFor(`${origin.url}/x.csv`), { store, isPreview: true, atOnce: 1e9 });
    expect(ids).toEqual(everyId);
    expect(await store.list('')).toEqual([]);
  });

  test('is one page of several', async () => {
    origin.answer((url, response) => {
      const page = Number(url.searchParams.get('page'));
      response.end(page > 2 ? 'id,at,text\n' : csvRows(rows, page * rows));
    });
    const polled = await poll(planFor(`${origin.url}/x.csv`, 'paginator: page_number'), {
      atOnce: 2_500,
      forgets: true,
    });
    expect(polled.ids).toEqual(Array.from({ length: 2 * rows }, (_, n) => `r${rows + n}`));
    expect(polled.position.pages).toBe(3);
  });

  test('is one page of several that are followed by links', async () => {
    origin.answer((url, response) => {
      const page = Number(url.searchParams.get('p') ?? 1);
      if (page < 3) response.setHeader('link', `</x.csv?p=${page + 1}>; rel="next"`);
      response.end(csvRows(rows, page * rows));
    });
    const plan = planFor(`${origin.url}/x.csv`, 'paginator: header_link');
    const { ids, position } = await poll(plan, { atOnce: 2_000, forgets: true });
    expect(ids).toEqual(Array.from({ length: 3 * rows }, (_, n) => `r${rows + n}`));
    expect(position.pages).toBe(3);
  });

  test.each([
    ['no token', ''],
    ['the word null', 'null'],
  ])('is one page of several that are asked for by a token in a header, until there is %s', async (_what, last) => {
    origin.answer((url, response) => {
      const page = Number(url.searchParams.get('t') ?? 1);
      response.setHeader('x-next', page < 3 ? String(page + 1) : last);
      response.end(csvRows(rows, page * rows));
    });
    const plan = planFor(`${origin.url}/x.csv`, 'paginator: { type: cursor, cursor_header: X-Next, cursor_param: t }');
    const { ids, position } = await poll(plan, { atOnce: 2_000, forgets: true });
    expect(ids).toEqual(Array.from({ length: 3 * rows }, (_, n) => `r${rows + n}`));
    expect(position.pages).toBe(3);
  });

  test('that comes for each page number is the end', async () => {
    origin.answer((_url, response) => void response.end(body));
    const { ids, end, warnings } = await poll(planFor(`${origin.url}/x.csv`, 'paginator: page_number'), {
      atOnce: 2_500,
      forgets: true,
    });
    expect(ids).toEqual(everyId);
    expect(end.cutShort).toBe(true);
    expect(warnings).toEqual(['page_repeated']);
  });

  test('of more than one part is read the same however its bytes come', async () => {
    const long = Buffer.from(csvRows(90_000));
    const wanted = Array.from({ length: 90_000 }, (_, n) => `r${n}`);
    for (const size of [65_536, 4_194_305]) {
      origin.answer((_url, response) => {
        for (let from = 0; from < long.length; from += size) response.write(long.subarray(from, from + size));
        response.end();
      });
      const store = createMemoryStore();
      const { ids } = await poll(planFor(`${origin.url}/x.csv`), { atOnce: 40_001, forgets: true, store });
      expect(ids).toEqual(wanted);
      expect(await store.list('downloads')).toHaveLength(2);
    }
  });
});
