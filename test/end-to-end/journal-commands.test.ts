import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ComparedDay } from '../../src/cli/compare-day.ts';
import type { ReplayTally } from '../../src/domain/journal.ts';
import { csvRows } from '../support/csv-rows.ts';
import { Workplace, type RunningDaybook } from '../support/daybook-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let folder: string;
let workplace: Workplace;
let running: RunningDaybook;

const ids = ['plain', '=1+1', 'a,b', 'say "hi"', 'two\nlines', '🦊'];
const day = ['--day', '2026-11-01'];

async function daybook(...args: string[]) {
  const result = await workplace.runBeside(args);
  expect([result.code, result.stderr]).toEqual([0, expect.any(String)]);
  return result.stdout;
}

beforeAll(async () => {
  folder = temporaryFolder();
  workplace = new Workplace(folder);
  writeFileSync(
    join(folder, 'daybook.yaml'),
    'version: 1\nsources: [{ name: lines, type: file, path: lines.ndjson, id: id, occurred_at: at }]\n',
  );
  const lines = ids.map((id, n) => JSON.stringify({ id, at: `2026-11-0${n < 5 ? 1 : 2}T00:00:0${n}Z` }));
  writeFileSync(join(folder, 'lines.ndjson'), `${lines.join('\n')}\n`);
  running = workplace.start(['up']);
  await running.shows('Ctrl-C stops everything');
  await daybook('run', 'lines');
  const journal = join(folder, 'data', 'csv', 'lines');
  const today = readdirSync(journal)[0] ?? '';
  mkdirSync(join(journal, '2026-11-20'), { recursive: true });
  for (const name of readdirSync(join(journal, today))) {
    renameSync(join(journal, today, name), join(journal, '2026-11-20', name));
  }
});
afterAll(async () => {
  await running?.killAll();
  rmSync(folder, { recursive: true, force: true });
});

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
  test('prints records of the time asked for, to a file where it is asked to', async () => {
    expect(csvRows(await daybook('export')).map((row) => row['source_id'])).toEqual(ids);
    expect(csvRows(await daybook('export', '--source', 'lines', ...day))).toHaveLength(5);
    const range = ['--from', '2026-11-01T00:00:01Z', '--to', '2026-11-01T00:00:04Z'];
    expect(csvRows(await daybook('export', ...range)).map((row) => row['source_id'])).toEqual(ids.slice(1, 4));
    await daybook('export', ...day, '--escape-formulas', '--output', 'out.csv');
    const cells = csvRows(readFileSync(join(folder, 'out.csv'), 'utf8')).map((row) => row['source_id']);
    expect(cells).toEqual(['plain', "'=1+1", 'a,b', 'say "hi"', 'two\nlines']);
  });

  test('says nothing when its reader has seen enough', () => {
    const launcher = fileURLToPath(new URL('../../daybook', import.meta.url));
    const out = execFileSync(
      'bash',
      ['-c', `set -o pipefail; "$0" "$1" export | head -1`, process.execPath, launcher],
      {
        ...{ cwd: folder, encoding: 'utf8' },
      },
    );
    expect(out).toBe('source,source_id,occurred_at,payload\n');
  });

  test.each([
    [['--source', 'linse'], /found no "linse" in .*expected one of lines/],
    [['--day', '2026-02-30'], /day 30 does not exist/],
    [['--day', 'today'], /expected a day such as/],
    [['--from', '2026-11-01'], /found one of --from and --to/],
    [['--day', '2026-11-01', '--to', '2026-11-02'], /expected one way/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await workplace.runBeside(['export', ...args]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});

describe('verify and replay-csv', () => {
  const verify = async (...args: string[]) => {
    const { code, stdout } = await workplace.runBeside(['verify', ...day, ...args]);
    return { code, stdout };
  };

  test('find what is missing after a reset, and bring it back', async () => {
    expect(await verify()).toEqual({
      code: 0,
      stdout: expect.stringMatching(/5 CSV lines of 5 keys, 5 rows[^]*\nconsistent\n$/) as string,
    });
    await daybook('reset', '--keep-state');
    const { code, stdout } = await verify('--json');
    expect([code, JSON.parse(stdout) as ComparedDay]).toMatchObject([
      1,
      { consistent: false, findings: { missing_rows: { count: 5 } } },
    ]);
    expect((await verify()).stdout).toMatch(
      /5 keys in CSV without a row\n {2}lines\/plain\n[^]*replay-csv brings them/,
    );
    expect(await daybook('replay-csv', '--dry-run')).toContain('lines/2026-11-20');
    const tally = JSON.parse(await daybook('replay-csv', '--source', 'lines', ...day, '--json')) as ReplayTally;
    expect(tally).toMatchObject({ units: 1, records: 5, postgres: { written: 5 } });
    expect((await verify()).code).toBe(0);
    expect(await daybook('replay-csv')).toBe('done: 6 records of 1 day: 1 written, 5 duplicate\n');
    expect((await verify('--sample', '3')).stdout).toContain('3 payloads');
  });

  test.each([
    [['verify'], /found no --day/],
    [['verify', '--day', '2026-11-01', '--source', 'linse'], /did you mean "lines"/],
    [['verify', '--day', '2026-11-01', '--sample', 'x'], /--sample: found "x"/],
    [['replay-csv', '--source', 'nope'], /found no "nope"/],
  ])('refuse %j', async (args, message) => {
    const { code, stderr } = await workplace.runBeside(args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});
