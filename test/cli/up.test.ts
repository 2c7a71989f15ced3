import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { csvRowsBelow } from '../support/csv-rows.ts';
import { isAlive, CliSandbox, type RunningDaybook } from '../support/cli-sandbox.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

let folder: string;
let sandbox: CliSandbox;
let running: RunningDaybook;

const demoData = () => join(folder, '.daybook', 'demo', 'data');
const rows = async (query: string) => {
  const { stdout } = await sandbox.run(['sql', '--demo', '--json', query]);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
};
const counts = async () => {
  const [row] = await rows('select count(*) as rows, count(distinct (source, source_id)) as keys from raw_events');
  return row;
};
const healthAddress = () => /health\s+(http:\S+)/.exec(running.output)?.[1] ?? '';

beforeAll(() => {
  folder = temporaryFolder();
  // As under /root: PostgreSQL's user cannot enter.
  chmodSync(folder, 0o700);
  sandbox = new CliSandbox(folder);
});
afterAll(async () => {
  await running?.killAll();
  const elsewhere = /PostgreSQL's files are in (\S+):/.exec(running?.output ?? '')?.[1];
  if (elsewhere !== undefined) rmSync(join(elsewhere, '..'), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

describe('up --demo', () => {
  test('prints where to look and the first receipts, and becomes ready', async () => {
    running = sandbox.start(['up', '--demo'], 'demo');
    await running.shows('Ctrl-C stops everything');
    await running.shows('wire             ok');
    for (const source of ['news', 'press', 'reports']) await running.shows(`${source.padEnd(16)} ok`);
    expect((await fetch(healthAddress())).status).toBe(200);
    expect((await fetch(healthAddress().replace('readyz', 'healthz'))).status).toBe(200);
    const page = /status\s+(http:\S+\/)\n/.exec(running.output)?.[1] ?? '';
    expect(await (await fetch(page)).text()).toContain('<title>Daybook</title>');
    const ui = /Web UI\s+(http:\S+)/.exec(running.output)?.[1] ?? '';
    expect((await fetch(ui)).status).toBe(200);
  });

  test('is seen by status, run and env of the same home', async () => {
    const status = JSON.parse((await sandbox.run(['status', '--demo', '--json'])).stdout) as {
      sources: { name: string; health: string; nextRunAt: string }[];
    };
    expect(status.sources.map(({ name, health }) => [name, health])).toEqual([
      ['news', 'ok'],
      ['press', 'ok'],
      ['reports', 'ok'],
      ['wire', 'ok'],
    ]);
    expect(status.sources[0]?.nextRunAt).toMatch(/^\d{4}-/);
    const run = await sandbox.run(['run', 'news', '--demo', '--json'], { apart: true });
    expect((JSON.parse(run.stdout) as { source: string }).source).toBe('news');
    expect(run.code).toBe(0);
    expect((await sandbox.run(['env', '--demo'])).stdout).toMatch(/export PGHOST='127\.0\.0\.1'\n/);
    expect((await sandbox.run(['check', '--demo'])).code).toBe(0);
  });

  test('refuses a second one in the same home', async () => {
    const { code, stderr } = await sandbox.refused(['up', '--demo']);
    expect(stderr.includes('stop it with Ctrl-C')).toBe(true);
    expect(code).toBe(1);
  });

  test('starts a killed worker again', async () => {
    const { worker } = running.parts();
    process.kill(worker ?? 0, 'SIGKILL');
    await running.shows('worker restarted');
    await until('it is ready again', async () => (await fetch(healthAddress()).catch(() => null))?.status === 200);
    expect(running.parts()['worker']).not.toBe(worker);
  });

  test('stops everything at Ctrl-C, and continues from there', async () => {
    const parts = Object.values(running.parts());
    expect(parts).toHaveLength(4);
    const before = await counts();
    expect(before?.['rows']).toBe(before?.['keys']);
    const startedAt = Date.now();
    expect(await running.stop()).toBe(0);
    expect(Date.now() - startedAt).toBeLessThan(10_000);
    // What has ended may wait a moment for the system to take note.
    await until('all parts are gone', () => !parts.some(isAlive), 5_000);

    const earlier = running;
    running = sandbox.start(['up', '--demo'], 'demo');
    running.output = earlier.output.split('\n').find((line) => line.includes("PostgreSQL's files")) ?? '';
    await running.shows('news             ');
    // The first run after the start may find nothing new.
    await until('rows have come', async () => Number((await counts())?.['rows']) > Number(before?.['rows']), 30_000);
    const after = await counts();
    expect(after?.['rows']).toBe(after?.['keys']);
    const found = await rows("select source_id from raw_events where source <> 'daybook-canary'");
    const stored = found.map((row) => row['source_id']);
    const journal = new Set(csvRowsBelow(join(demoData(), 'csv')).map((row) => row['source_id']));
    expect(stored.filter((id) => !journal.has(String(id)))).toEqual([]);
    // Ctrl-C ends the reader of a pipe, too.
    const last = Object.values(running.parts());
    running.hangUp();
    await until(
      'it would have said something',
      async () => Number((await counts())?.['rows']) > Number(after?.['rows']),
      30_000,
    );
    expect(last.every(isAlive)).toBe(true);
    expect(await running.stop()).toBe(0);
    await until('all parts are gone', () => !last.some(isAlive), 5_000);
  });
});
