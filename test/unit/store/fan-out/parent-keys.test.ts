import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NamedBuffers } from '../../../../src/store/fan-out/named-buffers.ts';
import { markOf, ParentKeys, type KeyBlob } from '../../../../src/store/fan-out/parent-keys.ts';
import { createMemoryStore } from '../../../support/memory-store.ts';

describe('the keys of parents', () => {
  test('say what each parent held last, however they were stored', async () => {
    const write = fc.record({
      id: fc.integer({ min: 0, max: 40 }).map(String),
      payload: fc.constantFrom('a', 'b', 'c'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(write, { maxLength: 20 }), { maxLength: 12 }), async (saves) => {
        const store = createMemoryStore();
        const expected = new Map<string, string>();
        let names: readonly KeyBlob[] = [];
        for (const writes of saves) {
          const keys = new ParentKeys(new NamedBuffers(store), 'news', names);
          for (const { id, payload } of writes) {
            keys.set(markOf(id, payload));
            expected.set(id, markOf(id, payload).content);
          }
          names = await keys.save();
        }
        const ids = Array.from({ length: 42 }, (_, id) => String(id));
        const found = await new ParentKeys(new NamedBuffers(store), 'news', names).find(
          ids.map((id) => markOf(id, '')),
        );
        expect(found).toEqual(ids.map((id) => expected.get(id) ?? null));
      }),
      { numRuns: 100 },
    );
  });

  test('of many parents are in a few blobs of 16 bytes each', async () => {
    const keys = new ParentKeys(new NamedBuffers(createMemoryStore()), 'news', []);
    let names: readonly KeyBlob[] = [];
    for (let id = 0; id < 200_000; id += 1) {
      keys.set(markOf(String(id), 'x'));
      if (id % 5_000 === 4_999) names = await keys.save();
    }
    expect(names.length).toBeLessThan(10);
    expect(names.reduce((sum, { entries }) => sum + entries, 0)).toBe(200_000);
    const [known, unknown] = await keys.find([markOf('123456', 'x'), markOf('none', 'x')]);
    expect(known).toBe(markOf('123456', 'x').content);
    expect(unknown).toBe(null);
  });

  test('of two runs are together in as few blobs, and what a run knows itself counts', async () => {
    const buffers = new NamedBuffers(createMemoryStore());
    const [one, other] = [new ParentKeys(buffers, 'news', []), new ParentKeys(buffers, 'news', [])];
    let adopted: readonly KeyBlob[] = [];
    for (let id = 0; id < 2_000; id += 1) {
      one.set(markOf(String(id), 'one'));
      other.set(markOf(String(id + 1_000), 'other'));
      if (id % 100 === 99) {
        await other.save();
        one.adopt(await other.save());
        adopted = await one.save();
      }
    }
    expect(adopted.length).toBeLessThan(10);
    const ids = [0, 999, 1_000, 1_999, 2_000, 2_999];
    const found = await one.find(ids.map((id) => markOf(String(id), '')));
    const held = ids.map((id) => markOf(String(id), id < 2_000 ? 'one' : 'other').content);
    expect(found).toEqual(held);
  });

  test('of a blob that is gone are not known', async () => {
    const store = createMemoryStore();
    const keys = new ParentKeys(new NamedBuffers(store), 'news', []);
    keys.set(markOf('1', 'x'));
    const names = await keys.save();
    for (const path of await store.list('fan-out/news')) await store.delete(path);
    expect(await new ParentKeys(new NamedBuffers(store), 'news', names).find([markOf('1', 'x')])).toEqual([null]);
  });
});
