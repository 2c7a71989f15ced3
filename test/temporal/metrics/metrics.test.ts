import { connect, type Socket } from 'node:net';
import { inject, afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sinks } from '../../../src/domain/run/sink.ts';
import type { Receipt } from '../../../src/domain/run/receipt.ts';
import { TestWorker } from '../../support/test-worker.ts';
import { json, startOrigin, type Handler, type Origin } from '../../support/servers/origin.ts';
import { startTcpProxy, type TcpProxy } from '../../support/servers/tcp-proxy.ts';
import { until } from '../../support/until.ts';
import type { RunningWorker } from '../../../src/worker/worker.ts';

const now = new Date().toISOString();
const records = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({ id: from + index, at: now, title: `number ${from + index}` }));

/** Those of two workers; each other test has a source of its own. */
const names = Array.from({ length: 12 }, (_, index) => `source-${index}`);
let origin: Origin;
let postgres: TcpProxy;
let temporal: TcpProxy;
let testWorker: TestWorker;

beforeAll(async () => {
  origin = await startOrigin();
  const [host = '', port] = inject('temporalAddress').split(':');
  temporal = await startTcpProxy(host, Number(port));
  const source = (name: string, more = '') =>
    `  - { name: ${name}, type: http_json, url: "${origin.url}/${name}", id: id, occurred_at: at, allow_private: true, max_reject_ratio: 1, expect: { max_staleness: 1d }${more} }\n`;
  const paged = source('paged', ', paginator: { type: page_number }, concurrency: 20');
  const sources = [...['news', 'later', 'attacked'].concat(names).map((name) => source(name)), paged];
  testWorker = await TestWorker.prepare(`version: 1\nsources:\n${sources.join('')}`, {}, `127.0.0.1:${temporal.port}`);
  postgres = await testWorker.proxyPostgres();
});
afterAll(async () => {
  await testWorker?.close();
  await postgres?.close();
  await temporal?.close();
  await origin?.close();
});

/** All of Daybook's series of a scrape, by name with labels. */
async function scrape(worker: RunningWorker | null): Promise<Map<string, number>> {
  const text = (await worker?.metrics()) ?? '';
  return new Map([...text.matchAll(/^(daybook_\S+) (\S+)$/gm)].map(([, name = '', value]) => [name, Number(value)]));
}

/** Scrapes until what was read before is old, and so is read again. */
async function scrapeUntil(worker: RunningWorker | null, is: (series: Map<string, number>) => boolean) {
  return until(
    'the gauges say so',
    async () => {
      const series = await scrape(worker);
      return is(series) ? series : null;
    },
    30_000,
  );
}

/** As many pages, each at an address of its own, with a record that is good or not by turns. */
const pages =
  (count: number): Handler =>
  (url, response) => {
    const page = Number(url.searchParams.get('page'));
    const record = { id: `page-${page}`, at: page % 2 === 0 ? now : `no ${page}` };
    response.end(JSON.stringify(page > count ? [] : [record]));
  };

/** What the receipts of a source add up to, as `daybook_records_total` names it. */
function sumsOf(source: string, receipts: readonly Receipt[]): Record<string, number> {
  const sums: Record<string, number> = {};
  const add = (sink: string, result: string, count: number) => {
    const name = `{source="${source}",sink="${sink}",result="${result}"}`;
    sums[name] = (sums[name] ?? 0) + count;
  };
  for (const receipt of receipts.filter((candidate) => candidate.source === source)) {
    for (const result of ['fetched', 'unchanged', 'rejected', 'repaired'] as const)
      add('fetch', result, receipt[result]);
    for (const sink of sinks) for (const [result, count] of Object.entries(receipt[sink])) add(sink, result, count);
  }
  return sums;
}

const pick = (series: Map<string, number>, metric: string, labels: Iterable<string>) =>
  Object.fromEntries([...labels].map((label) => [label, series.get(metric + label)]));

describe('/metrics', () => {
  test('equals the receipts of runs, and creates no series from their contents', async () => {
    origin.answer(json([...records(5), { id: null, at: now }, { id: 9, at: 'never' }]));
    const receipts = [await testWorker.run('news')];
    await scrape(testWorker.worker);
    const before = new Set((await scrape(testWorker.worker)).keys());
    // Thousands of ids, and of dead letters, each with its own message.
    origin.answer(json([...records(6_000, 100), ...records(2_000, 20_000).map(({ id }) => ({ id, at: `no ${id}` }))]));
    receipts.push(await testWorker.run('news'));
    const series = await scrapeUntil(
      testWorker.worker,
      (found) =>
        found.get('daybook_dead_letters{source="news"}') === 2_002 &&
        found.get('daybook_rows_today{source="news"}') === 6_005 &&
        found.get('daybook_last_run_records{source="news",sink="fetch",result="fetched"}') === 8_000,
    );
    const sums = sumsOf('news', receipts);
    expect(pick(series, 'daybook_records_total', Object.keys(sums))).toEqual(sums);
    const last = sumsOf('news', receipts.slice(1));
    expect(pick(series, 'daybook_last_run_records', Object.keys(last))).toEqual(last);
    expect(series.get('daybook_last_success_timestamp_seconds{source="news"}')).toBe(
      Date.parse(receipts[1]?.finishedAt ?? '') / 1_000,
    );
    expect(series.get('daybook_fetch_requests_total{source="news",status_class="2xx"}')).toBe(2);
    const batches = receipts.reduce((sum, receipt) => sum + receipt.batches, 0);
    for (const sink of sinks) expect(series.get(`daybook_batches_written_total{sink="${sink}"}`)).toBe(batches);
    const runs = [...series].filter(([name]) => name.startsWith('daybook_run_duration_seconds_count{source="news"'));
    expect(runs.reduce((sum, [, count]) => sum + count, 0)).toBe(2);
    expect([...series.keys()].filter((name) => !before.has(name))).toEqual([]);
  });

  test('of two workers: counters add up to the receipts, gauges are the same', async () => {
    const first = testWorker.worker;
    try {
      await testWorker.startWorker();
      origin.answer(
        (url, response) => void response.end(JSON.stringify(records(3, Number(url.pathname.split('-')[1]) * 10))),
      );
      for (let turn = 0; turn < 2; turn++) await Promise.all(names.map((name) => testWorker.run(name)));
      const isNew = (series: Map<string, number>) =>
        names.every(
          (name) =>
            series.get(`daybook_rows_today{source="${name}"}`) === 3 &&
            series.get(`daybook_last_run_records{source="${name}",sink="fetch",result="unchanged"}`) === 3,
        );
      const [one, two] = await Promise.all([scrapeUntil(first, isNew), scrapeUntil(testWorker.worker, isNew)]);
      let shares = 0;
      for (const name of names) {
        const sums = sumsOf(name, testWorker.receipts as Receipt[]);
        const labels = Object.keys(sums);
        const counted = [one, two].map((series) => pick(series, 'daybook_records_total', labels));
        expect(
          Object.fromEntries(labels.map((label) => [label, (counted[0]?.[label] ?? 0) + (counted[1]?.[label] ?? 0)])),
        ).toEqual(sums);
        shares += counted[0]?.[`{source="${name}",sink="fetch",result="fetched"}`] ?? 0;
      }
      // Both had a part in it.
      expect(shares).toBeGreaterThan(0);
      expect(shares).toBeLessThan(names.length * 6);
      // What each worker has done alone, and what changes from moment to moment.
      const own =
        /^daybook_(?!records_total|write_|batch|fetch_requests|throttled|run_duration|status_age|build|storage_free)/;
      const gauges = (series: Map<string, number>) => [...series].filter(([name]) => own.test(name));
      expect(gauges(two)).toEqual(gauges(one));
      expect(gauges(one).length).toBeGreaterThan(names.length * 20);
    } finally {
      await first?.stop();
    }
  });

  test('continues without PostgreSQL: it is down, its failures count, and known values stay', async () => {
    origin.answer(json(records(4)));
    const before = await scrape(testWorker.worker);
    expect(before.get('daybook_postgres_up')).toBe(1);
    expect(before.get('daybook_temporal_up')).toBe(1);
    postgres.down();
    const handle = await testWorker.start({ source: 'later' });
    const failures = 'daybook_write_failures_total{sink="postgres"}';
    const away = await scrapeUntil(
      testWorker.worker,
      (series) => series.get('daybook_postgres_up') === 0 && (series.get(failures) ?? 0) > 1,
    );
    expect(before.get(failures)).toBe(0);
    expect(away.get('daybook_write_attempts_total{sink="postgres"}')).toBeGreaterThanOrEqual(away.get(failures) ?? 0);
    expect(away.get('daybook_write_failures_total{sink="csv"}')).toBe(0);
    expect(away.get('daybook_partitions_ahead')).toBe(before.get('daybook_partitions_ahead'));
    expect(await testWorker.worker?.notReadyReasons()).toContain('PostgreSQL cannot be reached');
    expect(await testWorker.worker?.statusPage()).toMatch(
      /PostgreSQL<\/dt>\s*<dd>\s*<span class="state failing">cannot be reached/,
    );
    postgres.up();
    const receipt = (await handle.result()) as Receipt;
    const after = await scrapeUntil(testWorker.worker, (series) => series.get('daybook_postgres_up') === 1);
    expect(after.get('daybook_records_total{source="later",sink="postgres",result="written"}')).toBe(
      receipt.postgres.written,
    );
    const written = 'daybook_batches_written_total{sink="postgres"}';
    expect((after.get(written) ?? NaN) - (before.get(written) ?? NaN)).toBe(1);
  });
});

test('thousands of addresses and of record failures create no series', async () => {
  origin.answer(pages(4));
  expect(await testWorker.run('paged')).toMatchObject({ outcome: 'partial', pages: 5, rejected: 2 });
  await scrape(testWorker.worker);
  const before = [...(await scrape(testWorker.worker)).keys()];
  origin.answer(pages(2_000));
  expect(await testWorker.run('paged')).toMatchObject({ outcome: 'partial', pages: 2_001, rejected: 1_000 });
  expect([...(await scrape(testWorker.worker)).keys()]).toEqual(before);
}, 120_000);

describe('the endpoint', () => {
  test('with 1,000 slow connections and large headers does not delay runs', async () => {
    const endpoint = await testWorker.serveHttp((error) => {
      throw error;
    });
    const sockets: Socket[] = [];
    const attack = setInterval(() => {
      for (let n = 0; n < 50; n++) {
        const socket = connect(endpoint.port, '127.0.0.1');
        socket.on('error', () => undefined);
        socket.write(n % 10 === 0 ? `GET / HTTP/1.1\r\nx: ${'a'.repeat(1_000_000)}` : 'GET /metrics HTTP/1.1\r\n');
        sockets.push(socket);
      }
    }, 100);
    try {
      origin.answer(json(records(100)));
      await until('the attack is running', () => sockets.length >= 1_000);
      const startedMs = Date.now();
      for (let turn = 0; turn < 3; turn++) expect((await testWorker.run('attacked')).fetched).toBe(100);
      expect(Date.now() - startedMs).toBeLessThan(15_000);
      clearInterval(attack);
      for (const socket of sockets) socket.destroy();
      await until(
        'it answers again',
        async () => (await fetch(`http://127.0.0.1:${endpoint.port}/`).catch(() => null))?.ok,
      );
    } finally {
      clearInterval(attack);
      for (const socket of sockets) socket.destroy();
      await endpoint.close();
    }
  });

  test('names an unreachable Temporal, and still shows its pages', async () => {
    try {
      expect(await testWorker.worker?.notReadyReasons()).toEqual([]);
      temporal.down();
      const missing = await testWorker.worker?.notReadyReasons();
      expect(missing).toContain(`Temporal at 127.0.0.1:${temporal.port} cannot be reached`);
      expect((await scrape(testWorker.worker)).get('daybook_temporal_up')).toBe(0);
    } finally {
      temporal.up();
    }
  });
});
