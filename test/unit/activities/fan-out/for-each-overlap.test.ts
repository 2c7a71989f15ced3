import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SourceState } from '../../../../src/domain/state/source-state.ts';
import { startOrigin, type Origin } from '../../../support/servers/origin.ts';
import { useTemporaryFolder } from '../../store/temporary-folder.ts';
import { FanOutWorker, takeRequests } from './fan-out-worker.ts';

const folder = useTemporaryFolder();
let origin: Origin;
let worker: FanOutWorker;

/** The records of the first parent fill a batch: the other parents belong to the next fetch. */
const perBatch = 5_000;

/** When the records of values are from. */
let hour = 10;

beforeEach(async () => {
  hour = 10;
  origin = await startOrigin((url, response) => {
    const [, , id = ''] = url.pathname.split('/');
    const at = `2026-11-23T${hour}:00:00Z`;
    const count = ['1', 'eu'].includes(id) ? perBatch : 1;
    response.end(JSON.stringify(Array.from({ length: count }, (_, index) => ({ id: `${id}-${index}`, at }))));
  });
  worker = new FanOutWorker(
    folder.path,
    `  - { name: issues, type: file, path: issues.ndjson, id: id, occurred_at: at }
  - { name: comments, type: http_json, url: "${origin.url}/of/\${parent:id}", id: id, occurred_at: at, for_each: { source: issues } }
  - name: sales
    type: http_json
    url: "${origin.url}/of/\${parent:@}"
    id: id
    occurred_at: at
    for_each: { values: [eu, us, asia] }
    incremental: { cursor: at, start_param: since }
`,
  );
});

afterEach(async () => {
  await worker.close();
  await origin.close();
});

const parents = (...ids: number[]) => ids.map((id) => ({ id, title: 'x' }));
const requested = () => takeRequests(origin).map((path) => path.slice('/of/'.length));
const yesterday = () => new Date(Date.now() - 86_400_000);
const soon = () => new Date(Date.now() + 10);
const passed = () => new Promise((resolve) => setTimeout(resolve, 20));

/** Deletes all blobs but those that the stored state names, as a run of 0.3.0 did before. */
async function forgetOthers(source: string): Promise<void> {
  const { fanOut } = await worker.state(source);
  await worker.dependencies.fanOut.clean(source, fanOut, new Date(Date.now() + 7_200_000));
}

describe('two runs of a for_each that are open at once', () => {
  test.each([
    ['', async () => undefined],
    [', also where the blobs of the former are gone', () => forgetOthers('comments')],
  ])('the one that is overtaken requests nothing that the other has settled%s', async (_, disturb) => {
    await worker.storeParents('issues', parents(1, 2, 3, 4), yesterday());
    const other: string[] = [];
    const overtake = async () => {
      expect(requested()).toEqual(['1']);
      await worker.poll('comments');
      other.push(...requested());
      await disturb();
    };
    const run = await worker.poll('comments', { after: (fetch) => (fetch === 1 ? overtake() : passed()) });
    expect(other).toEqual(['1', '2', '3', '4']);
    expect(requested()).toEqual([]);
    expect(run.failure).toBe(null);
    await worker.storeParents('issues', [...parents(1, 2, 3), { id: 4, title: 'changed' }]);
    await worker.poll('comments');
    expect(requested()).toEqual(['4']);
  });

  test('the one that ends last keeps what the other has done', async () => {
    await worker.storeParents('issues', parents(1, 2), yesterday());
    const overtake = async () => {
      await worker.storeParents('issues', parents(3, 4), soon());
      await passed();
      await worker.poll('comments');
    };
    await worker.poll('comments', { after: (fetch) => (fetch === 1 ? overtake() : passed()) });
    requested();
    const next = await worker.poll('comments');
    expect(requested()).toEqual([]);
    expect(next.end?.parents).toEqual({ asked: 0, failed: 0 });
  });

  test('a state that a late attempt puts back costs the parents behind it, not all of them', async () => {
    await worker.storeParents('issues', parents(1, 2, 3), yesterday());
    const states: SourceState[] = [];
    await worker.poll('comments', { after: async (_, state) => states.push(state) });
    await worker.run(worker.activities.saveState, { source: 'comments', state: states[0], clean: false });
    requested();
    await worker.poll('comments');
    expect(requested()).toEqual(['2', '3']);
  });

  test('no parent is lost, and none requested again once all have ended, whatever is killed, sealed or late', async () => {
    let random = 11;
    const chance = (share: number) => {
      random = (random * 48_271) % 2_147_483_647;
      return random / 2_147_483_647 < share;
    };
    const versions = new Set<string>();
    let [id, time] = [0, Date.now() - 9 * 86_400_000];
    const store = async () => {
      time += 4 * 3_600_000;
      const part = Array.from({ length: 8 }, () => ({ id: chance(0.06) ? 1 : 2 + (id++ % 60), title: `t${id}` }));
      const last = [...new Map(part.map((one) => [one.id, one])).values()];
      for (const one of last) versions.add(`${one.id}`);
      await worker.storeParents('issues', last, new Date(time - (chance(0.2) ? 30 * 3_600_000 : 0)));
    };
    const seal = () => worker.run(worker.activities.sealCsv, { dryRun: false });
    const after = async () => {
      if (chance(0.3)) await store();
      if (chance(0.3)) await seal();
      if (chance(0.3)) await worker.poll('comments', { losesResult: () => chance(0.2) });
    };
    for (let step = 0; step < 12; step++) {
      await store();
      await worker.poll('comments', { losesResult: () => chance(0.2), ends: () => chance(0.2), after });
      if (chance(0.3)) await seal();
    }
    await worker.poll('comments');
    expect(new Set(requested())).toEqual(versions);
    await seal();
    await worker.poll('comments');
    expect(requested()).toEqual([]);
  });

  test('values keep their watermarks where the blobs of the run are gone', async () => {
    await worker.poll('sales');
    requested();
    hour = 11;
    await worker.poll('sales', { after: (fetch) => (fetch === 1 ? forgetOthers('sales') : passed()) });
    const since = '?since=2026-11-23T10%3A00%3A00Z';
    expect(requested()).toEqual(['eu', 'us', 'asia'].map((value) => value + since));
  });
});
