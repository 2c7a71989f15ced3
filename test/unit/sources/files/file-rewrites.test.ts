import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FileProgress } from '../../../../src/domain/state/file-progress.ts';
import { areSame, BlockDigests, blocksUpTo } from '../../../../src/sources/files/block-digests.ts';
import { compareBlocks } from '../../../../src/sources/files/compare-blocks.ts';
import { lookAt, stampOf } from '../../../../src/sources/files/open-file.ts';
import { FileRuns } from './file-runs.ts';

let files: FileRuns;
beforeEach(() => void (files = new FileRuns()));
afterEach(() => files.close());

const mebi = 1024 * 1024;
const row = (id: number, text: string) => `${String(id).padStart(5, '0')},${text}\n`;
const table = (count: number, text: (id: number) => string = () => 'open') =>
  `id,x\n${Array.from({ length: count }, (_, id) => row(id, text(id))).join('')}`;
const idsOf = (values: readonly unknown[]) => values.map((value) => (value as { id: string }).id);
const bothPaths = ['a.csv', '*.csv'];

describe.each(bothPaths)('of %s', (path) => {
  test('a file rewritten beyond its first bytes, and longer, is read from the start', async () => {
    files.write('a.csv', table(1_000));
    await files.run({ path });
    // One row longer before the place where the last run ended: continued there, it would begin within a row.
    const rewritten = table(1_001, (id) => (id === 900 ? 'reopened' : 'open'));
    files.write('a.csv', rewritten);
    const { values, refused } = await files.run({ path });
    expect(values.length).toBe(1_001);
    expect(refused).toEqual([]);
    expect((await files.run({ path })).unchanged).toBe(true);
  });

  test('a file rewritten to the same length is read from the start, once', async () => {
    files.write('a.csv', table(1_000));
    await files.run({ path });
    files.write(
      'a.csv',
      table(1_000, (id) => (id === 900 ? 'shut' : 'open')),
    );
    expect((await files.run({ path })).values).toContainEqual({ id: '00900', x: 'shut' });
    expect((await files.run({ path })).unchanged).toBe(true);
  });

  test('a replaced file is continued if the new one begins with its content, else read from the start', async () => {
    files.write('a.csv', table(1_000));
    await files.run({ path });
    for (const [count, changed, expected] of [
      [1_002, -1, 2],
      [1_003, 500, 1_003],
    ] as const) {
      files.write(
        'new',
        table(count, (id) => (id === changed ? 'shut' : 'open')),
      );
      renameSync(files.path('new'), files.path('a.csv'));
      expect((await files.run({ path })).values).toHaveLength(expected);
    }
  });

  test('a file that was only touched is compared once, and not read', async () => {
    files.write('a.csv', table(1_000));
    await files.run({ path });
    files.write('a.csv', table(1_000));
    expect(await files.run({ path })).toMatchObject({ unchanged: true, values: [] });
    expect(await files.run({ path })).toMatchObject({ unchanged: true, values: [] });
  });
});

describe.each(bothPaths)('between two fetches of a run over %s', (path) => {
  const rows = (count: number, start: string) => `id,x\n${start}${table(count).slice('id,x\n'.length)}`;
  const runWith = async (change: () => unknown) => {
    files.write('a.csv', rows(2_500, ''));
    const run = await files.run({ path, pagesAtOnce: 1, beforeFetch: (fetch) => void (fetch === 2 && change()) });
    return { ids: new Set(idsOf(run.values)), run };
  };

  test.each([true, false])(
    'a file that is rewritten is read from the start (its worker was killed: %s)',
    async (isKilled) => {
      const { ids, run } = await runWith(() => {
        if (isKilled) void files.readers.closeAll();
        files.write('a.csv', rows(2_500, 'first,open\n'));
      });
      // Continued at the place, the first row would be `00997` without its beginning, or with fields missing.
      expect(run.refused).toEqual([]);
      expect(run.error).toBe(null);
      expect(ids.size).toBe(2_501);
      expect(ids.has('first')).toBe(true);
      expect((await files.run({ path })).unchanged).toBe(true);
    },
  );

  test('a file that grows is continued', async () => {
    const { ids, run } = await runWith(() => {
      void files.readers.closeAll();
      appendFileSync(files.path('a.csv'), row(2_500, 'open'));
    });
    expect(run.values.length).toBe(2_500);
    expect(run.refused).toEqual([]);
    expect(ids.size).toBe(2_500);
    expect(idsOf((await files.run({ path })).values)).toEqual(['02500']);
  });

  test.each(['deleted', 'replaced'])('a file that is %s while it is open is read to its end', async (what) => {
    const { ids, run } = await runWith(() => {
      if (what === 'deleted') return rmSync(files.path('a.csv'));
      files.write('new', table(3));
      renameSync(files.path('new'), files.path('a.csv'));
    });
    expect(run.refused).toEqual([]);
    expect(run.error).toBe(null);
    expect(ids.size).toBe(2_500);
  });
});

test('a state of 0.2.0, without digests, stays valid, and gets them', async () => {
  const path = 'a.csv';
  files.write(path, table(1_000));
  await files.run({ path });
  const { inode: _inode, checkedMs: _checked, ...known } = files.state.file!;
  files.state = { ...files.state, file: known, files: null };
  appendFileSync(files.path(path), row(1_000, 'open'));
  expect(idsOf((await files.run({ path })).values)).toEqual(['01000']);
  files.write(
    path,
    table(1_100, (id) => (id === 900 ? 'shut' : 'open')),
  );
  expect((await files.run({ path })).values).toHaveLength(1_100);
});

test('a compressed file that grew by a member is continued, and read from the start where its bytes are others', async () => {
  const path = 'a.csv.gz';
  const first = gzipSync(table(3_000, (id) => String(Math.sin(id))));
  files.write(path, first);
  await files.run({ path });
  appendFileSync(files.path(path), gzipSync(row(3_000, 'open')));
  expect(idsOf((await files.run({ path })).values)).toEqual(['03000']);
  files.write(path, gzipSync(table(9_000, (id) => String(id < 2_000 ? Math.sin(id) : Math.cos(id)))));
  expect((await files.run({ path })).values).toHaveLength(9_000);
});

test('after any changes of a file all of its rows are read, and no others', async () => {
  const edit = fc.oneof(
    fc.record({ kind: fc.constant('append'), count: fc.integer({ min: 1, max: 300 }) }),
    fc.record({ kind: fc.constant('change'), at: fc.nat(), longer: fc.boolean() }),
    fc.record({ kind: fc.constant('cut'), at: fc.nat() }),
    fc.record({ kind: fc.constant('replace'), count: fc.integer({ min: 1, max: 600 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), async (edits) => {
      files.state = { ...files.state, file: null, files: null };
      let rows = Array.from({ length: 300 }, (_, id) => row(id, 'first'));
      const ever = new Set<string>();
      const stored = new Set<string>();
      let version = 0;
      const check = async () => {
        for (const text of rows) ever.add(text);
        const { values, refused } = await files.run({ path: 'a.csv' });
        for (const value of values as { id: string; x: string }[]) stored.add(`${value.id},${value.x}\n`);
        expect(refused).toEqual([]);
        expect(rows.filter((text) => !stored.has(text))).toEqual([]);
        expect([...stored].filter((text) => !ever.has(text))).toEqual([]);
      };
      files.write('a.csv', `id,x\n${rows.join('')}`);
      await check();
      for (const change of edits) {
        version++;
        if (change.kind === 'append') {
          const more = Array.from({ length: change.count }, (_, n) => row(rows.length + n, `v${version}`));
          appendFileSync(files.path('a.csv'), more.join(''));
          rows = [...rows, ...more];
        } else if (change.kind === 'cut') {
          rows = rows.slice(0, change.at % (rows.length + 1));
          truncateSync(files.path('a.csv'), Buffer.byteLength(`id,x\n${rows.join('')}`));
        } else {
          if (change.kind === 'replace') rows = Array.from({ length: change.count }, (_, id) => row(id, `v${version}`));
          else if (rows.length > 0) {
            const at = change.at % rows.length;
            rows[at] = row(at, change.longer ? `version ${version}` : `chan${version}`);
          }
          rmSync(files.path('a.csv'));
          files.write('a.csv', `id,x\n${rows.join('')}`);
        }
        await check();
      }
    }),
    { numRuns: 15 },
  );
});

describe('compareBlocks', () => {
  const blocks = 6;
  let path: string;
  let known: FileProgress;

  beforeEach(async () => {
    path = files.path('big');
    writeFileSync(path, Buffer.alloc(blocks * mebi - 10, 'x'));
    const stamp = await stampOf('news', path);
    const read = { offset: stamp.size, lines: 1, size: stamp.size, headBytes: 1, headHash: '' };
    const digests = await blocksUpTo({ path }, undefined, stamp.size);
    known = {
      ...read,
      complete: true,
      waitsForNewline: false,
      inode: stamp.inode,
      checkedMs: 0,
      nextBlock: 0,
      blocks: digests,
    };
  });

  async function compare(from: FileProgress, now: number, limitMs?: number) {
    const look = await lookAt('news', path, await stampOf('news', path));
    return compareBlocks({ path }, from, look, { now, ...(limitMs === undefined ? {} : { limitMs }) });
  }

  /** Changes a byte of a block, and makes the file grow. */
  function change(block: number): void {
    const content = Buffer.alloc(blocks * mebi, 'x');
    content[block * mebi + 5_000] = 1;
    writeFileSync(path, content);
  }

  test.each([
    ['the first', 0, true],
    ['the one in rotation', 1, true],
    ['one whose turn is another time', 2, false],
    ['one of the last two', 4, true],
    ['the last, which was not full', 5, true],
  ])('of a file that grew, %s is compared', async (_, block, isSeen) => {
    change(block);
    expect((await compare(known, 1_000)).same).toBe(!isSeen);
  });

  test('the rotation comes to each block, and after an hour all are compared', async () => {
    change(3);
    const first = await compare(known, 1_000);
    expect(first).toMatchObject({ same: true, nextBlock: 1, checkedMs: 0 });
    const second = await compare({ ...known, ...first }, 2_000);
    expect(second).toMatchObject({ same: true, nextBlock: 2 });
    expect((await compare({ ...known, ...second }, 3_000)).same).toBe(false);
    expect((await compare(known, 3_600_000)).same).toBe(false);
  });

  test('a comparison of all blocks that takes too long is continued by the next polls', async () => {
    change(2);
    const first = await compare(known, 3_600_000, 0);
    expect(first).toMatchObject({ same: true, checkedMs: 0, wholeFrom: 1 });
    const second = await compare({ ...known, ...first }, 3_601_000, 0);
    expect(second).toMatchObject({ same: true, checkedMs: 0, wholeFrom: 2 });
    expect((await compare({ ...known, ...second }, 3_602_000, 0)).same).toBe(false);
    const whole = await compare({ ...known, wholeFrom: 3 }, 3_602_000);
    expect(whole).toEqual({ same: true, checkedMs: 3_602_000, nextBlock: 0 });
  });

  test('all are compared where the file has another number, or did not grow', async () => {
    change(3);
    expect((await compare({ ...known, inode: 'another' }, 1_000)).same).toBe(false);
    truncateSync(path, known.size);
    expect((await compare(known, 1_000)).same).toBe(false);
  });
});

test('missing digests of a large file are computed for a limited time; the other blocks count as unchanged', async () => {
  files.write('big', Buffer.alloc(2 * mebi + 77, 'x'));
  const none = await blocksUpTo({ path: files.path('big') }, undefined, 2 * mebi + 77, 0);
  expect(none.digests).toBe('.'.repeat(48));
  expect(await areSame({ path: files.path('big') }, none, [0, 1, 2])).toBe(true);
});

test('digests do not depend on the chunks of bytes, and continue at a block', async () => {
  const content = Buffer.alloc(2 * mebi + 77, 'abcdefg');
  files.write('big', content);
  const whole = await blocksUpTo({ path: files.path('big') }, undefined, content.length);
  const taken = new BlockDigests('');
  for (let from = 0; from < content.length; from += 300_000) taken.add(content.subarray(from, from + 300_000));
  expect(taken.blocks).toEqual(whole);
  const later = new BlockDigests(whole.digests.slice(0, 16));
  later.add(content.subarray(later.bytes));
  expect(later.blocks).toEqual(whole);
});
