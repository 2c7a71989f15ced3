import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { OperatedStack } from '../support/documents/operated-stack.ts';
import { recipe } from '../support/recipes.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** What an operator does by docs/operations.md to change, move and lose a stack, by the very commands that it shows. */
let stack: OperatedStack;

beforeAll(async () => {
  stack = await OperatedStack.start(
    [
      ['a', '01'],
      ['b', '02'],
      ['c', '03'],
      ['d', '00'],
      ['e', '00'],
    ],
    [
      ['f', '04'],
      ['g', '05'],
    ],
  );
});
afterAll(() => stack?.close());

test('change the id of a source: its rows, keys and journal move', async () => {
  stack.configure('code', 'at');
  const [move = ''] = recipe('Change the `id` of a source');
  expect(await stack.shell(move)).toContain('moved 7 of 7 rows');
  expect(await stack.run()).toMatch(/new 0/);
  expect((await stack.stored())[0]).toBe('code-a 02 01');
  expect(await stack.daybook('verify', '--day', '2026-11-02')).toContain('\nconsistent');
});

test('upgrade, and move the data folder', async () => {
  const [before = '', after = ''] = recipe('Upgrade Daybook');
  const [move = '', look = ''] = recipe('Move the data folder');
  const there = (text: string) => text.replaceAll('/srv/daybook', join(stack.folder, 'srv'));
  await stack.running.stop();
  expect(await stack.shell(before)).toContain('OK');
  mkdirSync(join(stack.folder, 'srv'));
  await stack.shell(there(move));
  await stack.up();
  expect(await stack.shell(after)).toMatch(/1 schedule up to date[^]*smoke ok/);
  expect(await stack.shell(look)).toContain(join(stack.folder, 'srv', 'data'));
  expect(await stack.run()).toMatch(/new 0/);
  expect(readdirSync(stack.folder)).not.toContain('data');
});

test('another major version of the embedded PostgreSQL', async () => {
  await stack.running.stop();
  const [move = '', again = ''] = recipe('A new major version of PostgreSQL');
  writeFileSync(join(stack.folder, '.daybook', 'postgres', 'PG_VERSION'), '17\n');
  const { code, stderr } = await stack.sandbox.run(['up']);
  expect(stderr).toMatch(/created by PostgreSQL 17, but this.*replay-csv --archives/);
  expect(code).toBe(1);
  await stack.shell(move);
  await stack.up();
  expect(await stack.shell(again)).toMatch(/7 written[^]*\nconsistent/);
  expect(await stack.stored()).toHaveLength(7);
});

test('loss of the data folder', async () => {
  await stack.running.stop();
  renameSync(join(stack.folder, 'srv', 'data'), join(stack.folder, 'lost'));
  const refused = await stack.sandbox.run(['up']);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--accept-new-store') });
  await stack.up('--accept-new-store');
  const [again = ''] = recipe('The store and the database are not a pair');
  expect(await stack.shell(again)).toMatch(/7 rows of 1 source[^]*\nconsistent/);
  expect(await stack.run()).toMatch(/new 0/);
  expect(await stack.stored()).toHaveLength(7);
});

test('change its occurred_at: what it still serves gets the new time, the rest stays', async () => {
  stack.configure('code', 'seen');
  stack.records.shift();
  const [pause = '', again = ''] = recipe('Change `occurred_at` or `fields` of a source');
  expect(await stack.shell(pause)).toContain('2026-11-05');
  expect(await stack.shell(again)).toMatch(/new 6[^]*1 written/);
  const rows = await stack.stored();
  expect(rows).toHaveLength(7);
  expect(rows.slice(0, 2)).toEqual(['code-a 02 01', 'code-b 05 02']);
  expect(await stack.daybook('verify', '--day', '2026-11-05')).toContain('\nconsistent');
  expect((await stack.status()).sources).toMatchObject([{ health: 'ok', paused: null }]);
});
