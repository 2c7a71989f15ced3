import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FetchBatchInput, FetchBatchResult } from '../../../../src/activities/run/fetch-batch.ts';
import type { ResolvedSource } from '../../../../src/activities/run/resolve-source.ts';
import { Secrets } from '../../../support/secret-search.ts';
import { startOrigin, type Origin } from '../../../support/servers/origin.ts';
import { useTemporaryFolder } from '../../store/temporary-folder.ts';
import { textsOfFiles, WatchedWorker } from '../watched-worker.ts';

const folder = useTemporaryFolder();
let origin: Origin;
let secrets: Secrets;
let workers: WatchedWorker[];
/** Each login gives others. */
let tokens: string[];
let cookieNames: string[];
/** What pages were requested with. */
let asked: { readonly path: string; readonly sid: string | null; readonly cookie: string }[];

const perPage = 2_600;
const password = 'pass-word-of-login';
const form = { base64: 'base64', plain: 'plain' } as const;
let nextIn: keyof typeof form;

beforeEach(async () => {
  secrets = new Secrets();
  workers = [];
  tokens = [];
  cookieNames = [];
  asked = [];
  nextIn = 'plain';
  origin = await startOrigin((url, response, request) => {
    if (url.pathname === '/login') {
      const token = secrets.awkward(`token ${tokens.length}`);
      const cookie = secrets.plain(`cookie ${tokens.length}`);
      tokens.push(token);
      response.setHeader('set-cookie', `${cookieNames[tokens.length - 1] ?? 'sid'}=${cookie}; Path=/`);
      return void response.end(JSON.stringify({ token }));
    }
    const page = Number(url.searchParams.get('page') ?? '1');
    const sent = request.headers['x-session'] as string;
    const cookie = (request.headers.cookie ?? '').split('=')[1] ?? '';
    const sid = url.searchParams.get('sid');
    asked.push({ path: `${url.pathname} ${page}`, sid, cookie });
    const pages = url.pathname === '/along' ? 5 : 3;
    const items = Array.from({ length: page > pages ? 0 : perPage }, (_, index) => ({
      id: `${url.pathname}-${page}-${index}`,
      at: '2026-11-23T10:00:00Z',
      echo: index === 0 ? cookie : '',
    }));
    const state = Buffer.from(JSON.stringify({ page, sent })).toString(nextIn === 'plain' ? 'base64' : 'base64url');
    const next = `${url.pathname}?page=${page + 1}&sid=${cookie}&t=${encodeURIComponent(sent)}&state=${encodeURIComponent(state)}`;
    response.setHeader('etag', `"${cookie}-${page}"`);
    response.end(JSON.stringify({ items, ...(page < pages ? { next } : {}) }));
  });
});

afterEach(async () => {
  for (const worker of workers) await worker.close();
  await origin.close();
});

/** Another one has sessions of its own, as after a restart. */
function startWorker(more = ''): WatchedWorker {
  const worker = new WatchedWorker(
    folder.path,
    `  - name: pages
    type: http_json
    url: "${origin.url}/a${more.includes('for_each') ? '${parent:value}' : ''}"
    auth:
      type: session
      login: { url: "${origin.url}/login", body: { user: daybook, password: "\${env:PASSWORD}" } }
      token: { path: token, send_as: "X-Session: \${token}" }
    records: items
    id: id
    occurred_at: at
    map: { id: id, at: at }
${more}`,
    undefined,
    { PASSWORD: password },
  );
  workers.push(worker);
  return worker;
}

const links = '    paginator: { type: json_link, next_url_path: next }\n';

const cutLinks = `${links.replace(' }', ', max_pages: 1 }')}    incremental: { cursor: at, start_param: since }\n`;

async function begin(worker: WatchedWorker): Promise<FetchBatchInput> {
  const { plan, state } = await worker.run<ResolvedSource>(worker.activities.resolveSource, { source: 'pages' });
  const run = { source: 'pages', workflowId: 'scrape-pages', firstRunId: 'run' };
  return { run, plan, state, position: null, number: 0 };
}

async function fetchNext(worker: WatchedWorker, input: FetchBatchInput): Promise<FetchBatchResult> {
  return structuredClone(await worker.run<FetchBatchResult>(worker.activities.fetchBatch, input));
}

const everything = () => [...workers.flatMap(({ history }) => history), ...textsOfFiles(folder)];
const found = () => secrets.foundIn(everything().join('\n'));

describe('what a login gave out, in what a workflow carries', () => {
  test.each(['plain', 'base64'] as const)(
    'is hidden in links, ETags and tokens that are packed (%s), and a restarted worker continues with its own',
    async (kind) => {
      nextIn = kind;
      const first = startWorker(links);
      const input = await begin(first);
      const begun = await fetchNext(first, input);
      expect(begun.position).not.toBeNull();
      const second = startWorker(links);
      const rest = await fetchNext(second, { ...input, position: begun.position, number: begun.nextNumber });
      expect(rest.end).toMatchObject({ cutShort: false });
      expect(rest.warnings).toBeUndefined();
      expect(begun.counts.fetched + rest.counts.fetched).toBe(3 * perPage);
      expect(asked.map(({ path, sid, cookie }) => [path, sid === null || sid === cookie])).toEqual([
        ['/a 1', true],
        ['/a 2', true],
        ['/a 3', true],
      ]);
      expect(tokens).toHaveLength(2);
      expect(found()).toEqual([]);
    },
  );

  test('is not left out where another login gives no such cookie: the poll starts at the front, and says so', async () => {
    cookieNames = ['sid', 'other'];
    const first = startWorker(links);
    const input = await begin(first);
    const begun = await fetchNext(first, input);
    const second = startWorker(links);
    const again = await fetchNext(second, { ...input, position: begun.position, number: begun.nextNumber });
    expect(again.warnings).toMatchObject([{ code: 'place_dropped' }]);
    expect(asked.map(({ path }) => path)).toEqual(['/a 1', '/a 2', '/a 1', '/a 2', '/a 3']);
    expect(asked.map(({ sid }) => sid)).not.toContain('');
    expect(again.end).toMatchObject({ cutShort: false });
    expect(found()).toEqual([]);
  });

  test('fails a poll that begins again with each worker', async () => {
    const first = startWorker(links);
    cookieNames = ['a1', 'b2', 'c3', 'd4', 'e5'];
    const input = await begin(first);
    const begun = await fetchNext(first, input);
    const position = { ...begun.position, restarts: 3 } as FetchBatchInput['position'];
    const second = startWorker(links);
    await expect(fetchNext(second, { ...input, position, number: 1 })).rejects.toThrow('the poll began again 3 times');
    expect(asked).toHaveLength(2);
  });

  test('fails a poll in which the chain of one parent begins again with each worker, but not that of the next one', async () => {
    const each = `${links}    for_each: { values: [long, x] }\n`;
    cookieNames = ['a1', 'b2', 'c3', 'd4', 'e5'];
    const input = await begin(startWorker(each));
    let begun = await fetchNext(startWorker(each), input);
    for (const restarts of [1, 2, 3]) {
      const next = { ...input, position: begun.position, number: begun.nextNumber };
      begun = await fetchNext(startWorker(each), next);
      expect(begun.position).toMatchObject({ restarts, fanOut: { inside: { line: 0 } } });
    }
    const inside = { ...input, position: begun.position, number: begun.nextNumber };
    await expect(fetchNext(startWorker(each), inside)).rejects.toThrow('the poll began again 3 times');
    const [same] = workers.slice(-2);
    const { position } = await fetchNext(same ?? startWorker(each), inside);
    expect(position).toMatchObject({ fanOut: { nextValue: 2 } });
    expect(position).not.toHaveProperty('restarts');
  });

  test('is hidden in the position that a cut poll leaves, and the next one starts at the front if it cannot be used', async () => {
    cookieNames = ['sid', 'other'];
    const cut = cutLinks;
    const first = startWorker(cut);
    await first.poll('pages');
    expect((await first.state('pages')).unfinished).toMatchObject({ page: 1 });
    const second = startWorker(cut);
    const run = await second.poll('pages');
    expect(run.failure).toBeNull();
    expect(run.warnings).toContain('place_dropped');
    expect(asked.map(({ path }) => path)).toEqual(['/a 1', '/a 1']);
    expect((await second.state('pages')).etag).toBeNull();
    expect(found()).toEqual([]);
  });

  test('is hidden in the positions of the values of a for_each', async () => {
    const cut = `${cutLinks}    for_each: { values: [eu, us] }\n`;
    const first = startWorker(cut);
    await first.poll('pages');
    const second = startWorker(cut);
    await second.poll('pages');
    cookieNames = ['sid', 'sid', 'other'];
    const third = startWorker(cut);
    const run = await third.poll('pages');
    expect(asked.map(({ path }) => path)).toEqual([
      '/aeu 1',
      '/aus 1',
      '/aeu 1',
      '/aeu 2',
      '/aus 1',
      '/aus 2',
      '/aeu 1',
      '/aus 1',
    ]);
    expect(asked.map(({ sid }) => sid)).not.toContain('');
    expect(run.warnings).toContain('place_dropped');
    expect(found()).toEqual([]);
  });
});
