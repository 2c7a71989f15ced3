import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { serveHttp, type HttpEndpoint, type Pages } from '../../../../src/worker/http/endpoint.ts';
import { style } from '../../../../src/worker/http/page/style.ts';
import { until } from '../../../support/until.ts';

let endpoint: HttpEndpoint;
let missing: string[] = [];
let notes: string[] = [];
let metrics = 'daybook_x 1\n';
let made = 0;
const errors: unknown[] = [];
const pages: Pages = {
  readiness: async () => missing,
  notes: () => notes,
  metrics: async () => {
    made++;
    return metrics;
  },
  status: async () => {
    if (missing.includes('page')) throw new Error('secret');
    return '<!doctype html>';
  },
  statusJson: async () => '{"sources":[]}\n',
  onError: (error) => errors.push(error),
};

beforeEach(async () => {
  missing = [];
  notes = [];
  endpoint = await serveHttp({ host: '127.0.0.1', port: 0 }, pages);
});
afterEach(async () => endpoint.close());

const ask = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${endpoint.port}${path}`, init);

/** Connections that send headers slowly, or none. They are opened first: until they are closed, the other tests run. */
const incomplete = { closedAfterMs: Promise.resolve(Number.NaN), close: async () => {} };
beforeAll(async () => {
  const own = await serveHttp({ host: '127.0.0.1', port: 0 }, pages);
  const startedMs = performance.now();
  const slow = raw('GET / HTTP/1.1\r\nhost: x\r\n', own.port);
  const silent = raw('', own.port);
  const drops = setInterval(() => slow.socket.write('x: y\r\n'), 500);
  incomplete.close = async () => own.close();
  incomplete.closedAfterMs = Promise.all([slow.answer, silent.answer]).then(() => {
    clearInterval(drops);
    return performance.now() - startedMs;
  });
});
afterAll(async () => incomplete.close());

/** Opens a connection, writes a text and says what comes back until it is closed. */
function raw(text: string, port = endpoint.port): { socket: Socket; answer: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  const answer = new Promise<string>((resolve) => {
    let received = '';
    socket.on('data', (data) => (received += data.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
  });
  socket.write(text);
  return { socket, answer };
}

describe('the endpoint', () => {
  test('serves its pages, each with its content type, and never cacheable', async () => {
    for (const [path, type] of [
      ['/', 'text/html; charset=utf-8'],
      ['/status.json', 'application/json'],
      ['/metrics', 'text/plain; version=0.0.4; charset=utf-8'],
      ['/metrics?x=1', 'text/plain; version=0.0.4; charset=utf-8'],
      ['/healthz', 'application/json'],
      ['/readyz', 'application/json'],
    ] as const) {
      const { status, headers } = await ask(path);
      expect(status, path).toBe(200);
      expect(headers.get('content-type'), path).toEqual(type);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  test('lets a browser use the style of the page, and nothing else', async () => {
    const policy = (await ask('/')).headers.get('content-security-policy') ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(policy).toContain(`default-src 'none'; style-src 'sha256-${hash}'`);
  });

  test('is ready with a note', async () => {
    notes = ['the configuration is broken'];
    const response = await ask('/readyz');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'ready', notes });
  });

  test('is not ready while something is missing, and names it', async () => {
    missing = ['PostgreSQL cannot be reached'];
    const response = await ask('/readyz');
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: 'not ready', missing });
  });

  test('does not show errors to clients', async () => {
    missing = ['page'];
    const response = await ask('/');
    expect(response.status).toBe(500);
    expect(await response.text()).toEqual(expect.not.stringContaining('secret'));
    expect(errors).toHaveLength(1);
  });

  test('answers HEAD without a body, and no other method but GET', async () => {
    const head = await ask('/metrics', { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
    expect(head.headers.get('content-length')).toBe('12');
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const response = await ask('/metrics', { method });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('GET, HEAD');
    }
  });

  test('reads no body, however long it would be', async () => {
    const { answer } = raw('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10000000000\r\n\r\nbegins');
    expect(await answer).toMatch(/^HTTP\/1\.1 405 /);
  });

  test.each(['/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '//etc/passwd', '/metrics/../..', '/\\..\\x'])(
    'knows no page %s',
    async (path) => {
      const status = await new Promise((resolve, reject) => {
        request({ port: endpoint.port, host: '127.0.0.1', path }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on('error', reject)
          .end();
      });
      expect(status).toBe(404);
    },
  );

  test('refuses headers of more than 8 KiB before it has read much of 10 MB', async () => {
    const { socket, answer } = raw(`GET / HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(10_000_000)}\r\n\r\n`);
    expect(await answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(socket.bytesWritten).toBeGreaterThan(8 * 1024);
  });

  test('renders a page once for concurrent requests, and again a second later', async () => {
    made = 0;
    const asked = await Promise.all(Array.from({ length: 50 }, () => ask('/metrics')));
    expect(asked.map(({ status }) => status)).toEqual(Array(50).fill(200));
    // Once, or twice where this machine takes more than a second for it.
    expect(made).toBeLessThan(3);
    const before = made;
    await until('it is rendered again', async () => (await ask('/metrics')).ok && made > before, 5_000);
  });

  test('holds 100 of 1,000 connections, and answers new clients meanwhile', async () => {
    const sockets = Array.from({ length: 1_000 }, () => raw('GET /healthz HTTP/1.1\r\n'));
    let closed = 0;
    for (const { answer } of sockets) void answer.then(() => closed++);
    await until('those over the limit are cut off', () => closed >= 900);
    expect((await ask('/healthz')).status).toBe(200);
    expect(closed).toBeLessThan(1_000);
    for (const { socket } of sockets) socket.destroy();
  }, 20_000);

  test('answers a hundred times a second, and closes connections with further requests', async () => {
    const startedMs = performance.now();
    await Promise.all(Array.from({ length: 50 }, () => ask('/healthz')));
    expect(performance.now() - startedMs).toBeGreaterThan(450);
    const { answer } = raw('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(1_000));
    expect((await answer).match(/HTTP\/1\.1 200/g) ?? []).toEqual([]);
  });

  test('closes connections that do not read the response', async () => {
    metrics = 'x'.repeat(50_000_000);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { socket, answer } = raw('GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n');
      await new Promise((resolve) => socket.once('data', resolve));
      socket.pause();
      vi.advanceTimersByTime(20_000);
      socket.resume();
      expect((await answer).length).toBeLessThan(metrics.length);
    } finally {
      vi.useRealTimers();
      metrics = 'daybook_x 1\n';
    }
  });

  test('closes connections that send headers slowly, or none', async () => {
    expect(await incomplete.closedAfterMs).toBeLessThan(10_000);
  }, 20_000);
});

/** Asks an endpoint by a name, or by none in HTTP/1.0; returns the status. */
async function statusBy(host: string | null, port: number, path = '/metrics', address = '127.0.0.1'): Promise<number> {
  const head = host === null ? `GET ${path} HTTP/1.0\r\n\r\n` : `GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
  const socket = connect(port, address, () => socket.write(head));
  const received = await new Promise<string>((resolve, reject) => {
    socket.once('data', (data) => resolve(data.toString()));
    socket.once('error', reject);
  });
  socket.destroy();
  return Number(/^HTTP\/1\.\d (\d+) /.exec(received)?.[1]);
}

describe('the host name of requests to the endpoint', () => {
  const own = ['127.0.0.1', '127.0.0.1:9464', '10.2.3.4:9464', '[::1]', '[::1]:9464', 'localhost', 'LOCALHOST:9464'];
  const foreign = [
    'evil.example',
    'evil.example:9464',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'a.localhost',
  ];
  const broken = ['[::1', '::1', '', '[evil.example]', '127.0.0.1@evil.example', '2130706433', '0x7f.1', 'localhost:x'];

  test('is on loopback an address or localhost: a page of another name reads nothing', async () => {
    for (const host of own) expect(await statusBy(host, endpoint.port), host).toBe(200);
    for (const path of ['/', '/metrics', '/healthz', '/readyz', '/other']) {
      for (const host of [...foreign, ...broken]) {
        expect(await statusBy(host, endpoint.port, path), `${path} ${host}`).toBe(421);
      }
    }
    expect(await statusBy(null, endpoint.port)).toBe(200);
  });

  test('may be one of DAYBOOK_HTTP_HOSTS, too', async () => {
    const named = await serveHttp({ host: 'localhost', port: 0, names: ['daybook.example'] }, pages);
    const address = await new Promise<string>((resolve) => {
      const socket = connect(named.port, 'localhost', () => {
        resolve(socket.remoteAddress ?? '');
        socket.destroy();
      });
    });
    try {
      for (const host of ['daybook.example', 'Daybook.Example:9464', 'daybook.example.', ...own]) {
        expect(await statusBy(host, named.port, '/metrics', address), host).toBe(200);
      }
      for (const host of ['daybook.example.evil.test', ...foreign]) {
        expect(await statusBy(host, named.port, '/metrics', address), host).toBe(421);
      }
    } finally {
      await named.close();
    }
  });

  test('is any where the endpoint is bound elsewhere, unless DAYBOOK_HTTP_HOSTS is set', async () => {
    const open = await serveHttp({ host: '0.0.0.0', port: 0 }, pages);
    const named = await serveHttp({ host: '0.0.0.0', port: 0, names: ['daybook.example'] }, pages);
    try {
      for (const host of [...own, ...foreign]) expect(await statusBy(host, open.port), host).toBe(200);
      for (const host of [...own, 'daybook.example']) {
        expect(await statusBy(host, named.port), host).toBe(200);
      }
      for (const host of foreign) expect(await statusBy(host, named.port), host).toBe(421);
    } finally {
      await Promise.all([open.close(), named.close()]);
    }
  });
});
