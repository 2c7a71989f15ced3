import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startOrigin, type Handler, type Origin } from '../../support/servers/origin.ts';
import { TestWorker } from '../../support/test-worker.ts';

let origin: Origin;
let testWorker: TestWorker;

const records = Array.from({ length: 7 }, (_, index) => ({ id: index + 1, at: `2026-11-01T00:00:0${index}Z` }));

beforeAll(async () => {
  origin = await startOrigin();
  const source = (name: string, rest: string) =>
    `  - { name: ${name}, type: http_json, url: "${origin.url}/${name}", id: id, occurred_at: at, ${rest} }`;
  testWorker = await TestWorker.create(
    `version: 1
defaults: { allow_private: true, retry: { max_attempts: 1 } }
sources:
${source('offset', 'records: items, paginator: { type: offset, limit: 3, total_path: total }')}
${source('parallel', 'records: items, concurrency: 3, paginator: { type: offset, limit: 2 }')}
${source('cursor', 'records: items, paginator: { type: cursor, cursor_path: next, cursor_param: after }')}
${source('json_link', 'records: items, paginator: { type: json_link, next_url_path: links.next }')}
${source('header_link', 'paginator: { type: header_link }')}
${source('posted', 'method: POST, body: { query: all, secret_key: "${env:KEY}" }, records: items')}
${source('circle', 'records: items, paginator: { type: json_link, next_url_path: next }')}
${source('full', 'records: items, paginator: { type: page_number, stop_after_empty_page: false, has_more_path: more }')}
${source('filtered', 'incremental: { cursor: at, lag: 2s }')}
${source('issues', 'paginator: { type: header_link }').replace('occurred_at: at', 'occurred_at: updated_at').replace('/issues"', '/repos/octokit-fixture-org/paginate-issues/issues", params: { per_page: 3 }')}
`,
    { KEY: 'k-very-secret' },
  );
});
afterAll(async () => {
  await testWorker.close();
  await origin.close();
});

const answerJson = (of: (url: URL) => unknown): Handler => {
  return (url, response) => void response.end(JSON.stringify(of(url)));
};
const number = (url: URL, name: string) => Number(url.searchParams.get(name) ?? 0);
/** Requests since a moment. */
const since = (before: number) => origin.requests.slice(before);

async function runs(source: string, handler: Handler) {
  origin.answer(handler);
  const before = origin.requests.length;
  const receipt = await testWorker.run(source);
  const stored = await testWorker.database.rows(
    `select source_id from raw_events where source = $1 order by source_id`,
    [source],
  );
  return { receipt, requests: since(before), stored: stored.map((row) => Number(row['source_id'])) };
}
const everyId = records.map(({ id }) => id);

describe('a paginator', () => {
  test('offset counts records, up to the total', async () => {
    const { receipt, requests, stored } = await runs(
      'offset',
      answerJson((url) => ({ items: records.slice(number(url, 'offset'), number(url, 'offset') + 3), total: 7 })),
    );
    expect(requests).toEqual(['/offset?offset=0&limit=3', '/offset?offset=2&limit=3', '/offset?offset=4&limit=3']);
    expect(receipt.outcome).toBe('ok');
    expect(receipt.pages).toBe(3);
    expect(stored).toEqual(everyId);
  });

  test('offset fetches several pages at once, and takes them in order', async () => {
    let open = 0;
    let most = 0;
    const { receipt, stored } = await runs('parallel', async (url, response) => {
      most = Math.max(most, ++open);
      const start = number(url, 'offset');
      // The first answer is the last to come.
      await new Promise((resolve) => setTimeout(resolve, 60 - start * 10));
      open--;
      response.end(JSON.stringify({ items: records.slice(start, start + 2) }));
    });
    expect(receipt.outcome).toBe('ok');
    expect(stored).toEqual(everyId);
    expect(most).toBe(3);
    expect(testWorker.csv('parallel').map((row) => Number(row['source_id']))).toEqual(everyId);
  });

  test('cursor sends the value of the page before', async () => {
    const { requests, stored } = await runs(
      'cursor',
      answerJson((url) => {
        const start = number(url, 'after');
        return { items: records.slice(start, start + 4), next: start + 4 < 7 ? start + 4 : null };
      }),
    );
    expect(requests).toEqual(['/cursor', '/cursor?after=4']);
    expect(stored).toEqual(everyId);
  });

  test('json_link follows the address in the page', async () => {
    const { requests, stored } = await runs(
      'json_link',
      answerJson((url) =>
        url.searchParams.has('p')
          ? { items: records.slice(5), links: { next: '' } }
          : { items: records.slice(0, 5), links: { next: '/json_link?p=2' } },
      ),
    );
    expect(requests).toEqual(['/json_link', '/json_link?p=2']);
    expect(stored).toEqual(everyId);
  });

  test('header_link follows rel="next"', async () => {
    const { requests, stored } = await runs('header_link', (url, response) => {
      const page = url.searchParams.get('page');
      if (page === null) response.setHeader('link', '</header_link?page=2>; rel="last", <?page=2>; rel="next"');
      response.end(JSON.stringify(page === null ? records.slice(0, 4) : records.slice(4)));
    });
    expect(requests).toEqual(['/header_link', '/header_link?page=2']);
    expect(stored).toEqual(everyId);
  });

  test('page_number continues over empty pages if has_more_path says that more follow', async () => {
    const { requests, stored } = await runs(
      'full',
      answerJson((url) => {
        const page = number(url, 'page');
        return { items: page === 2 ? [] : records.slice(page === 1 ? 0 : 4, page === 1 ? 4 : 7), more: page < 3 };
      }),
    );
    expect(requests.length).toBe(3);
    expect(stored).toEqual(everyId);
  });

  test('that forms a cycle ends at a repeated page', async () => {
    const pages: Record<string, unknown> = {
      '': { items: records.slice(0, 2), next: '/circle?p=b' },
      b: { items: records.slice(2, 4), next: '/circle?p=a' },
      a: { items: records.slice(0, 2), next: '/circle?p=b' },
    };
    const { receipt, requests, stored } = await runs(
      'circle',
      answerJson((url) => pages[url.searchParams.get('p') ?? '']),
    );
    expect(receipt.outcome).toBe('ok');
    expect(requests.length).toBe(3);
    expect(stored).toEqual([1, 2, 3, 4]);
  });
});

test('a body is posted, and its secret is in no history', async () => {
  let body = '';
  const { receipt } = await runs('posted', async (_url, response, request) => {
    for await (const chunk of request) body += String(chunk);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ items: records }));
  });
  expect(receipt).toMatchObject({ outcome: 'ok', fetched: 7 });
  expect(JSON.parse(body)).toEqual({ query: 'all', secret_key: 'k-very-secret' });
  const handle = testWorker.client.workflow.getHandle(receipt.workflowId);
  expect(JSON.stringify(await handle.fetchHistory())).not.toContain(Buffer.from('k-very-secret').toString('base64'));
});

test('an API without a start parameter is filtered here', async () => {
  const first = await runs(
    'filtered',
    answerJson(() => records.slice(0, 5)),
  );
  expect(first.receipt).toMatchObject({ fetched: 5, accepted: 5 });
  // Behind the watermark less the lag lie the last three; of the first two, one has changed and is skipped.
  const later = [{ ...records[0], text: 'edited' }, ...records.slice(1)];
  const second = await runs(
    'filtered',
    answerJson(() => later),
  );
  expect(second.receipt).toMatchObject({ outcome: 'ok', fetched: 7, accepted: 2, unchanged: 5 });
  expect(second.stored).toEqual(everyId);
});

const recorded = '../shared/samples/http/github-paginate-issues.json';
test.skipIf(!existsSync(recorded))('thirteen issues come from the recorded exchanges with GitHub', async () => {
  interface Exchange {
    readonly path: string;
    readonly status: number;
    readonly response: unknown;
    readonly headers: Record<string, string | number>;
  }
  const exchanges = JSON.parse(readFileSync(recorded, 'utf8')) as Exchange[];
  const asked: string[] = [];
  const { receipt } = await runs('issues', (url, response) => {
    const found = exchanges.find(({ path }) => path === `${url.pathname}${url.search}`);
    if (!found) return void response.writeHead(404).end();
    asked.push(found.path);
    const { link } = found.headers;
    if (link !== undefined) response.setHeader('link', String(link).replaceAll('https://api.github.com', origin.url));
    response.end(JSON.stringify(found.response));
  });
  expect(receipt).toMatchObject({ outcome: 'ok', fetched: 13, postgres: { written: 13 }, pages: 5 });
  expect(new Set(asked).size).toBe(5);
});
