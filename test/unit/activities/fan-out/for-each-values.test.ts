import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { forgetPolls } from '../../../../src/store/run/states.ts';
import { listDeadLetters } from '../../../../src/store/dead-letters/dead-letters.ts';
import { startOrigin, type Origin } from '../../../support/servers/origin.ts';
import { useTemporaryFolder } from '../../store/temporary-folder.ts';
import { FanOutWorker, takeRequests } from './fan-out-worker.ts';

const folder = useTemporaryFolder();
let origin: Origin;
let worker: FanOutWorker;
const failing = new Set<string>();
const times = new Map<string, string>();

beforeEach(async () => {
  failing.clear();
  times.clear();
  origin = await startOrigin((url, response, request) => {
    const region = url.pathname.slice(1);
    if (failing.has(region)) return void response.writeHead(404).end();
    const etag = `"${region}${times.get(region) ?? ''}"`;
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end();
    const at = times.get(region) ?? '2026-11-23T10:00:00Z';
    response.writeHead(200, { etag }).end(JSON.stringify([{ id: `${region}-${at}`, at }]));
  });
});

afterEach(async () => {
  await worker.close();
  await origin.close();
});

function open(more = '', values = '[eu, us, 7]'): FanOutWorker {
  worker = new FanOutWorker(
    folder.path,
    `  - { name: sales, type: http_json, url: "${origin.url}/\${parent:@}", id: id, occurred_at: at, parent: [value], for_each: { values: ${values} }${more} }\n`,
  );
  return worker;
}

const requested = () => takeRequests(origin);

describe('for_each with values', () => {
  test('requests the source once for each value at each run, with an ETag of its own', async () => {
    open();
    const first = await worker.poll('sales');
    expect(requested()).toEqual(['/eu', '/us', '/7']);
    expect(first.tally).toMatchObject({ fetched: 3, accepted: 3, pages: 3 });
    const [payload = '{}'] = [...worker.stored.values()].flat();
    expect(JSON.parse(payload)).toMatchObject({ parent: { value: 'eu' } });
    const second = await worker.poll('sales');
    expect(requested()).toEqual(['/eu', '/us', '/7']);
    expect(second.end).toMatchObject({ notModified: true, parents: { asked: 3, failed: 0 } });
    times.set('us', '2026-11-24T10:00:00Z');
    const third = await worker.poll('sales');
    expect(third.tally).toMatchObject({ fetched: 1, accepted: 1 });
  });

  test('keeps a watermark for each value, also where another one is ahead', async () => {
    open(', incremental: { cursor: at, start_param: since }');
    times.set('us', '2026-11-25T10:00:00Z');
    await worker.poll('sales');
    requested();
    await worker.poll('sales');
    expect(requested()).toEqual([
      '/eu?since=2026-11-23T10%3A00%3A00Z',
      '/us?since=2026-11-25T10%3A00%3A00Z',
      '/7?since=2026-11-23T10%3A00%3A00Z',
    ]);
  });

  test('counts records as unchanged that the previous poll of the value had', async () => {
    open(', paginator: { type: page_number, total_path: "`1`" }');
    await worker.poll('sales');
    const second = await worker.poll('sales');
    expect(second.tally).toMatchObject({ fetched: 3, accepted: 0, unchanged: 3 });
    await forgetPolls(worker.store, ['sales']);
    const third = await worker.poll('sales');
    expect(third.tally).toMatchObject({ fetched: 3, accepted: 3 });
    const fourth = await worker.poll('sales');
    expect(fourth.tally).toMatchObject({ fetched: 3, accepted: 0, unchanged: 3 });
  });

  test('passes a value that fails as a dead letter, and requests it again at the next run', async () => {
    open();
    failing.add('us');
    const run = await worker.poll('sales');
    expect(run.tally).toMatchObject({ fetched: 3, accepted: 2, rejected: 1 });
    expect(await listDeadLetters(worker.store, {})).toMatchObject([
      { reason: 'parent_failed', record: { parent: 'us' } },
    ]);
    failing.clear();
    const second = await worker.poll('sales');
    expect(second.tally).toMatchObject({ fetched: 1, accepted: 1 });
  });

  test('begins from scratch where the values have changed', async () => {
    open();
    await worker.poll('sales');
    await worker.close();
    open('', '[eu, asia]');
    const run = await worker.poll('sales');
    expect(run.tally).toMatchObject({ fetched: 2 });
  });

  test('continues at the next value after a kill, and stores each record', async () => {
    open('', `[${Array.from({ length: 40 }, (_, index) => `v${index}`).join(', ')}]`);
    let kills = 0;
    await worker.poll('sales', { losesResult: () => kills++ < 3 });
    expect(worker.stored.size).toBe(40);
  });
});
