import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ComparedDay } from '../../src/verify/compare-day.ts';
import type { JournalReplayTally } from '../../src/domain/storage/journal.ts';
import type { Receipt } from '../../src/domain/run/receipt.ts';
import type { RebuildTally } from '../../src/domain/storage/journal-rebuild.ts';
import type { Status } from '../../src/status/status.ts';
import { csvRows } from '../support/csv-rows.ts';
import { CliSandbox } from '../support/cli-sandbox.ts';
import { TestWorker } from '../support/test-worker.ts';
import { until } from '../support/until.ts';

let folder: string;
let sandbox: CliSandbox;
let testWorker: TestWorker;

const ids = ['plain', '=1+1', 'a,b', 'say "hi"', 'two\nlines', '🦊'];
const day = ['--day', '2026-11-01'];

async function daybook(...args: string[]) {
  const result = await sandbox.run(args);
  expect(result.code, result.stderr).toBe(0);
  return result.stdout;
}

beforeAll(async () => {
  testWorker = await TestWorker.createForCommands(
    'version: 1\nsources: [{ name: lines, type: file, path: lines.ndjson, id: id, occurred_at: at }]\n',
  );
  ({ folder } = testWorker);
  sandbox = new CliSandbox(folder, testWorker.commandVariables());
  const lines = ids.map((id, n) => JSON.stringify({ id, at: `2026-11-0${n < 5 ? 1 : 2}T00:00:0${n}Z` }));
  writeFileSync(join(folder, 'lines.ndjson'), `${lines.join('\n')}\n`);
  await daybook('run', 'lines');
  const journal = join(folder, 'data', 'csv', 'lines');
  const today = readdirSync(journal)[0] ?? '';
  mkdirSync(join(journal, '2026-11-20'), { recursive: true });
  for (const name of readdirSync(join(journal, today))) {
    renameSync(join(journal, today, name), join(journal, '2026-11-20', name));
  }
});
afterAll(() => testWorker?.close());

describe('partitions maintain', () => {
  test('says which days it would seal, and seals them', async () => {
    expect(await daybook('partitions', 'maintain', '--dry-run')).toContain('CSV days to seal: lines 2026-11-20\n');
    expect(await daybook('partitions', 'maintain')).toContain('CSV days sealed: lines 2026-11-20\n');
    expect(readdirSync(join(folder, 'data', 'csv', 'lines')).filter((name) => !name.startsWith('.'))).toContain(
      '2026-11-20.csv.gz',
    );
  });
});

describe('export', () => {
  test('prints records of the requested time, to a file if requested', async () => {
    expect(csvRows(await daybook('export')).map((row) => row['source_id'])).toEqual(ids);
    expect(csvRows(await daybook('export', '--source', 'lines', ...day))).toHaveLength(5);
    const range = ['--from', '2026-11-01T00:00:01Z', '--to', '2026-11-01T00:00:04Z'];
    expect(csvRows(await daybook('export', ...range)).map((row) => row['source_id'])).toEqual(ids.slice(1, 4));
    await daybook('export', ...day, '--escape-formulas', '--output', 'out.csv');
    const cells = csvRows(readFileSync(join(folder, 'out.csv'), 'utf8')).map((row) => row['source_id']);
    expect(cells).toEqual(['plain', "'=1+1", 'a,b', 'say "hi"', 'two\nlines']);
  });

  test('ends quietly when its reader stops', () => {
    const launcher = fileURLToPath(new URL('../../daybook', import.meta.url));
    const out = execFileSync(
      'bash',
      ['-c', `set -o pipefail; "$0" "$1" export | head -1`, process.execPath, launcher],
      {
        cwd: folder,
        env: { ...process.env, ...testWorker.commandVariables() },
        encoding: 'utf8',
      },
    );
    expect(out).toBe('source,source_id,occurred_at,payload\n');
  });

  test.each([
    [['--source', 'linse'], /has no records of "linse"; its sources: lines/],
    [['--day', '2026-02-30'], /day 30 does not exist/],
    [['--day', 'today'], /expected a day such as/],
    [['--from', '2026-11-01'], /--from and --to must be given together/],
    [['--day', '2026-11-01', '--to', '2026-11-02'], /--day cannot be combined with --from or --to/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await sandbox.run(['export', ...args]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

describe('verify and replay-csv', () => {
  const verify = async (...args: string[]) => {
    const { code, stdout } = await sandbox.run(['verify', ...day, ...args]);
    return { code, stdout };
  };

  test('find what is missing after a reset, and restore it', async () => {
    expect(await verify()).toEqual({
      code: 0,
      stdout: expect.stringMatching(/5 CSV lines of 5 keys, 5 rows[^]*\nconsistent\n$/) as string,
    });
    const asked = await sandbox.run(['reset', '--keep-state']);
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('confirm with --yes') });
    expect((await verify()).code).toBe(0);
    await daybook('reset', '--keep-state', '--yes');
    const { code, stdout } = await verify('--json');
    expect([code, JSON.parse(stdout) as ComparedDay]).toMatchObject([
      1,
      { consistent: false, findings: { missing_rows: { count: 5 } } },
    ]);
    expect((await verify()).stdout).toMatch(
      /5 keys in CSV without a row\n {2}lines\/plain\n[^]*store them with \.\/daybook replay-csv/,
    );
    expect(await daybook('replay-csv', '--dry-run')).toContain('lines/2026-11-20');
    const tally = JSON.parse(await daybook('replay-csv', '--source', 'lines', ...day, '--json')) as JournalReplayTally;
    expect(tally).toMatchObject({ units: 1, records: 5, postgres: { written: 5 } });
    expect((await verify()).code).toBe(0);
    expect(await daybook('replay-csv')).toBe('done: 6 records of 1 day: 1 written, 5 duplicate\n');
    expect((await verify('--sample', '3')).stdout).toContain('3 payloads');
  });

  test.each([
    [['verify'], /missing --day/],
    [['verify', '--day', '2026-11-01', '--source', 'linse'], /did you mean "lines"/],
    [['verify', '--day', '2026-11-01', '--sample', 'x'], /--sample: found "x"/],
    [['replay-csv', '--source', 'nope'], /has no records of "nope"/],
  ])('refuse %j', async (args, message) => {
    const { code, stderr } = await sandbox.run(args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

describe('rebuild-journal', () => {
  const rebuild = async (...args: string[]) =>
    JSON.parse(await daybook('rebuild-journal', '--json', ...args)) as RebuildTally;
  const consistent = async (date: string) => (await sandbox.run(['verify', '--day', date])).code === 0;

  test('writes a lost journal again, each key once, so that verify is consistent', async () => {
    const journal = join(folder, 'data', 'csv');
    renameSync(journal, join(folder, 'lost-csv'));
    expect(await consistent('2026-11-01')).toBe(false);
    expect(await rebuild('--day', '2026-11-02')).toMatchObject({ sources: 1, rows: 1, written: 1, parts: 1 });
    expect(await consistent('2026-11-01')).toBe(false);
    expect(await consistent('2026-11-02')).toBe(true);
    expect(await rebuild('--source', 'lines')).toMatchObject({ rows: 6, written: 5, present: 1, failed: [] });
    expect(await consistent('2026-11-01')).toBe(true);
    expect(await consistent('2026-11-02')).toBe(true);
    expect(await rebuild()).toMatchObject({ rows: 6, written: 0, present: 6, waiting: 0, parts: 0 });
    expect(csvRows(await daybook('export')).map((row) => row['source_id'])).toEqual(expect.arrayContaining(ids));
    expect(csvRows(await daybook('export'))).toHaveLength(6);
    const payloads = (path: string) =>
      readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => /-6-|-5-|-1-/.test(name)).length;
    expect(payloads(journal)).toBe(2);
    expect(await daybook('replay-csv')).toBe('done: 6 records of 1 day: 0 written, 6 duplicate\n');
  });

  test('refuses a source whose journal is damaged, because it would write rows twice', async () => {
    const journal = join(folder, 'data', 'csv', 'lines');
    const today = readdirSync(journal).find((name) => /^\d{4}/.test(name)) ?? '';
    const name = readdirSync(join(journal, today)).find((part) => part.includes('-5-')) ?? '';
    const path = join(journal, today, name);
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, whole.slice(0, -20));
    const { code, stdout } = await sandbox.run(['rebuild-journal']);
    expect(stdout).toMatch(/failed: everything else was rebuilt, but lines: .*repair-csv/);
    expect(code).toBe(1);
    writeFileSync(path, whole);
  });

  test.each([
    [['--source', 'No Name'], 2, /expected a source name/],
    [['--day', 'today'], 2, /expected a day such as/],
    [['--source', 'linse'], 1, /linse has no rows in PostgreSQL; sources with rows: lines/],
  ])('refuses %j', async (args, expected, message) => {
    const { code, stdout, stderr } = await sandbox.run(['rebuild-journal', ...args]);
    expect(stdout + stderr).toMatch(message);
    expect(code).toEqual(expected);
  });
});

describe('rekey', () => {
  const config = (id: string) =>
    writeFileSync(
      join(folder, 'daybook.yaml'),
      `version: 1\nsources: [{ name: lines, type: file, path: lines.ndjson, id: ${id}, occurred_at: at }]\n`,
    );
  const connect = async () => {
    const client = new Client(testWorker.database.settings);
    await client.connect();
    return client;
  };

  test('killed in the middle it is run again, and all is consistent: rows, keys, journal, and the next poll', async () => {
    const exported = async () => csvRows(await daybook('export')).map((row) => row['source_id']);
    const former = await exported();
    config('[id, at]');
    const checked = await sandbox.run(['check']);
    expect(checked).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(
        /state_changed: id was "id" .* is \["id","at"\].*stored again.*daybook rekey lines/,
      ),
    });
    const client = await connect();
    const count = async (sql: string) => Number((await client.query<{ n: string }>(sql)).rows[0]?.n);
    try {
      // The rows of the first day move, the one of the second day waits for us.
      await client.query(`begin; select from raw_events where source_id = '🦊' for update`);
      const killed = sandbox.start(['rekey', 'lines']);
      await until(
        'the first day has moved',
        async () => (await count(`select count(*) as n from raw_events where length(source_id) = 64`)) === 5,
      );
      process.kill(-killed.pid, 'SIGKILL');
      await client.query('rollback');
      await client.query(
        `select pg_terminate_backend(pid, 10000) from pg_stat_activity where query like 'update%raw_events%' and pid <> pg_backend_pid()`,
      );
    } finally {
      await client.end();
    }
    expect(await exported()).toEqual(former);
    const refused = await sandbox.run(['run', 'lines']);
    expect(refused).toMatchObject({ code: 1, stdout: expect.stringContaining('RekeyUnfinished: rekey: the ids of') });
    // No other command writes its journal or reads from it; a replay of all names what was left out.
    const unfinished = 'rekey: the ids of lines are only partly moved';
    for (const command of [
      ['rebuild-journal', '--source', 'lines'],
      ['rebuild-journal'],
      ['replay-csv', '--source', 'lines'],
      ['replay-csv'],
      ['restore', '--day', '2026-11-01'],
    ]) {
      const { code, stdout, stderr } = await sandbox.run(command);
      expect(stdout + stderr, command.join(' ')).toContain(unfinished);
      expect(code, command.join(' ')).toBe(1);
    }
    config('at');
    const other = await sandbox.run(['rekey', 'lines']);
    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('to id ["id","at"] was interrupted') });
    config('[id, at]');
    const done = JSON.parse(await daybook('rekey', 'lines', '--json')) as Record<string, number>;
    expect(done).toEqual({
      rows: 6,
      moved: expect.any(Number) as number,
      collisions: 0,
      missing: 0,
      days: done['moved'],
    });
    expect(done['moved']).toBeLessThanOrEqual(1);
    for (const of of ['2026-11-01', '2026-11-02']) {
      expect((await sandbox.run(['verify', '--day', of])).stdout).toContain('\nconsistent\n');
    }
    const now = await exported();
    expect(now).toHaveLength(6);
    expect(now.every((id) => /^[0-9a-f]{64}$/.test(id ?? ''))).toBe(true);
    const run = JSON.parse(await daybook('run', 'lines', '--json')) as Receipt;
    expect(run).toMatchObject({ outcome: 'unchanged' });
    expect(run.warnings ?? []).toEqual([]);
    expect(await daybook('check')).toContain('OK');
  }, 180_000);

  test('refuses an id that its records do not have, and lists them', async () => {
    config('nothing');
    const { code, stdout, stderr } = await sandbox.run(['rekey', 'lines', '--dry-run', '--json']);
    expect(JSON.parse(stdout)).toEqual({ rows: 6, moved: 0, collisions: 0, missing: 6, days: 0 });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^6 records without a new id/);
    config('[id, at]');
  });
});

describe('the store and the database', () => {
  const status = async () => JSON.parse(await daybook('status', '--json')) as Status;

  test('of which one was restored from a copy are reported until the recipe is done', async () => {
    expect(await daybook('doctor')).toMatch(/ok {6}store\+database {3}are paired \(id [0-9a-f-]{36}, counter \d+\)/);
    await daybook('sql', 'update raw_event_database set counter = 0');
    const recipe = expect.stringMatching(/^PostgreSQL is an older copy: run \.\/daybook replay-csv/) as string;
    const alert = { name: 'store', source: 'daybook', message: recipe };
    expect((await status()).alerts).toContainEqual(expect.objectContaining(alert));
    await daybook('partitions', 'maintain');
    expect((await status()).alerts).toEqual([expect.objectContaining(alert)]);
    const { code, stdout } = await sandbox.run(['doctor']);
    expect(stdout).toMatch(/FAILED {2}store\+database {3}PostgreSQL is an older copy/);
    expect(code).toBe(1);
    await daybook('replay-csv');
    expect((await status()).alerts).toEqual([]);
  });

  test('that lost each other are refused with both names, until that is accepted', async () => {
    await testWorker.stopWorker();
    renameSync(join(folder, 'data'), join(folder, 'lost-data'));
    // Without a worker, `run` starts one, and a Temporal server for it.
    sandbox = new CliSandbox(folder, {
      ...testWorker.commandVariables(),
      DAYBOOK_EMBEDDED: undefined,
      TEMPORAL_ADDRESS: undefined,
      TEMPORAL_NAMESPACE: undefined,
    });
    const database = `database 127\\.0\\.0\\.1:\\d+/${testWorker.database.settings.database}, schema public`;
    for (const command of [['run', 'lines'], ['up']]) {
      const { code, stderr } = await (command[0] === 'up' ? sandbox.refused(command) : sandbox.run(command));
      expect(stderr, command.join(' ')).toMatch(/found the store .*\/data \(it is new/);
      expect(code, command.join(' ')).toBe(2);
      expect(stderr).toMatch(new RegExp(`${database}.*--accept-new-store`));
    }
    expect(await daybook('run', 'lines', '--accept-new-store')).toMatch(/lines/);
    expect(await daybook('run', 'lines')).toMatch(/lines/);
  });
});
