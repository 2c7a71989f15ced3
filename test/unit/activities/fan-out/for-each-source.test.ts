import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { ParentChains } from '../../../../src/activities/fan-out/parent-chains.ts';
import type { ResolvedSource } from '../../../../src/activities/run/resolve-source.ts';
import type { HttpPlan } from '../../../../src/domain/plan/source-plan.ts';
import { fanOutStart } from '../../../../src/domain/state/fan-out.ts';
import { openAlerts } from '../../../../src/store/alerts/alerts.ts';
import { FanOutProgress } from '../../../../src/store/fan-out/fan-out-progress.ts';
import { FanOutStore } from '../../../../src/store/fan-out/fan-out-store.ts';
import { listDeadLetters } from '../../../../src/store/dead-letters/dead-letters.ts';
import { startOrigin, type Origin } from '../../../support/servers/origin.ts';
import { useTemporaryFolder } from '../../store/temporary-folder.ts';
import { FanOutWorker, takeRequests, type FanOutRun } from './fan-out-worker.ts';

const folder = useTemporaryFolder();
let origin: Origin;
let worker: FanOutWorker;

/** Comments of an issue, one for each page, and how many pages it has. */
const pagesOf = new Map<string, number>();
const failing = new Map<string, number>();

beforeEach(async () => {
  pagesOf.clear();
  failing.clear();
  origin = await startOrigin((url, response) => {
    const [, , id = '', page = '1'] = /^\/(issues)\/([^/]+)(?:\/(\d+))?$/.exec(url.pathname) ?? [];
    const status = failing.get(id);
    if (status === 0) return void response.destroy();
    if (status !== undefined) return void response.writeHead(status).end();
    const last = Number(page) >= (pagesOf.get(id) ?? 1);
    const items = [{ id: `${id}-${page}`, at: '2026-11-23T10:00:00Z' }];
    const next = last ? {} : { next: `/issues/${id}/${Number(page) + 1}` };
    response.end(JSON.stringify({ items, ...next }));
  });
});

afterEach(async () => {
  await worker.close();
  await origin.close();
});

function open(options = '', more = '', limit = ''): FanOutWorker {
  worker = new FanOutWorker(
    folder.path,
    `  - { name: issues, type: file, path: issues.ndjson, id: id, occurred_at: at }
  - name: comments
    type: http_json
    url: "${origin.url}/issues/\${parent:id}"
    records: items
    id: id
    occurred_at: at
    allow_empty: true
    paginator: { type: json_link, next_url_path: next${limit} }
    for_each: { source: issues${options} }
${more}`,
    undefined,
    { MASK_KEY: 'key-of-the-mask' },
  );
  return worker;
}

const issue = (id: number | string, title = 'x') => ({ id, title });
const team = (title: string) => ({ id: 1, title, people: ['ann', 'bob'] });
const many = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => issue(from + index));
const requested = () => takeRequests(origin);
const letters = async () => listDeadLetters(worker.store, { source: 'comments' });
const minute = (number: number) => new Date(Date.UTC(2026, 10, 20, 10, number));

describe('for_each with a source', () => {
  test('requests each of its records once, in the order in which they were stored', async () => {
    open();
    await worker.storeParents('issues', [issue(7), issue(5)], minute(1));
    await worker.storeParents('issues', [issue(9)], minute(2));

    const first = await worker.poll('comments');
    const paths = requested();
    const second = await worker.poll('comments');

    expect(paths).toEqual(['/issues/7', '/issues/5', '/issues/9']);
    expect(first.tally).toMatchObject({ fetched: 3, accepted: 3, rejected: 0, pages: 3 });
    expect(first.end?.parents).toEqual({ asked: 3, failed: 0 });
    expect(requested()).toEqual([]);
    expect(second.end).toMatchObject({ notModified: true });
  });

  test('requests what is stored later by the next run, also where it was ingested earlier', async () => {
    open();
    await worker.storeParents('issues', [issue(1)], minute(2));
    await worker.poll('comments');
    await worker.storeParents('issues', [issue(2)], minute(1));
    await worker.storeParents('issues', [issue(3)], minute(3));
    requested();
    await worker.poll('comments');
    expect(requested()).toEqual(['/issues/2', '/issues/3']);
  });

  test('requests a record that comes again only if its payload has changed', async () => {
    open();
    await worker.storeParents('issues', [issue(1), issue(2)], minute(1));
    await worker.poll('comments');
    requested();
    await worker.storeParents('issues', [issue(1), issue(2, 'changed')], minute(2));
    await worker.poll('comments');
    expect(requested()).toEqual(['/issues/2']);
    await worker.storeParents('issues', [issue(2)], minute(3));
    await worker.poll('comments');
    expect(requested()).toEqual(['/issues/2']);
  });

  test('reads days that were sealed before it existed, and none of them again', async () => {
    open();
    await worker.storeParents('issues', many(1, 3), minute(1));
    await worker.storeParents('issues', [issue(2, 'changed')], minute(2));
    await worker.journal.sealDay({ source: 'issues', day: '2026-11-20' }, sealing);
    await worker.poll('comments');
    expect(requested()).toEqual(['/issues/1', '/issues/2', '/issues/3']);
    await worker.storeParents('issues', [issue(4)], minute(3));
    await worker.poll('comments');
    expect(requested()).toEqual(['/issues/4']);
  });

  test('keeps the parts of a day from being sealed until it has passed them, and then reads nothing again', async () => {
    open();
    await worker.storeParents('issues', [issue(1)], minute(1));
    await worker.storeParents('issues', [issue(1, 'changed')], minute(2));
    expect(await seal()).toMatchObject({ sealed: [], waiting: ['issues 2026-11-20'] });
    await worker.poll('comments');
    expect(requested()).toEqual(['/issues/1', '/issues/1']);
    expect(await seal()).toMatchObject({ sealed: ['issues 2026-11-20'], waiting: [] });
    await worker.poll('comments');
    expect(requested()).toEqual([]);
    await worker.storeParents('issues', [issue(2)], minute(3));
    expect(await seal()).toMatchObject({ sealed: [], waiting: ['issues 2026-11-20'] });
    await worker.poll('comments');
    expect(requested()).toEqual(['/issues/2']);
    expect(await seal()).toMatchObject({ sealed: ['issues 2026-11-20'] });
    await worker.poll('comments');
    expect(requested()).toEqual([]);
  });

  test('passes a parent whose request fails as a dead letter, which a replay queues for the next run', async () => {
    open();
    failing.set('2', 404);
    await worker.storeParents('issues', many(1, 3), minute(1));
    const run = await worker.poll('comments');
    expect(run.tally).toMatchObject({ fetched: 3, accepted: 2, rejected: 1 });
    expect(run.failure).toBe(null);
    const [letter] = await letters();
    expect(letter).toMatchObject({ reason: 'parent_failed', record: { parent: { id: 2, title: 'x' } }, count: 1 });
    requested();

    failing.clear();
    await replay();
    expect(await letters()).toEqual([]);
    await worker.poll('comments');
    expect(requested()).toEqual(['/issues/2']);
    await worker.poll('comments');
    expect(requested()).toEqual([]);
  });

  test('keeps a parent as a dead letter whose pages were cut, for the next run does not request the rest', async () => {
    open('', '', ', max_pages: 2');
    pagesOf.set('1', 3);
    await worker.storeParents('issues', many(1, 2), minute(1));
    const run = await worker.poll('comments');
    expect(run.tally).toMatchObject({ fetched: 4, accepted: 3, rejected: 1 });
    expect(run.end).toMatchObject({ cutShort: true });
    expect(await letters()).toMatchObject([{ reason: 'parent_failed', record: { parent: { id: 1 } } }]);
    expect((await letters())[0]?.message).toContain('max_pages');
    requested();

    pagesOf.set('1', 2);
    await replay();
    await worker.poll('comments');
    expect(requested()).toEqual(['/issues/1', '/issues/1/2']);
    expect(await letters()).toEqual([]);
  });

  test('queues a parent that its own source has stored with a masked field', async () => {
    open();
    failing.set('1', 404);
    await worker.storeParents('issues', [issue(1, '[redacted]'), issue(2)], minute(1));
    await worker.poll('comments');
    failing.clear();
    await replay();
    expect(await letters()).toEqual([]);
    requested();
    await worker.poll('comments');
    expect(requested()).toEqual(['/issues/1']);
  });

  test('keeps a failed parent as its own mask would, and a replay requests it as it is', async () => {
    open(
      '',
      '    parent: [id, title, people]\n    mask: { parent.title: redact, "parent.people[]": hash }\n    mask_key: "${env:MASK_KEY}"\n',
    );
    failing.set('1', 404);
    await worker.storeParents('issues', [team('secret title')], minute(1));
    await worker.poll('comments');
    const [letter] = await letters();
    expect(letter).toMatchObject({ shaped: true, record: { parent: { id: 1, title: '[redacted]' } } });
    const { people } = (letter as unknown as { record: { parent: { people: string[] } } }).record.parent;
    expect(people.map((person) => /^hmac:[0-9a-f]{32}$/.test(person))).toEqual([true, true]);
    failing.clear();
    await replay();
    await worker.poll('comments');
    const [payload] = worker.stored.get('comments/1-1') ?? [];
    expect(JSON.parse(payload ?? '')).toMatchObject({ parent: { id: 1, title: '[redacted]', people } });
    await worker.storeParents('issues', [team('changed')], minute(2));
    await worker.poll('comments');
    expect(JSON.parse(worker.stored.get('comments/1-1')?.at(-1) ?? '')).toMatchObject({ parent: { people } });
  });

  test.each([
    ['a request', 'mask: { parent.id: hash }', 'hmac:'],
    ['a filter', 'mask: { parent.title: redact }\n    filter: "parent.title != null"', '[redacted]'],
    ['a map', 'mask: { name: redact }\n    map: { id: id, at: at, name: parent.title }', '[redacted]'],
  ])(
    'keeps a failed parent masked, and does not replay it, where %s reads what the mask hides',
    async (_, mask, hidden) => {
      open('', `    parent: [id, title]\n    ${mask}\n    mask_key: "\${env:MASK_KEY}"\n`);
      failing.set('private-7', 404);
      failing.set('7', 404);
      const isId = mask.includes('parent.id');
      await worker.storeParents('issues', [isId ? issue('private-7') : issue(7, 'private-7')], minute(1));
      await worker.poll('comments');
      const [letter] = await letters();
      expect(JSON.stringify(letter)).toContain(hidden);
      expect(JSON.stringify(letter)).not.toContain('private');
      await replay();
      expect(await letters()).toHaveLength(1);
    },
  );

  test('a queued parent that fails once more is a dead letter again', async () => {
    open();
    failing.set('1', 404);
    await worker.storeParents('issues', [issue(1), issue(2)], minute(1));
    await worker.poll('comments');
    await replay();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await worker.poll('comments');
    expect(await letters()).toMatchObject([{ reason: 'parent_failed', count: 1 }]);
  });

  test('retries a parent that the host does not answer for, and passes it once the host has answered for another', async () => {
    open();
    failing.set('2', 503);
    await worker.storeParents('issues', many(1, 3), minute(1));
    const run = await worker.poll('comments');
    expect(run.tally).toMatchObject({ fetched: 3, accepted: 2, rejected: 1 });
    expect(requested().filter((path) => path === '/issues/2').length).toBeGreaterThan(1);
  });

  test('fails, and passes no parent, where the host answers for none', async () => {
    open();
    for (const { id } of many(1, 40)) failing.set(String(id), 503);
    await worker.storeParents('issues', many(1, 40), minute(1));
    const run = await worker.poll('comments');
    expect(run.failure).toContain('found no answer for 20 parents in a row');
    expect(await letters()).toEqual([]);
    failing.clear();
    requested();
    await worker.poll('comments');
    expect(requested()).toHaveLength(40);
  });

  test('fails at once where its credentials are refused', async () => {
    open();
    failing.set('1', 401);
    await worker.storeParents('issues', many(1, 3), minute(1));
    expect((await worker.poll('comments')).failure).toContain('answered 401');
    expect(await letters()).toEqual([]);
  });

  test('fails above max_reject_ratio of 20 parents, and its position moves', async () => {
    open();
    for (const { id } of many(1, 11)) failing.set(String(id), 404);
    await worker.storeParents('issues', many(1, 20), minute(1));
    const run = await worker.poll('comments');
    expect(run.failure).toContain('11 of 20 parents failed, max_reject_ratio is 0.5');
    requested();
    await worker.poll('comments');
    expect(requested()).toEqual([]);
  });

  test('requests records again while they are not older than revisit, each once, as it was stored last', async () => {
    open(', revisit: 2d');
    const now = Date.now();
    const ago = (hours: number) => new Date(now - hours * 3_600_000);
    await worker.storeParents('issues', [issue(1), issue(2)], ago(3));
    await worker.storeParents('issues', [issue(3)], ago(2), ago(72));
    await worker.storeParents('issues', [issue(1, 'changed')], ago(1));
    const first = await worker.poll('comments');
    expect(requested()).toEqual(['/issues/1', '/issues/2', '/issues/3', '/issues/1']);
    expect(first.end?.parents?.asked).toBe(4);
    await worker.poll('comments');
    expect(requested()).toEqual(['/issues/2', '/issues/1']);
  });

  test('opens an alert where days of a week ago are kept for it, and resolves it once they are passed', async () => {
    open();
    const old = new Date(Date.now() - 9 * 86_400_000);
    await worker.storeParents('issues', [issue(1)], old);
    await seal();
    const [alert] = await openAlerts(worker.store);
    expect(alert).toMatchObject({ name: 'for_each_behind', source: 'comments' });
    expect(alert?.message).toContain(`comments has not passed 1 days of issues that are older than 7 days`);
    await worker.poll('comments');
    await seal();
    expect(await openAlerts(worker.store)).toEqual([]);
  });

  test('keeps a sealed day that it has not read from being deleted by csv.retention', async () => {
    open('', 'csv: { retention: 1d }\n');
    await worker.storeParents('issues', [issue(1)], minute(1));
    await worker.journal.sealDay({ source: 'issues', day: '2026-11-20' }, sealing);
    expect(await seal()).toMatchObject({ deleted: [], waiting: ['issues 2026-11-20'] });
    await worker.poll('comments');
    expect(requested()).toEqual(['/issues/1']);
    expect(await seal()).toMatchObject({ deleted: ['issues 2026-11-20'] });
    await worker.poll('comments');
    expect(requested()).toEqual([]);
  });

  test('fails where a part of the journal is damaged, instead of passing it over', async () => {
    open();
    await worker.storeParents('issues', [issue(1)], minute(1));
    const [part] = folder.files().filter((path) => path.startsWith('csv/issues/'));
    appendFileSync(join(folder.path, part ?? ''), '"issues","2"');
    expect((await worker.poll('comments')).failure).toContain('for_each: the journal of issues cannot be read');
    expect(requested()).toEqual([]);
  });

  test('leaves no blobs that its state does not name, but for young ones', async () => {
    open(', revisit: 100d');
    for (let part = 1; part <= 3; part++) {
      await worker.storeParents('issues', many(part * 10, part * 10 + 5), minute(part));
      await worker.poll('comments');
    }
    const { fanOut } = await worker.state('comments');
    const stored = new FanOutStore(worker.store);
    const { blobs } = await stored.namesOf('comments', fanOut);
    const files = () => folder.files().filter((path) => path.startsWith('data/fan-out/'));
    expect(files().length).toBeGreaterThan(blobs.size);
    await stored.clean('comments', fanOut, new Date(Date.now() + 7_200_000));
    expect(files()).toHaveLength(blobs.size);
  });

  test('continues where its state is, if the blob of a poll that is not over is gone', async () => {
    open();
    await worker.storeParents('issues', many(1, 3), minute(1));
    await worker.poll('comments');
    const { fanOut = '' } = await worker.state('comments');
    const found = (...names: string[]) =>
      FanOutProgress.open(new FanOutStore(worker.store), 'comments', 'run', { names, parents: 'issues' });
    const { progress, isLost } = await found('0'.repeat(32), fanOut);
    expect(isLost).toBe(false);
    expect((await progress.day('2026-11-20')).parts).toHaveLength(1);
    expect(await found('0'.repeat(32))).toMatchObject({ isLost: true });
    expect(await found()).toMatchObject({ isLost: false });
  });

  test('passes over parents that come again in several fetches, where that takes long', async () => {
    open();
    for (let part = 1; part <= 4; part++) await worker.storeParents('issues', many(1, 3), minute(part));
    await worker.poll('comments');
    const { plan, state } = await worker.run<ResolvedSource>(worker.activities.resolveSource, { source: 'comments' });
    for (let part = 5; part <= 8; part++) await worker.storeParents('issues', many(1, 3), minute(part));
    await worker.storeParents('issues', [issue(9)], minute(9));
    const { dependencies, journal, store } = worker;
    const forEach = { type: 'source', source: 'issues' } as const;
    const asked = { plan: plan as HttpPlan, forEach, state, run: 'run', store, journal, onProgress: () => undefined };
    let fanOut = fanOutStart(new Date());
    const found: (string | undefined)[] = [];
    for (let isPaused = true; isPaused;) {
      const chains = await ParentChains.open({ ...asked, fanOut, fanOutStore: dependencies.fanOut, maxReadMs: 0 });
      const chain = await chains.next();
      found.push(chain?.parent);
      fanOut = { ...fanOut, progress: await chains.save(false) };
      await chains.close();
      ({ isPaused } = chains);
    }
    expect(found.length).toBeGreaterThan(5);
    expect(found.filter((parent) => parent !== undefined)).toEqual([JSON.stringify(issue(9))]);
  });

  test('tells apart children of two parents that have the same id', async () => {
    worker = new FanOutWorker(
      folder.path,
      `  - { name: issues, type: file, path: issues.ndjson, id: id, occurred_at: at }
  - { name: parts, type: http_json, url: "${origin.url}/same?of=\${parent:id}", id: [parent.id, id], occurred_at: at, parent: [id, title], for_each: { source: issues } }
`,
    );
    origin.answer((_url, response) => void response.end('[{"id":1,"at":"2026-11-23T10:00:00Z","parent":"own"}]'));
    await worker.storeParents('issues', [issue(1), issue(2)], minute(1));
    const run = await worker.poll('parts');
    const payloads = [...worker.stored.values()].flat().map((text) => JSON.parse(text) as { parent: object });
    expect(payloads.map(({ parent }) => parent)).toEqual([issue(1), issue(2)]);
    expect(worker.stored.size).toBe(2);
    expect(run.warnings).toContain('parent_replaced');
  });

  test('continues within a chain of many pages, and requests several parents at once', async () => {
    worker = new FanOutWorker(
      folder.path,
      `  - { name: issues, type: file, path: issues.ndjson, id: id, occurred_at: at }
  - { name: comments, type: http_json, url: "${origin.url}/\${parent:id}", id: id, occurred_at: at, for_each: { source: issues }, concurrency: 4, paginator: page_number }
`,
    );
    const perPage = 700;
    let atOnce = 0;
    let most = 0;
    origin.answer(async (url, response) => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setTimeout(resolve, 2));
      atOnce--;
      const page = Number(url.searchParams.get('page'));
      const ids = Array.from({ length: page > 9 ? 0 : perPage }, (_, index) => `${url.pathname}-${page}-${index}`);
      response.end(JSON.stringify(ids.map((id) => ({ id, at: '2026-11-23T10:00:00Z' }))));
    });
    await worker.storeParents('issues', many(1, 6), minute(1));
    const run = await worker.poll('comments');
    expect(run.fetches).toBeGreaterThan(2);
    expect(worker.stored.size).toBe(6 * 9 * perPage);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
  });

  test('each child is stored and no parent skipped, whatever is killed', async () => {
    open();
    let id = 0;
    for (let part = 0; part < 20; part++) {
      await worker.storeParents('issues', many(id + 1, id + 25), minute(part));
      id += 25;
    }
    let random = 1;
    const chance = (share: number) => {
      random = (random * 48_271) % 2_147_483_647;
      return random / 2_147_483_647 < share;
    };
    let last: FanOutRun | null = null;
    for (let run = 0; run < 20 && (last === null || last.end === null); run++) {
      last = await worker.poll('comments', { losesResult: () => chance(0.3), ends: () => chance(0.3) });
    }
    await worker.poll('comments');
    expect(worker.stored.size).toBe(id);
    expect([...worker.stored.values()].every((payloads) => payloads.length === 1)).toBe(true);
  });
});

const sealing = { signal: new AbortController().signal, onProgress: () => {} };

async function seal(): Promise<object> {
  return worker.run(worker.activities.sealCsv, { dryRun: false });
}

async function replay(): Promise<void> {
  const run = { source: 'comments', workflowId: 'replay', firstRunId: 'replay' };
  const plan = (await worker.run<{ plan: object }>(worker.activities.resolveSource, { source: 'comments' })).plan;
  const planned = await worker.run<object>(worker.activities.planReplay, { run, selection: {} });
  const page = { run, plan, letters: planned, page: 0, number: 0, days: [] };
  const { taken } = await worker.run<{ taken: string }>(worker.activities.replayLetters, page);
  await worker.run(worker.activities.settleReplay, { run, taken, number: 0 });
}
