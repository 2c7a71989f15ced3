import { describe, expect, test } from 'vitest';
import { SinkUnavailable } from '../../../../src/domain/errors.ts';
import { createBucketJournal } from '../../../../src/store/journal/bucket/bucket-journal.ts';
import type { Journal } from '../../../../src/store/journal/journal.ts';
import type { Rewrite } from '../../../../src/store/journal/merge-day.ts';
import type { SealContext } from '../../../../src/store/journal/seal-context.ts';
import { day, putPart, rowsOf, source } from '../../../support/journal-contract.ts';
import { createMemoryStore } from '../../../support/memory-store.ts';
import { seededRandom } from '../../../support/seeded-random.ts';
import { record } from '../../sinks/records.ts';

const context: SealContext = { signal: new AbortController().signal, onProgress: () => {} };
const seal = (journal: Journal) => journal.sealDay({ source, day }, context);

/** A process: what it does is mixed with what others do, and it may be killed at one of its calls. */
function journalOf(blobs: Map<string, Buffer>, before: (call: string) => Promise<void> = async () => {}): Journal {
  const place = { name: 's3://daybook/csv', blobs: createMemoryStore(blobs, before) };
  return createBucketJournal(place, place);
}

/** Lets others run for a random while. */
async function yieldRandomly(random: () => number): Promise<void> {
  for (let turns = Math.floor(random() * random() * 30); turns > 0; turns--) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A process that is killed, or whose bucket is unavailable from here on. */
function kill(): never {
  throw new SinkUnavailable('killed');
}

function settled(error: unknown): void {
  if (!(error instanceof SinkUnavailable)) throw error;
}

describe('sealing by generations', () => {
  test.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'beside other sealers, kills, writers and readers loses and doubles nothing: seed %i',
    async (seed) => {
      const random = seededRandom(seed);
      const blobs = new Map<string, Buffer>();
      const quiet = journalOf(blobs);
      const stored = new Set<string>();
      const write = async (n: number, journal: Journal) => {
        await putPart(journal, `10:00:${String(n).padStart(2, '0')}`, [record(`${n}-a`), record(`${n}-b`)]);
        for (const id of ['a', 'b']) stored.add(`${n}-${id} {}`);
      };
      for (let n = 10; n < 14; n++) await write(n, quiet);
      const process = (killedAt = Number.POSITIVE_INFINITY) => {
        let calls = 0;
        return journalOf(blobs, async () => {
          await yieldRandomly(random);
          if (++calls >= killedAt) kill();
        });
      };
      const sealers = [process(), process(), process(1 + Math.floor(random() * 40))];
      const reader = process();
      const writer = process();
      const watch = { done: false };
      const working = Promise.all([
        ...sealers.map(async (journal) => {
          for (let n = 0; n < 2; n++) await seal(journal).catch(settled);
        }),
        (async () => {
          for (let n = 20; n < 24; n++) await write(n, writer);
        })(),
      ]).finally(() => (watch.done = true));
      const reading = (async () => {
        while (!watch.done) {
          const before = new Set(stored);
          const found = new Set(await rowsOf(reader));
          expect([...before].filter((row) => !found.has(row))).toEqual([]);
        }
      })();
      await Promise.all([working, reading]);
      await seal(quiet);
      expect((await rowsOf(quiet)).sort()).toEqual([...stored].sort());
      expect([...blobs.keys()].map((path) => path.replace(/g\d+(?:\.[0-9a-f]{16})?/, 'gN'))).toEqual(
        expect.arrayContaining([`src=news/day=${day}/${day}.gN.csv.gz`, `src=news/day=${day}/_${day}.gN.json`]),
      );
      expect(blobs.size).toBe(2);
    },
  );

  test.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'beside a rewrite under other ids leaves no former id, and loses and doubles nothing: seed %i',
    async (seed) => {
      const random = seededRandom(seed);
      const blobs = new Map<string, Buffer>();
      const quiet = journalOf(blobs);
      for (const n of [10, 11, 12]) await putPart(quiet, `10:00:${n}`, [record(`${n}-a`), record(`${n}-b`)]);
      if (seed % 2 === 0) {
        await seal(quiet);
        await putPart(quiet, '10:00:13', [record('13-a')]);
      }
      const process = () => journalOf(blobs, async () => yieldRandomly(random));
      const rewrite: Rewrite = async (rows) =>
        rows.map((row) => ({ ...row, sourceId: row.sourceId.replace(/^(?!new-)/, 'new-') }));
      await Promise.all([
        seal(process()).catch(settled),
        seal(process()).catch(settled),
        process().rewrite(source, rewrite, context.signal, () => {}),
      ]);
      await seal(quiet);
      const ids = ['10-a', '10-b', '11-a', '11-b', '12-a', '12-b', ...(seed % 2 === 0 ? ['13-a'] : [])];
      expect((await rowsOf(quiet)).sort()).toEqual(ids.map((id) => `new-${id} {}`));
      expect(blobs.size).toBe(2);
    },
  );

  test('killed at any call loses nothing, and the next one ends the work', async () => {
    let at = 0;
    for (let isKilled = true; isKilled; at++) {
      const blobs = new Map<string, Buffer>();
      const quiet = journalOf(blobs);
      await putPart(quiet, '08:00:00', [record('z')]);
      await seal(quiet);
      for (const [n, id] of ['a', 'b'].entries()) await putPart(quiet, `10:00:0${n}`, [record(id)]);
      let calls = 0;
      const dying = journalOf(blobs, async () => {
        if (calls++ >= at) kill();
      });
      isKilled = await seal(dying).then(
        () => false,
        () => true,
      );
      expect(new Set(await rowsOf(quiet))).toEqual(new Set(['z {}', 'a {}', 'b {}']));
      await seal(quiet);
      expect(await rowsOf(quiet)).toEqual(['z {}', 'a {}', 'b {}']);
      expect(blobs.size).toBe(2);
    }
    expect(at).toBeGreaterThan(15);
  });

  /** A process in which something else happens once, right before a call. */
  function interrupted(blobs: Map<string, Buffer>, call: RegExp, work: () => Promise<void>): Journal {
    let isDone = false;
    return journalOf(blobs, async (next) => {
      if (isDone || !call.test(next)) return;
      isDone = true;
      await work();
    });
  }

  test('of a generation that another sealer has just sealed replaces nothing', async () => {
    const blobs = new Map<string, Buffer>();
    const quiet = journalOf(blobs);
    await putPart(quiet, '10:00:00', [record('a')]);
    const slow = interrupted(blobs, /^put.*json/, async () => {
      await putPart(quiet, '11:00:00', [record('b')]);
      await seal(quiet);
    });
    await seal(slow);
    expect(await rowsOf(quiet)).toEqual(['a {}', 'b {}']);
    expect(blobs.size).toBe(2);
  });

  test('by a sealer that was suspended, while the day was deleted and begun again, hides nothing', async () => {
    const blobs = new Map<string, Buffer>();
    const quiet = journalOf(blobs);
    await putPart(quiet, '10:00:00', [record('a')]);
    await seal(quiet);
    await putPart(quiet, '11:00:00', [record('b')]);
    const slow = interrupted(blobs, /^putStream/, async () => {
      await seal(quiet);
      await quiet.deleteSealed({ source, day }, context.signal);
      await putPart(quiet, '12:00:00', [record('c')]);
      await seal(quiet);
    });
    await seal(slow);
    expect(await rowsOf(quiet)).toContain('c {}');
  });

  test('of a day that is deleted right before keeps all that was merged', async () => {
    const blobs = new Map<string, Buffer>();
    const quiet = journalOf(blobs);
    await putPart(quiet, '10:00:00', [record('a')]);
    await seal(quiet);
    await putPart(quiet, '11:00:00', [record('b')]);
    await seal(
      interrupted(blobs, /^putIfAbsent.*json/, async () => quiet.deleteSealed({ source, day }, context.signal)),
    );
    expect(await rowsOf(quiet)).toEqual(['a {}', 'b {}']);
  });

  test('that only cleans up leaves the file of a rewrite that is about to be sealed', async () => {
    const blobs = new Map<string, Buffer>();
    const quiet = journalOf(blobs);
    await putPart(quiet, '10:00:00', [record('a')]);
    await seal(quiet);
    const [former = ''] = blobs.keys();
    blobs.set(former.replace(/[0-9a-f]{16}/, 'f'.repeat(16)), blobs.get(former) ?? Buffer.alloc(0));
    const rewriting = interrupted(blobs, /^putIfAbsent.*json/, async () => void (await seal(quiet)));
    const rewrite: Rewrite = async (rows) => rows.map((row) => ({ ...row, sourceId: 'new' }));
    await rewriting.rewrite(source, rewrite, context.signal, () => {});
    expect(await rowsOf(quiet)).toEqual(['new {}']);
    expect(blobs.size).toBe(2);
  });

  test('says that the file of a manifest is missing, and that a manifest is', async () => {
    const blobs = new Map<string, Buffer>();
    const journal = journalOf(blobs);
    await putPart(journal, '10:00:00', [record('a')]);
    await seal(journal);
    for (const [gone, message] of [
      [
        /\.csv\.gz$/,
        /day=2026-11-23\/2026-11-23\.g1\.[0-9a-f]{16}\.csv\.gz is missing, expected the file of its manifest; restore/,
      ],
      [/\.json$/, /_2026-11-23\.g1\.json is missing, expected the manifest of the sealed day; restore/],
    ] as const) {
      const left = new Map([...blobs].filter(([path]) => !gone.test(path)));
      await expect(rowsOf(journalOf(left))).rejects.toThrow(message);
      expect(await seal(journalOf(left))).toBe(false);
      expect(left.size).toBe(1);
    }
  });
});
