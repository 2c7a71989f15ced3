import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { json, startOrigin, type Origin } from '../../support/servers/origin.ts';
import { TestWorker } from '../../support/test-worker.ts';
import { until } from '../../support/until.ts';

const stuck = Array.from({ length: 10 }, (_, n) => `stuck${n}`);

let origin: Origin;
let tarpit: Origin;
let friendly: Origin;
let testWorker: TestWorker;
const hung: ServerResponse[] = [];

beforeAll(async () => {
  origin = await startOrigin();
  tarpit = await startOrigin((_url, response) => void hung.push(response));
  friendly = await startOrigin(records('healthy'));
  const source = (name: string, url: string, rest = '') =>
    `  - { name: ${name}, type: http_json, url: "${url}/${name}", id: id, occurred_at: at${rest} }`;
  testWorker = await TestWorker.create(`version: 1
defaults: { allow_private: true, retry: { max_attempts: 3, initial_interval: 100ms } }
sources:
${['one', 'two', 'three', 'long'].map((name) => source(name, origin.url)).join('\n')}
${['slow1', 'slow2'].map((name) => source(name, origin.url, ', rate_limit: { requests: 1, per: 1s }')).join('\n')}
${source('healthy', friendly.url)}
${stuck.map((name) => source(name, tarpit.url, ', timeout: 20s')).join('\n')}
`);
});
afterAll(async () => {
  for (const response of hung) response.destroy();
  await testWorker.close();
  await Promise.all([origin, tarpit, friendly].map((server) => server.close()));
});

const records = (name: string) => json([{ id: name, at: '2026-11-01T00:00:00Z' }]);
/** Answers with records, and notes when it was asked. */
function noting(times: number[], before: (response: ServerResponse, count: number) => boolean = () => false): void {
  origin.answer((url, response, request) => {
    times.push(performance.now());
    if (!before(response, times.length)) void records(url.pathname)(url, response, request);
  });
}

describe('a host', () => {
  test('is called as often as its strictest source allows, by all of them together', async () => {
    const times: number[] = [];
    noting(times);
    await Promise.all(['slow1', 'slow2', 'slow1', 'slow2'].map((name) => testWorker.run(name)));
    expect(times).toHaveLength(4);
    // Three gaps of a second; the way of the first request may take some of that.
    expect((times[3] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1_500);
  });

  test('that answers 429 to one source is not called by any of them, for as long as it asks', async () => {
    const times: number[] = [];
    noting(times, (response, count) => {
      if (count === 1) response.writeHead(429, { 'retry-after': '2' }).end();
      return count === 1;
    });
    const first = testWorker.run('one');
    await until('it was asked', () => times.length === 1);
    await Promise.all([first, testWorker.run('two'), testWorker.run('three')]);
    expect(times).toHaveLength(4);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1_900);
  });

  test('that asks for more than a quarter of an hour ends the run, which is postponed', async () => {
    origin.answer((_url, response) => void response.writeHead(429, { 'retry-after': '864000' }).end());
    expect(await testWorker.run('long')).toMatchObject({ outcome: 'rate_limited', fetched: 0 });
    const asked = origin.requests.length;
    expect(await testWorker.run('long')).toMatchObject({ outcome: 'rate_limited' });
    // What one source is told holds for the others of the host.
    expect(await testWorker.run('one')).toMatchObject({ outcome: 'rate_limited', fetched: 0 });
    expect(origin.requests.length).toBe(asked);
  });
});

test('ten stuck sources leave a healthy one its time', async () => {
  const others = await Promise.all(stuck.map((source) => testWorker.start({ source })));
  await until('all of them are stuck', () => hung.length === stuck.length);
  await testWorker.run('healthy');
  // It has waited for none of them: each still waits for its answer.
  expect(hung.filter(({ destroyed }) => destroyed)).toEqual([]);
  expect(hung).toHaveLength(stuck.length);
  await Promise.all(others.map((handle) => handle.terminate()));
});
