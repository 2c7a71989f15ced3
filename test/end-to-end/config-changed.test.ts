import { rmSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FailedReceipt, Receipt } from '../../src/domain/receipt.ts';
import type { Progress } from '../../src/workflows/messages.ts';
import { createGate } from '../support/gate.ts';
import { historyText } from '../support/history-text.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { Rig } from '../support/rig.ts';
import { until } from '../support/until.ts';

/** Two hosts, as far as secrets are concerned: their ports differ. */
let before: Origin;
let after: Origin;
let rig: Rig;

const size = 5_000;
const time = '2026-11-10T00:00:00Z';
const records = (prefix: string) => Array.from({ length: size }, (_, n) => ({ id: `${prefix}-${n}`, at: time }));

/** What the source asks for; each part may be another one in an edit. */
const source = (url: string, token: string, more = '') => `version: 1
defaults: { allow_private: true, retry: { max_attempts: 3, initial_interval: 10ms } }
sources:
  - { name: moved, type: http_json, url: "${url}/list", id: id, occurred_at: at, paginator: { type: page_number },
      auth: { type: bearer, token: "${token}" }, incremental: { cursor: at, start_param: since, end_param: until }${more} }
`;

/** Authorizations that an origin was sent. */
function watched(origin: Origin, prefix: string) {
  const sent: (string | undefined)[] = [];
  const reached = createGate();
  const gate = createGate();
  origin.answer(async (url, response, request) => {
    sent.push(request.headers.authorization);
    const page = Number(url.searchParams.get('page'));
    if (page === 2) {
      reached.open();
      await gate.opened;
    }
    response.end(JSON.stringify(page <= 2 ? records(`${prefix}-${page}`) : []));
  });
  return { sent, reached, gate };
}

beforeAll(async () => {
  before = await startOrigin();
  after = await startOrigin();
});
afterAll(async () => {
  await before.close();
  await after.close();
});
beforeEach(async () => {
  rig = await Rig.create(source(before.url, '${env:TOKEN}'), { TOKEN: 'first-token', OTHER: 'second-token' });
});
afterEach(() => rig.close());

const stored = () => rig.database.count('select count(*) from raw_events');

describe('a source that moves to another host with another secret while its run is open', () => {
  const edits: Record<string, () => void> = {
    'the same name with another value': () => {
      rig.variables['TOKEN'] = 'second-token';
      rig.configure(source(after.url, '${env:TOKEN}'));
    },
    'another name': () => rig.configure(source(after.url, '${env:OTHER}')),
    'a literal': () => rig.configure(source(after.url, 'second-token')),
  };

  test.each(Object.entries(edits))('%s: neither host gets the secret of the other', async (_name, edit) => {
    const [old, moved] = [watched(before, 'old'), watched(after, 'new')];
    moved.gate.open();
    const handle = await rig.start({ source: 'moved' });
    await old.reached.opened;
    await handle.signal('pause', { reason: 'moving' });
    old.gate.open();
    await until('it is paused', async () => (await handle.query<Progress>('progress')).phase === 'paused');
    edit();
    await handle.signal('resume');
    const receipt = (await handle.result()) as Receipt;
    expect(receipt).toMatchObject({ outcome: 'ok', fetched: 4 * size, postgres: { written: 4 * size } });
    expect(await stored()).toBe(4 * size);
    expect(new Set(old.sent)).toEqual(new Set(['Bearer first-token']));
    expect(new Set(moved.sent)).toEqual(new Set(['Bearer second-token']));
    expect(await historyText(handle)).not.toMatch(/first-token|second-token/);
    // It was planned again in the same execution: one receipt.
    expect(rig.receipts).toHaveLength(1);
  });

  test('a window of a backfill is planned again as well', async () => {
    const [old, moved] = [watched(before, 'old'), watched(after, 'new')];
    moved.gate.open();
    const window = { from: '2026-11-10T00:00:00.000000Z', to: '2026-11-11T00:00:00.000000Z' };
    const handle = await rig.start({ source: 'moved', window });
    await old.reached.opened;
    await handle.signal('pause', { reason: 'moving' });
    old.gate.open();
    await until('it is paused', async () => (await handle.query<Progress>('progress')).phase === 'paused');
    rig.configure(source(after.url, '${env:OTHER}'));
    await handle.signal('resume');
    expect(await handle.result()).toMatchObject({ outcome: 'ok', window });
    expect(new Set(moved.sent)).toEqual(new Set(['Bearer second-token']));
    expect(after.requests.at(-1)).toContain('until=');
  });

  test('an edit that leaves address and secrets alone does not begin the poll again', async () => {
    const old = watched(before, 'old');
    const handle = await rig.start({ source: 'moved' });
    await old.reached.opened;
    rig.configure(source(before.url, '${env:TOKEN}', ', allow_empty: true, max_reject_ratio: 0.9'));
    old.gate.open();
    expect(await handle.result()).toMatchObject({ fetched: 2 * size });
    expect(old.sent).toHaveLength(3);
  });

  test('taken out of the configuration ends its run as UnknownSource, with what was fetched stored', async () => {
    const old = watched(before, 'old');
    const handle = await rig.start({ source: 'moved' });
    await old.reached.opened;
    rig.configure(source(before.url, '${env:TOKEN}').replace('name: moved', 'name: other'));
    old.gate.open();
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'UnknownSource' } });
    expect(rig.receipts).toMatchObject([{ outcome: 'failed', error: { type: 'UnknownSource' } }]);
    expect(await stored()).toBe(2 * size);
  });
});

describe('two workers of which only one has the new configuration', () => {
  /** Starts a second worker beside the first, with a configuration of its own. */
  async function withSecond(yaml: string, work: () => Promise<void>) {
    const first = rig.worker;
    writeFileSync(rig.path('second.yaml'), yaml);
    await rig.startWorker('second.yaml');
    try {
      await work();
    } finally {
      await first?.stop();
    }
  }

  test('runs of a source that moved end well, and no secret goes to the other host', async () => {
    const [old, moved] = [watched(before, 'old'), watched(after, 'new')];
    old.gate.open();
    moved.gate.open();
    await withSecond(source(after.url, '${env:OTHER}'), async () => {
      for (let n = 0; n < 4; n++) expect(await rig.run('moved')).toMatchObject({ outcome: expect.any(String) });
    });
    expect(new Set(old.sent)).not.toContain('Bearer second-token');
    expect(new Set(moved.sent)).not.toContain('Bearer first-token');
  });

  test('a source that only one of them knows is run by that one', async () => {
    const old = watched(before, 'old');
    old.gate.open();
    rig.configure(source(before.url, '${env:TOKEN}').replace('name: moved', 'name: other'));
    await withSecond(source(before.url, '${env:TOKEN}'), async () => {
      expect(await rig.run('moved')).toMatchObject({ outcome: 'ok', postgres: { written: 2 * size } });
      for (let n = 0; n < 2; n++) expect(await rig.run('moved')).toMatchObject({ outcome: 'unchanged' });
    });
  });
});

test('a source that no worker knows fails at once, as UnknownSource', async () => {
  rmSync(rig.path('data'), { recursive: true, force: true });
  const failure = (await rig.runToFailure('unknown')) as { type: string; receipt: FailedReceipt | undefined };
  expect(failure.type).toBe('UnknownSource');
});
