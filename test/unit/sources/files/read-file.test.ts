import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SourceRefused, SourceUnavailable } from '../../../../src/domain/errors.ts';
import type { FilePlan } from '../../../../src/domain/plan/source-plan.ts';
import type { SourceState } from '../../../../src/domain/state/source-state.ts';
import { firstFilePosition } from '../../../../src/sources/files/first-position.ts';
import { OpenReaders } from '../../../../src/sources/files/open-readers.ts';
import { readFilePages } from '../../../../src/sources/files/read-file.ts';
import type { FileToRead } from '../../../../src/sources/files/record-reader.ts';
import type { Page } from '../../../../src/sources/extraction/page.ts';
import { contextOf, filePlan, readAll, state } from '../plans.ts';

const context = contextOf(filePlan());

let folder: string;
let readers: OpenReaders;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'daybook-ndjson-'));
  readers = new OpenReaders();
});
afterEach(async () => {
  await readers.closeAll();
  rmSync(folder, { recursive: true, force: true });
});

const fileOf = (fields: Partial<FilePlan> = {}): FileToRead => ({
  plan: filePlan(fields),
  path: join(folder, fields.path ?? 'in.ndjson'),
  run: 'run',
});
const lines = (count: number, from = 0) => Array.from({ length: count }, (_, n) => `{"id":${from + n}}\n`).join('');
const file = (name = 'in.ndjson') => join(folder, name);

function foundNothing(pages: readonly Page[]): boolean {
  return pages.every(({ items, end }) => items.length === 0 && end?.notModified === true);
}

/** Reads a whole run; returns its pages and the state after it. */
async function run(before: SourceState = state, fields: Partial<FilePlan> = {}) {
  const place = await firstFilePosition(fileOf(fields), before);
  const pages: Page[] = [];
  if (place)
    for await (const page of readFilePages(fileOf(fields), place, readers, contextOf(filePlan(fields))))
      pages.push(page);
  const after = { ...before, ...pages.at(-1)?.patch };
  return { pages, items: pages.flatMap((page) => readAll(page.items)), after, unchanged: foundNothing(pages) };
}

describe('firstFilePlace', () => {
  test('refuses what is not a file, and says where it looked', async () => {
    for (const prepare of [() => {}, () => mkdirSync(file())]) {
      prepare();
      const error = await firstFilePosition(fileOf(), state).catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(SourceRefused);
      expect((error as Error).message).toContain(file());
    }
  });

  test('continues where the last run ended, at the start of another file, and nowhere in an unchanged one', async () => {
    writeFileSync(file(), lines(3));
    const { after } = await run();
    // Within the same tick of the clock the file may have changed: it is compared.
    expect((await firstFilePosition(fileOf(), after))?.onlyChecked ?? true).toBe(true);
    appendFileSync(file(), lines(1, 3));
    expect(await firstFilePosition(fileOf(), after)).toMatchObject({ offset: lines(3).length, lines: 3 });
    writeFileSync(file(), lines(1));
    expect(await firstFilePosition(fileOf(), after)).toMatchObject({ offset: 0, lines: 0 });
    writeFileSync(file(), lines(9, 100));
    expect(await firstFilePosition(fileOf(), after)).toMatchObject({ offset: 0, lines: 0 });
  });
});

describe('readFilePages', () => {
  test('reads every line once, over pages and runs, with its number', async () => {
    writeFileSync(file(), lines(2_500));
    const first = await run();
    expect(first.pages.length).toBeGreaterThan(1);
    appendFileSync(file(), lines(3, 2_500));
    const second = await run(first.after);
    expect([...first.items, ...second.items].map(({ index }) => index)).toEqual(
      Array.from({ length: 2_503 }, (_, n) => n + 1),
    );
    expect(second.items.map((item) => 'raw' in item && item.raw.value)).toEqual([
      { id: 2500 },
      { id: 2501 },
      { id: 2502 },
    ]);
  });

  test('skips blank lines and a byte order mark, and counts them as lines', async () => {
    writeFileSync(file(), '\ufeff{"id":1}\r\n\n  \t\r\n{"id":2}\n');
    expect((await run()).items.map(({ index }) => index)).toEqual([1, 4]);
  });

  test('returns a broken or too long line unchanged, with a reason', async () => {
    writeFileSync(file(), `{"id":1\n${'x'.repeat(50)}\n{"id":3}\n`);
    const { items } = await run(state, { limits: { ...filePlan().limits, maxRecordBytes: 20 } });
    expect(items).toMatchObject([
      { index: 1, rejection: { reason: 'invalid_json' }, recordText: '"{\\"id\\":1"' },
      { index: 2, rejection: { reason: 'too_large' } },
      { index: 3, raw: { value: { id: 3 } } },
    ]);
  });

  test('leaves an unfinished last line to the next run, unless it is a whole object', async () => {
    writeFileSync(file(), `${lines(1)}{"id":1,"t":`);
    const first = await run();
    expect(first.items).toHaveLength(1);
    appendFileSync(file(), '"');
    const more = await run(first.after);
    expect(more).toMatchObject({ items: [], pages: [{ end: { notModified: true } }] });
    appendFileSync(file(), 'x"}');
    const second = await run(first.after);
    expect(second.items).toMatchObject([{ index: 2, raw: { value: { id: 1, t: 'x' } } }]);
    expect((await run(second.after)).unchanged).toBe(true);
    appendFileSync(file(), `\n${lines(1, 2)}`);
    expect((await run(second.after)).items).toMatchObject([{ index: 3, raw: { value: { id: 2 } } }]);
  });

  test('reports an unfinished line that is unchanged for a whole run as broken, once', async () => {
    writeFileSync(file(), `${lines(1)}123`);
    const first = await run();
    expect(first.items).toHaveLength(1);
    const second = await run(first.after);
    expect(second.items).toMatchObject([{ index: 2 }]);
    expect((await run(second.after)).unchanged).toBe(true);
  });

  test('reads to where the file ended when the run began', async () => {
    writeFileSync(file(), lines(1_500));
    const place = await firstFilePosition(fileOf(), state);
    let read = 0;
    for await (const page of readFilePages(fileOf(), place!, readers, context)) {
      if (read === 0) appendFileSync(file(), lines(10, 1_500));
      read += page.items.length;
    }
    expect(read).toBe(1_500);
  });

  test('keeps its reader open between fetches, and closes one that is further ahead', async () => {
    writeFileSync(file('in.ndjson.gz'), gzipSync(lines(3_500)));
    const source = fileOf({ path: 'in.ndjson.gz' });
    const take = vi.spyOn(readers, 'take');
    const begin = (await firstFilePosition(source, state))!;

    /** Reads one page as a fetch does that then has enough. */
    async function fetchOne(place: typeof begin): Promise<Page> {
      for await (const page of readFilePages(source, place, readers, context)) return page;
      throw new Error('no page');
    }

    const first = await fetchOne(begin);
    expect(take).toHaveLastResolvedWith(null);
    const second = await fetchOne(first.next as typeof begin);
    expect(take).not.toHaveLastResolvedWith(null);
    expect(readAll(second.items)[0]).toMatchObject({ index: 1_001, raw: { value: { id: 1_000 } } });
    // A repeated attempt is at an earlier position.
    const repeated = await fetchOne(first.next as typeof begin);
    expect(take).toHaveLastResolvedWith(null);
    expect(repeated.items).toEqual(second.items);
  });

  test('closes its reader at the end and after a failure', async () => {
    writeFileSync(file(), lines(1_500));
    const keep = vi.spyOn(readers, 'keep');
    await run();
    expect(keep).not.toHaveBeenCalled();
    const whole = gzipSync(lines(50_000));
    writeFileSync(file('in.ndjson.gz'), whole.subarray(0, whole.length / 2));
    await expect(run(state, { path: 'in.ndjson.gz' })).rejects.toBeInstanceOf(SourceUnavailable);
    expect(keep).not.toHaveBeenCalled();
  });

  test('stops with the reason of the signal', async () => {
    writeFileSync(file(), lines(5_000));
    const abort = new AbortController();
    const reason = new Error('shutdown');
    const place = await firstFilePosition(fileOf(), state);
    const reading = (async () => {
      for await (const _ of readFilePages(fileOf(), place!, readers, { ...context, signal: abort.signal })) {
        abort.abort(reason);
      }
    })();
    await expect(reading).rejects.toBe(reason);
  });

  test('reads an empty file as nothing, and what is added to it later', async () => {
    writeFileSync(file(), '');
    const first = await run();
    expect(first.items).toEqual([]);
    expect((await run(first.after)).unchanged).toBe(true);
    writeFileSync(file(), lines(2));
    expect((await run(first.after)).items).toHaveLength(2);
  });
});
