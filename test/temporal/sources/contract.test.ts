import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Alert } from '../../../src/domain/monitoring/alert.ts';
import { listDeadLetters } from '../../../src/store/dead-letters/dead-letters.ts';
import { createDirectoryStore } from '../../../src/store/blobs/directory-store.ts';
import { json, startOrigin, type Origin } from '../../support/servers/origin.ts';
import { TestWorker } from '../../support/test-worker.ts';
import { until } from '../../support/until.ts';

let origin: Origin;
let hook: Origin;
let testWorker: TestWorker;
let reported: Alert[] = [];
let hookStatus = 200;

beforeAll(async () => {
  origin = await startOrigin();
  hook = await startOrigin(async (_url, response, request) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (hookStatus === 200) reported.push(JSON.parse(body) as Alert);
    response.writeHead(hookStatus).end();
  });
  const source = (name: string, rest = '') =>
    `  - { name: ${name}, type: http_json, url: "${origin.url}/${name}", id: id, occurred_at: at${rest} }`;
  const yaml = (strict: string) => `version: 1
defaults: { allow_private: true, retry: { max_attempts: 1 } }
sources:
${source('empty')}
${source('quiet', ', allow_empty: true')}
${source('failing')}
${source('rejecting')}
${source('few', ', expect: { min_records: 2 }')}
${source('stale', ', expect: { max_staleness: 1s }')}
${source('strict', strict)}
${source('picky', ', on_invalid: fail')}
`;
  testWorker = await TestWorker.create(yaml(''));
  writeFileSync(
    testWorker.path('issue.json'),
    JSON.stringify({ type: 'object', required: ['title'], properties: { title: { type: 'string', minLength: 3 } } }),
  );
  testWorker.configure(yaml(', schema: issue.json'));
  await testWorker.stopWorker();
  testWorker.alertWebhook = `${hook.url}/hooks/t0ken-in-path`;
  await testWorker.startWorker();
});
afterAll(async () => {
  await testWorker.close();
  await origin.close();
  await hook.close();
});
beforeEach(() => {
  reported = [];
  hookStatus = 200;
});

const good = (n: number) => ({ id: n, at: '2026-11-01T00:00:00Z' });
const many = (goodOnes: number, badOnes: number) =>
  Array.from({ length: goodOnes + badOnes }, (_, n) => (n < goodOnes ? good(n) : { id: n }));
const names = () => reported.map(({ name, source, state }) => `${source} ${name} ${state}`);

describe('an alert', () => {
  test('opens with an empty poll, and is resolved by the next with records; the webhook receives each once', async () => {
    origin.answer(json([]));
    expect(await testWorker.run('empty')).toMatchObject({ outcome: 'empty' });
    expect(await testWorker.run('empty')).toMatchObject({ outcome: 'empty' });
    expect(names()).toEqual(['empty empty open']);
    expect(reported[0]).toEqual({
      name: 'empty',
      source: 'empty',
      state: 'open',
      since: expect.stringMatching(/^\d{4}-.*Z$/),
      message: 'empty had no records; set allow_empty: true if that is normal',
    });
    origin.answer(json([good(1)]));
    await testWorker.run('empty');
    expect(names()).toEqual(['empty empty open', 'empty empty resolved']);
    await until('its log line', () =>
      testWorker.logs.some(({ event, state }) => event === 'alert' && state === 'resolved'),
    );
  });

  test('does not open where an empty poll is normal', async () => {
    origin.answer(json([]));
    await testWorker.run('quiet');
    expect(names()).toEqual([]);
  });

  test('opens with a failed run', async () => {
    origin.answer((_url, response) => void response.writeHead(500).end());
    await testWorker.runToFailure('failing');
    expect(names()).toEqual(['failing run_failed open']);
    origin.answer(json([good(1)]));
    await testWorker.run('failing');
    expect(names().at(-1)).toBe('failing run_failed resolved');
  });

  test('opens with too many rejects: the run fails, valid records are stored, and the state advances', async () => {
    origin.answer(json(many(10, 15)));
    const { type, receipt } = await testWorker.runToFailure('rejecting');
    expect([type, receipt]).toMatchObject(['TooManyRejects', { fetched: 25, rejected: 15, postgres: { written: 10 } }]);
    expect(names()).toEqual(['rejecting reject_ratio open']);
    origin.answer(json(many(25, 0)));
    expect(await testWorker.run('rejecting')).toMatchObject({ outcome: 'ok', unchanged: 10, accepted: 15 });
    expect(names().at(-1)).toBe('rejecting reject_ratio resolved');
  });

  test('opens if there are fewer records than expected', async () => {
    origin.answer(json([good(1)]));
    expect(await testWorker.run('few')).toMatchObject({ outcome: 'ok' });
    expect(reported[0]?.message).toBe('few had 1 records, expect.min_records is 2');
    origin.answer(json([good(1), good(2)]));
    await testWorker.run('few');
    expect(names()).toEqual(['few min_records open', 'few min_records resolved']);
  });

  test('opens if there was nothing new for too long', async () => {
    origin.answer(json([good(1)]));
    await testWorker.run('stale');
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await testWorker.run('stale');
    expect(names()).toEqual(['stale staleness open']);
    origin.answer(json([good(1), good(2)]));
    await testWorker.run('stale');
    expect(names().at(-1)).toBe('stale staleness resolved');
  });

  test('that the webhook rejected is sent with the next run, and its address is in no log', async () => {
    hookStatus = 500;
    origin.answer(json([]));
    await testWorker.run('empty');
    expect(names()).toEqual([]);
    hookStatus = 200;
    await testWorker.run('empty');
    await until('the alert', () => names().length > 0);
    expect(names()).toEqual(['empty empty open']);
    expect(JSON.stringify(testWorker.logs)).not.toContain('t0ken-in-path');
  });
});

describe('a schema', () => {
  test('sends invalid records to the dead letters, and says where they fail', async () => {
    origin.answer(json([{ ...good(1), title: 'long enough' }, { ...good(2), title: 'x' }, good(3)]));
    expect(await testWorker.run('strict')).toMatchObject({ outcome: 'partial', accepted: 1, rejected: 2 });
    const letters = await listDeadLetters(createDirectoryStore(testWorker.path('data')), { source: 'strict' });
    expect(
      letters.map(({ reason, message }) => [reason, message]).sort(([a], [b]) => String(a).localeCompare(String(b))),
    ).toEqual([
      ['schema', expect.stringContaining('title')],
      ['schema', expect.stringContaining('title')],
    ]);
  });

  test('that changes makes the source be read again', async () => {
    writeFileSync(testWorker.path('issue.json'), JSON.stringify({ type: 'object' }));
    expect(await testWorker.run('strict')).toMatchObject({ outcome: 'ok', fetched: 3, unchanged: 0, accepted: 3 });
    expect(await testWorker.database.count(`select count(*) from raw_events where source = 'strict'`)).toBe(3);
  });
});

test('on_invalid: fail fails the run at the first invalid record, and names it', async () => {
  origin.answer(json([good(1), { id: 2 }]));
  const { type, message } = await testWorker.runToFailure('picky');
  expect(type).toBe('InvalidRecord');
  expect(message).toMatch(/missing_time/);
});
