import { describe, expect, test } from 'vitest';
import { DamagedFile } from '../../src/domain/errors.ts';
import type { SpooledRecord } from '../../src/domain/run/record.ts';
import type { JournalSelection } from '../../src/domain/storage/journal.ts';
import { csvPart } from '../../src/formats/csv/csv-part.ts';
import type { BlobStore } from '../../src/store/blobs/blob-store.ts';
import { findPart } from '../../src/store/journal/find-part.ts';
import type { Journal } from '../../src/store/journal/journal.ts';
import { readWhole } from '../../src/store/journal/read-whole.ts';
import { stopAt } from '../../src/store/journal/read-journal.ts';
import type { SealContext } from '../../src/store/journal/seal-context.ts';
import { journalUnits, readUnit } from '../../src/store/journal/walk-journal.ts';
import { batchOf, record } from '../unit/sinks/records.ts';

export const source = 'news';
export const day = '2026-11-23';
const choice = { source: null, window: null, archives: false };
const context: SealContext = { signal: new AbortController().signal, onProgress: () => {} };

/** Writes a part; `time` is that of its ingestion, within the day. @returns its name */
export async function putPart(
  journal: Journal,
  time: string,
  records: readonly SpooledRecord[],
  of = { source, day },
): Promise<string> {
  const { content, check } = csvPart(of.source, records);
  const ingestedAt = `${of.day}T${time}.000Z`;
  const hash = batchOf(records).hash.replace(/^.{8}/, () => String(content.length).padStart(8, '0'));
  const name = journal.paths.part.build({ ...of, ingestedAt, hash, check });
  await journal.putPart(name, content);
  return name;
}

/** All rows of the journal as its readers get them, as `<id> <payload>`. */
export async function rowsOf(journal: Journal, chosen: JournalSelection = choice): Promise<string[]> {
  const found: string[] = [];
  for (const unit of await journalUnits(journal, chosen)) {
    for await (const { rows } of readUnit(journal, unit, chosen, stopAt)) {
      for (const row of rows) found.push(`${row.sourceId} ${row.payload}`);
    }
  }
  return found;
}

/**
 * What every kind of journal promises.
 * @param open gives the journal of the running test, empty at its beginning, and its files
 */
export function describeJournal(
  kind: string,
  open: () => { readonly journal: Journal; readonly blobs: BlobStore },
): void {
  const journal = () => open().journal;
  const seal = (some: Partial<SealContext> = {}) => journal().sealDay({ source, day }, { ...context, ...some });
  const sealedDay = async () => journal().day(source, day);

  describe(`the journal in ${kind}`, () => {
    test('knows its sources, days and parts', async () => {
      expect(await journal().sources()).toEqual([]);
      expect(await journal().days(source)).toEqual([]);
      const other = await putPart(journal(), '12:00:00', [record('x')], { source: 'quakes', day: '2026-11-22' });
      const first = await putPart(journal(), '09:00:00', [record('a')]);
      const second = await putPart(journal(), '10:00:00', [record('b')]);
      await putPart(journal(), '10:00:00', [record('c')], { source: 'daybook-canary', day });
      expect(await journal().sources()).toEqual(['news', 'quakes']);
      expect(await journal().days(source)).toEqual([day]);
      expect(await journal().partDays('quakes')).toEqual(['2026-11-22']);
      const { sealed, parts, hasRemains } = await sealedDay();
      expect([sealed, hasRemains, parts.map(({ name }) => name)]).toEqual([null, false, [first, second]]);
      expect((await journal().day('quakes', '2026-11-22')).parts[0]?.name).toBe(other);
      expect(await parts[0]?.size()).toBe((await open().blobs.get(first))?.length);
      expect(await rowsOf(journal())).toEqual(['a {}', 'b {}', 'x {}']);
    });

    test('finds the part of a batch, and says that one is gone', async () => {
      const batch = batchOf([record('a')]);
      const { content, check } = csvPart(source, [record('a')]);
      await journal().putPart(journal().paths.part.build({ ...batch, day, check }), content);
      const part = await findPart(journal(), batch);
      expect(part && (await readWhole(part))).toMatchObject([{ sourceId: 'a' }]);
      expect(await findPart(journal(), { ...batch, hash: 'other' })).toBeNull();
      if (part) await journal().deletePart(part);
      expect(part && (await readWhole(part))).toBeNull();
    });

    test('seals parts in order of ingestion, keeps the first of each key, and says what it holds', async () => {
      await putPart(journal(), '10:00:00', [
        record('b', { payload: '2', occurredAt: '2026-11-01T00:00:00.000001Z' }),
        record('c', { occurredAt: '2026-11-22T00:00:00.000000Z' }),
      ]);
      await putPart(journal(), '09:00:00', [record('a'), record('b', { payload: '1' })]);
      expect(await seal()).toBe(true);
      const { sealed, parts } = await sealedDay();
      expect(parts).toEqual([]);
      expect(await sealed?.manifest?.()).toMatchObject({
        source,
        day,
        rows: 3,
        parts: 2,
        replaces: null,
        minOccurredAt: '2026-11-01T00:00:00.000000Z',
        maxOccurredAt: '2026-11-22T00:00:00.000000Z',
      });
      expect(await rowsOf(journal())).toEqual(['a {}', 'b 1', 'c {}']);
      expect(await open().blobs.list('')).toHaveLength(2);
      expect(await journal().partDays(source)).toEqual([]);
      expect(await seal()).toBe(false);
    });

    test('seals a later part after what is sealed', async () => {
      await putPart(journal(), '10:00:00', [record('a', { payload: '1' })]);
      await seal();
      const before = await (await sealedDay()).sealed?.manifest?.();
      await putPart(journal(), '09:00:00', [record('b'), record('a', { payload: '2' })]);
      expect(await seal()).toBe(true);
      expect(await rowsOf(journal())).toEqual(['a 1', 'b {}']);
      const after = await (await sealedDay()).sealed?.manifest?.();
      expect(after).toMatchObject({ rows: 2, parts: 2, replaces: before?.sha256 });
      expect(await open().blobs.list('')).toHaveLength(2);
    });

    test('reads only the days that may have records of a time', async () => {
      for (const [n, of] of ['2026-11-20', '2026-11-21', '2026-11-22'].entries()) {
        await putPart(
          journal(),
          '10:00:00',
          [record(String(n), { occurredAt: `2026-11-0${n + 1}T12:00:00.000000Z` })],
          {
            source,
            day: of,
          },
        );
        await journal().sealDay({ source, day: of }, context);
      }
      const late = record('late', { occurredAt: '2026-11-05T00:00:00.000000Z' });
      await putPart(journal(), '11:00:00', [late], { source, day: '2026-11-22' });
      const ofDay = async (from: string, to: string) => {
        const window = { from: `${from}T00:00:00.000000Z`, to: `${to}T00:00:00.000000Z` };
        return rowsOf(journal(), { ...choice, window });
      };
      expect(await ofDay('2026-11-01', '2026-11-02')).toEqual(['0 {}']);
      expect(await ofDay('2026-11-02', '2026-11-04')).toEqual(['1 {}', '2 {}']);
      expect(await ofDay('2026-11-05', '2026-11-06')).toEqual(['late {}']);
      expect(await ofDay('2026-12-01', '2026-12-02')).toEqual([]);
    });

    test('leaves a part that comes while it is sealed', async () => {
      await putPart(journal(), '10:00:00', [record('a')]);
      const late: Promise<string>[] = [];
      const onProgress: SealContext['onProgress'] = (details) => {
        if ('step' in details && details.step === 'merged') late.push(putPart(journal(), '23:59:59', [record('b')]));
      };
      await seal({ onProgress });
      expect((await sealedDay()).parts.map(({ name }) => name)).toEqual(await Promise.all(late));
      expect(await rowsOf(journal())).toEqual(['a {}', 'b {}']);
      await seal();
      expect(await rowsOf(journal())).toEqual(['a {}', 'b {}']);
    });

    // Of a first sealing, and of one that follows another.
    test.each([false, true].flatMap((again) => [1, 2, 3, 4, 5].map((steps) => ({ again, steps }))))(
      'killed after step $steps of a sealing (again: $again) loses nothing, and the next one ends the work',
      async ({ again, steps }) => {
        if (again) {
          await putPart(journal(), '08:00:00', [record('z')]);
          await seal();
        }
        for (const [n, id] of ['a', 'b', 'c'].entries()) await putPart(journal(), `10:00:0${n}`, [record(id)]);
        const all = again ? ['z {}', 'a {}', 'b {}', 'c {}'] : ['a {}', 'b {}', 'c {}'];
        let left = steps;
        const onProgress: SealContext['onProgress'] = (details) => {
          if ('step' in details && --left === 0) throw new Error('killed');
        };
        await expect(seal({ onProgress })).rejects.toThrow('killed');
        expect(new Set(await rowsOf(journal()))).toEqual(new Set(all));
        await seal();
        expect(await rowsOf(journal())).toEqual(all);
        expect(await open().blobs.list('')).toHaveLength(2);
      },
    );

    test('is sealed once by three at once', async () => {
      for (let n = 10; n < 40; n++) await putPart(journal(), `10:00:${n}`, [record(String(n))]);
      await Promise.all([seal(), seal(), seal()]);
      expect(await rowsOf(journal())).toHaveLength(30);
      await seal();
      expect(new Set(await rowsOf(journal())).size).toBe(30);
      expect(await open().blobs.list('')).toHaveLength(2);
    });

    test('does not seal over damage', async () => {
      const name = await putPart(journal(), '10:00:00', [record('a'), record('b')]);
      await open().blobs.put(name, (await open().blobs.get(name))?.subarray(0, -5) ?? '');
      await expect(seal()).rejects.toThrow(DamagedFile);
      expect(await open().blobs.list('')).toEqual([name]);
    });

    test('is written again under other ids, sealed or not', async () => {
      await putPart(journal(), '10:00:00', [record('a'), record('b')]);
      await seal();
      await putPart(journal(), '11:00:00', [record('c')]);
      await putPart(journal(), '10:00:00', [record('d')], { source, day: '2026-11-24' });
      const rewrite = async (rows: readonly { sourceId: string }[]) =>
        rows.map((row) => ({ ...row, sourceId: row.sourceId.replace(/^(?!new-)/, 'new-') }));
      const days: string[] = [];
      for (let n = 0; n < 2; n++) {
        await journal().rewrite(source, rewrite as never, context.signal, (of) => days.push(of));
        expect(await rowsOf(journal())).toEqual(['new-a {}', 'new-b {}', 'new-c {}', 'new-d {}']);
      }
      expect(days).toEqual([day, '2026-11-24', day, '2026-11-24']);
    });

    test('deletes a sealed day, and keeps parts', async () => {
      await putPart(journal(), '10:00:00', [record('a')]);
      await seal();
      const late = await putPart(journal(), '11:00:00', [record('b')]);
      await journal().deleteSealed({ source, day }, context.signal);
      await journal().deleteSealed({ source, day }, context.signal);
      expect(await open().blobs.list('')).toEqual([late]);
    });
  });
}
