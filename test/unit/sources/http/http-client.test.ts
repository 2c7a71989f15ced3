import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OverLimit, SourceUnavailable, UnreadableBody } from '../../../../src/domain/errors.ts';
import { createHttpClient } from '../../../../src/sources/http/http-client.ts';
import { startOrigin, type Origin } from '../../../support/servers/origin.ts';
import { until } from '../../../support/until.ts';
import { request, settled, startRawServer } from './http-requests.ts';

const client = createHttpClient('daybook/test');
const signal = new AbortController().signal;
let origin: Origin;
beforeAll(async () => {
  origin = await startOrigin();
});
afterAll(async () => {
  await client.close();
  await origin.close();
});

const get = (fields = {}, url = origin.url) => client.send(request(url, fields), signal);
const failureOf = (fields = {}, url = origin.url) =>
  settled(get(fields, url), 4_000).then(
    () => null,
    (error: unknown) => error as Error,
  );

/** Runs work against a server that answers byte by byte. */
async function against<T>(answer: (socket: Socket, connection: number) => void, work: (url: string) => Promise<T>) {
  const server = await startRawServer(answer);
  try {
    return await work(server.url);
  } finally {
    await server.close();
  }
}

const content = Buffer.from(JSON.stringify(Array.from({ length: 500 }, (_, id) => ({ id, text: `é ${id * 7919}` }))));
const codings = [
  ['gzip', gzipSync(content)],
  ['deflate', deflateSync(content)],
  ['deflate', deflateRawSync(content)],
  ['br', brotliCompressSync(content)],
  ['gzip, gzip', gzipSync(gzipSync(content))],
] as const;

describe('a compressed body', () => {
  test.each(codings)('as %s is undone', async (coding, body) => {
    origin.answer((_url, response) => void response.setHeader('content-encoding', coding).end(body));
    const { status, body: found } = await get();
    expect(status).toBe(200);
    expect(found.equals(content)).toBe(true);
    expect(origin.lastHeaders()['accept-encoding']).toBe('gzip, deflate, br');
  });

  test.each(codings)('as %s, cut short, is an error, although the response is whole', async (coding, body) => {
    origin.answer((_url, response) => void response.setHeader('content-encoding', coding).end(body.subarray(0, -9)));
    expect(await failureOf()).toBeInstanceOf(UnreadableBody);
  });

  test.each([204, 304])('that a %i cannot have is none, whatever its headers say', async (status) => {
    origin.answer((_url, response) => void response.writeHead(status, { 'content-encoding': 'gzip' }).end());
    expect(await get()).toMatchObject({ status, body: Buffer.alloc(0) });
  });

  const zeros = gzipSync(Buffer.alloc(32 * 1024 * 1024));
  // The best quality takes two seconds, and saves nothing here.
  const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
  const bombs = [
    ['gzip', Buffer.concat(Array.from({ length: 32 }, () => zeros))],
    ['br', brotliCompressSync(Buffer.alloc(64 * 1024 * 1024), quick)],
    ['gzip, gzip', gzipSync(Buffer.concat(Array.from({ length: 32 }, () => zeros)))],
  ] as const;
  test.each(bombs)('that is a bomb (%s) stops at the limit, in little memory', async (coding, body) => {
    origin.answer((_url, response) => void response.setHeader('content-encoding', coding).end(body));
    let most = 0;
    const before = process.memoryUsage().arrayBuffers;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers - before)), 2);
    const error = await failureOf();
    clearInterval(watch);
    expect(error).toBeInstanceOf(OverLimit);
    expect(error?.message).toContain('max_body');
    expect(most).toBeLessThan(64 * 1024 * 1024);
  });
});

describe('a body', () => {
  test('without end stops at the limit, and its connection is closed', async () => {
    let closed = false;
    origin.answer((_url, response) => {
      const fill = () => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024, 'x')));
      };
      response.on('drain', fill).on('close', () => (closed = true));
      fill();
    });
    expect(await failureOf()).toBeInstanceOf(OverLimit);
    await until('the connection is closed', () => closed);
  });

  test('of exactly the limit is read, one byte more is not', async () => {
    origin.answer((_url, response) => void response.end(Buffer.alloc(1_000)));
    expect((await get({ maxBodyBytes: 1_000 })).body.length).toBe(1_000);
    expect(await failureOf({ maxBodyBytes: 999 })).toBeInstanceOf(OverLimit);
  });

  const broken: [string, (socket: Socket) => void][] = [
    [
      'reset in the middle',
      (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[1', () => socket.resetAndDestroy()),
    ],
    ['shorter than its Content-Length', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[1]')],
    [
      'without its last chunk',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1]\r\n'),
    ],
    [
      'with a chunk cut short',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n[1]'),
    ],
    ['that never comes, the connection reset', (socket) => socket.resetAndDestroy()],
    ['that is not HTTP', (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')],
  ];
  test.each(broken)('%s is an error that is retried', async (_, answer) => {
    const error = await against(answer, (url) => failureOf({}, url));
    expect(error).toBeInstanceOf(SourceUnavailable);
    expect(error?.message).toMatch(/^fetch: news could not be reached: \S/);
  });

  test('longer than its Content-Length is cut there, and the rest is not taken for the next response', async () => {
    const extra = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n["x"]';
    const answer = (socket: Socket, connection: number) =>
      void socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[${connection}]${connection === 1 ? extra : ''}`);
    await against(answer, async (url) => {
      const bodies = [await get({}, url), await get({}, url)].map(({ body }) => body.toString());
      expect(bodies).toEqual(['[1]', '[2]']);
    });
  });

  test('that the end of the connection ends is whole', async () => {
    const body = await against(
      (socket) => socket.end('HTTP/1.0 200 OK\r\n\r\n[1]'),
      (url) => get({}, url),
    );
    expect(body.body.toString()).toBe('[1]');
  });
});

describe('the deadline', () => {
  const slow: [string, (response: ServerResponse) => void][] = [
    ['silence', () => {}],
    ['silence after the headers', (response) => response.flushHeaders()],
    [
      'silence after the headers of a gzip body',
      (response) => response.setHeader('content-encoding', 'gzip').flushHeaders(),
    ],
    [
      'silence after the headers of a deflate body',
      (response) => response.setHeader('content-encoding', 'deflate').flushHeaders(),
    ],
    ['a byte every 200 ms', drip],
    [
      'redirects without hurry',
      (response) => void setTimeout(() => response.writeHead(302, { location: '/' }).end(), 120),
    ],
  ];

  function drip(response: ServerResponse): void {
    const timer = setInterval(() => response.write(' '), 200);
    response.on('close', () => clearInterval(timer));
  }

  test.each(slow)('ends %s', async (_, answer) => {
    origin.answer((_url, response) => answer(response));
    const startedAt = performance.now();
    const error = await failureOf({ timeoutMs: 500 }).catch((failure: unknown) => failure as Error);
    expect(error).toBeInstanceOf(SourceUnavailable);
    expect(error?.message).toContain('within 0.5 s');
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });
});

describe('the signal', () => {
  const answers: [string, (response: ServerResponse) => void][] = [
    ['before an answer', () => {}],
    ['in the body', (response) => void response.write('[')],
    [
      'in a compressed body',
      (response) => void response.setHeader('content-encoding', 'gzip').write(gzipSync('x').subarray(0, 5)),
    ],
  ];
  test.each(answers)('aborted %s, rejects with its reason and closes the connection', async (_, answer) => {
    let reached = false;
    let closed = false;
    origin.answer((_url, response) => {
      reached = true;
      response.on('close', () => (closed = true));
      answer(response);
    });
    const abort = new AbortController();
    const reason = new Error('shutdown');
    const getting = client.send(request(origin.url), abort.signal);
    await until('the request has come', () => reached);
    abort.abort(reason);
    await expect(settled(getting, 5_000)).rejects.toBe(reason);
    await until('the connection is closed', () => closed);
  });

  test('aborted already, sends nothing', async () => {
    const sent = origin.requests.length;
    const reason = new Error('shutdown');
    await expect(client.send(request(origin.url), AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(origin.requests.length).toBe(sent);
  });
});

describe('headers', () => {
  test('of 1 MB are over the limit', async () => {
    const answer = (socket: Socket) => socket.end(`HTTP/1.1 200 OK\r\nX-Long: ${'x'.repeat(1024 * 1024)}\r\n\r\n[]`);
    const error = await against(answer, (url) => failureOf({}, url));
    expect(error).toBeInstanceOf(OverLimit);
    expect(error?.message).toContain('headers of more than');
  });

  test('come back in lower case, repeated ones joined', async () => {
    origin.answer((_url, response) => void response.setHeader('ETag', '"v1"').setHeader('X-Many', ['a', 'b']).end());
    expect((await get()).headers).toMatchObject({ etag: '"v1"', 'x-many': 'a, b' });
  });

  test('that are configured replace the usual ones in any case', async () => {
    origin.answer((_url, response) => void response.end());
    await get({ headers: { 'User-Agent': 'mine', Accept: 'text/x' } });
    expect(origin.lastHeaders()).toMatchObject({ 'user-agent': 'mine', accept: 'text/x' });
    await get();
    expect(origin.lastHeaders()['user-agent']).toBe('daybook/test');
  });
});

test('an error status is a response like any other', async () => {
  origin.answer((_url, response) => void response.writeHead(503, { 'retry-after': '5' }).end('try later'));
  expect(await get()).toMatchObject({ status: 503, headers: { 'retry-after': '5' }, body: Buffer.from('try later') });
});

test('a closed port makes the source unavailable, and says so', async () => {
  const gone = await startRawServer(() => {});
  await gone.close();
  const error = await failureOf({}, gone.url);
  expect(error).toBeInstanceOf(SourceUnavailable);
  expect(error?.message).toContain('ECONNREFUSED');
});
