import { describe, expect, test } from 'vitest';
import type { Alert } from '../../../../src/domain/monitoring/alert.ts';
import { openAlerts, settleAlerts } from '../../../../src/store/alerts/alerts.ts';
import type { BlobStore } from '../../../../src/store/blobs/blob-store.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { storePaths } from '../../../../src/store/paths/paths.ts';
import { naming, settingAside, storeVerdicts } from '../../../../src/store/alerts/store-alert.ts';
import { seededRandom } from '../../../support/seeded-random.ts';
import { damageWays, type DamageWay } from './damage-ways.ts';
import { storedKinds, takenNote, type StoredKind } from '../stored-kinds.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';

const folder = useTemporaryFolder();
const kinds: Record<string, StoredKind> = { ...storedKinds, 'note of what was replayed': takenNote };
const cases = Object.keys(kinds).flatMap((kind) =>
  (Object.keys(damageWays) as DamageWay[]).map((way) => ({ kind, way })),
);

/** A store as a worker has it, with what it says. */
function open(): { store: BlobStore; reported: Alert[] } {
  const reported: Alert[] = [];
  return { store: settingAside(createDirectoryStore(folder.path), (alert) => reported.push(alert)), reported };
}

async function damage(store: BlobStore, kind: StoredKind, change: (content: Buffer) => Buffer) {
  const path = await kind.write(store);
  const content = await store.get(path);
  if (!content) throw new Error(`${path} is not there`);
  const damaged = change(content);
  await store.put(path, damaged);
  return { path, damaged };
}

const aside = (store: BlobStore) => store.list(storePaths.damaged.folder({}));

describe('a stored file of each kind', () => {
  test.each(Object.keys(kinds))('%s: an undamaged file is accepted', async (kind) => {
    const { store, reported } = open();
    await kinds[kind]?.write(store);
    expect(await kinds[kind]?.read(store)).toEqual(kinds[kind]?.whole);
    expect(reported).toEqual([]);
  });

  test.each(cases)('$kind, $way: costs only what is damaged, and is reported once', async ({ kind: name, way }) => {
    const { store, reported } = open();
    const kind = kinds[name]!;
    const { path, damaged } = await damage(store, kind, damageWays[way]);
    const before = await aside(store);
    expect(await kind.read(store)).toEqual(kind.damaged);
    expect(await kind.read(store)).toEqual(kind.damaged);
    const moved = storePaths.damaged.build({ path, number: 1 });
    const isAside = kind.fate === 'aside';
    expect(await aside(store)).toEqual(isAside ? [moved] : before);
    const left = await store.get(isAside ? moved : path);
    expect(kind.fate === 'rebuilt' || left?.equals(damaged)).toBe(true);
    expect((await openAlerts(store)).filter((alert) => alert.name === 'store')).toEqual(reported);
    expect(reported.map(({ message }) => message.startsWith(`${path} `))).toEqual(isAside ? [true] : []);
  });

  test.each(Object.keys(kinds))('%s: with any flipped byte no reader breaks, and nothing is lost', async (name) => {
    const kind = kinds[name]!;
    const random = seededRandom(name.length);
    for (let n = 0; n < 6; n++) {
      const { store } = open();
      const { path, damaged } = await damage(store, kind, (content) => {
        const flipped = Buffer.from(content);
        const offset = Math.floor(random() * flipped.length);
        flipped[offset] = (flipped[offset] ?? 0) ^ (1 << Math.floor(random() * 8));
        return flipped;
      });
      // Dead letters and files that are named by their content check that; all other JSON has its hash behind it.
      expect([kind.whole, kind.damaged]).toContainEqual(await kind.read(store));
      const left = [await store.get(path), await store.get(storePaths.damaged.build({ path, number: 1 }))];
      expect(kind.fate === 'rebuilt' || left.some((content) => content?.equals(damaged))).toBe(true);
      for (const file of await store.list('')) await store.delete(file);
    }
  });
});

describe('damage', () => {
  test('is only named by read-only commands, each file once; it stays where it is', async () => {
    const named: string[] = [];
    const store = naming(createDirectoryStore(folder.path), ({ path, problem }) => named.push(`${path} ${problem}`));
    const { path } = await damage(store, storedKinds.alert, damageWays.emptied);
    for (let n = 0; n < 2; n++) expect(await storedKinds.alert.read(store)).toEqual([]);
    expect(named).toEqual([`${path} is empty, expected an alert`]);
    expect(folder.files()).toEqual([path]);
  });

  test('of the alert about damage is damage like any other', async () => {
    const { store, reported } = open();
    await damage(store, storedKinds.state, damageWays.emptied);
    await storedKinds.state.read(store);
    const alert = storePaths.alert.build({ source: 'news', name: 'store' });
    await store.put(alert, 'x');
    expect(await openAlerts(store)).toEqual([]);
    expect(reported.map(({ message }) => message.split(' ')[0])).toEqual(['state/news.json', alert]);
    expect(await openAlerts(store)).toMatchObject([{ name: 'store', source: 'news' }]);
  });

  test('of several files is reported in one alert, each once; with the same path nothing is lost', async () => {
    const { store, reported } = open();
    const since = async () => (await openAlerts(store))[0]?.since;
    const first = await damage(store, storedKinds.state, damageWays.emptied);
    await storedKinds.state.read(store);
    const openedAt = await since();
    const second = await damage(store, storedKinds.receipt, damageWays['other JSON']);
    await storedKinds.receipt.read(store);
    const again = await damage(store, storedKinds.state, damageWays['other JSON']);
    await storedKinds.state.read(store);
    expect(reported).toHaveLength(2);
    expect(reported[1]?.message).toContain(`${first.path} is empty, expected the state of a source`);
    expect(reported[1]?.message).toContain(`${second.path} has JSON of the wrong shape, expected a receipt`);
    expect(await since()).toBe(openedAt);
    const paths = [1, 2].map((number) => storePaths.damaged.build({ path: again.path, number }));
    expect(await Promise.all(paths.map((path) => store.get(path)))).toEqual([first.damaged, again.damaged]);
  });

  test('that was handled resolves its alert, and not before', async () => {
    const { store } = open();
    await damage(store, storedKinds.receipt, damageWays.emptied);
    await storedKinds.receipt.read(store);
    const settle = async () => settleAlerts(store, 'news', await storeVerdicts(store, 'news'), new Date());
    expect(await settle()).toEqual([]);
    for (const path of await aside(store)) await store.delete(path);
    expect(await settle()).toMatchObject([{ name: 'store', state: 'resolved' }]);
  });

  test('that was replaced meanwhile is not set aside: the present file is good', async () => {
    const raw = createDirectoryStore(folder.path);
    const { store, reported } = open();
    const { path } = await damage(store, storedKinds.state, damageWays.emptied);
    const get = store.get.bind(store);
    let first = true;
    const racing = settingAside(
      {
        ...raw,
        async get(asked) {
          const content = await get(asked);
          if (first && asked === path) await storedKinds.state.write(raw);
          first &&= asked !== path;
          return content;
        },
      },
      (alert) => reported.push(alert),
    );
    expect(await storedKinds.state.read(racing)).toBeNull();
    expect(await storedKinds.state.read(store)).toEqual(storedKinds.state.whole);
    expect(reported).toEqual([]);
    expect(await aside(store)).toEqual([]);
  });
});

describe('a file of dead letters', () => {
  test('with a damaged line keeps the others, under their own lines', async () => {
    const { store, reported } = open();
    const path = await storedKinds.deadLetters.write(store);
    const whole = (await store.get(path))?.toString() ?? '';
    const flipped = whole.replace('"record":{"n":1}', '"record":{"n":3}');
    await store.put(path, `${whole}${flipped}\n${whole}`.replace('\n\n', '\n'));
    expect(await storedKinds.deadLetters.read(store)).toEqual([{ n: 1 }]);
    expect(reported[0]?.message).toMatch(
      /^dead-letters\/news\/run-1\/0\.ndjson has no complete dead letter in line 2: /,
    );
    expect((await store.get(path))?.toString()).toBe(`${whole}\n${whole}`);
    expect((await store.get(storePaths.damaged.build({ path, number: 1 })))?.toString()).toContain('{"n":3}');
    expect(await storedKinds.deadLetters.read(store)).toEqual([{ n: 1 }]);
    expect(reported).toHaveLength(1);
  });
});
