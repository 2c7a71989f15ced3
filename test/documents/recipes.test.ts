import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Status } from '../../src/status/status.ts';
import type { Progress } from '../../src/workflows/messages.ts';
import { CliSandbox, type RunningDaybook } from '../support/cli-sandbox.ts';
import { startOrigin, type Origin } from '../support/servers/origin.ts';
import { recipe } from '../support/recipes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** What an operator does by docs/operations.md, by the very commands that it shows, one after the other on one stack. */
let folder: string;
let sandbox: CliSandbox;
let running: RunningDaybook;
let origin: Origin;

let token = 'first-token';
let isHeld = false;
/** What the source serves: two names and two times each. */
let records: { id: string; code: string; at: string; seen: string }[] = [];
const record = (id: string, hour: string) => ({
  id,
  code: `code-${id}`,
  at: `2026-11-02T${hour}:00:00Z`,
  seen: `2026-11-05T${hour}:00:00Z`,
});

const configure = (id: string, time: string) =>
  writeFileSync(
    join(folder, 'daybook.yaml'),
    `version: 1
sources:
  - { name: quakes, type: http_json, url: "${origin.url}/quakes", id: ${id}, occurred_at: ${time}, allow_private: true,
      auth: { type: bearer, token: "\${env:TOKEN}" }, schedule: { every: 24h },
      incremental: { cursor: at, start_param: since, end_param: until } }
`,
  );
const secret = (value: string) => writeFileSync(join(folder, '.env'), `TOKEN=${value}\n`);

/** Does commands that must all succeed; `temporal` is the stack's. */
async function shell(script: string): Promise<string> {
  const asked = script.replaceAll(/daybook forget .*/g, '$& --yes');
  const { code, stdout, stderr } = await sandbox.shell(
    script.includes('temporal ') ? `eval "$(./daybook env)"\n${asked}` : asked,
  );
  if (code !== 0) throw new Error(`exit code ${code} of\n${script}\n${stdout}\n${stderr}`);
  return stdout;
}
const sql = (text: string) => shell(`./daybook sql --json "${text}"`);
const stored = async (time = 'occurred_at') =>
  (await sql(`select source_id as id, to_char(${time}, 'DD HH24') as at from raw_events order by 1`))
    .trim()
    .split('\n')
    .map((line) => Object.values(JSON.parse(line) as Record<string, string>).join(' '));
const status = async () => JSON.parse(await shell('./daybook status --json')) as Status;
const run = () => shell('./daybook run quakes');

async function start(...further: string[]) {
  running = sandbox.start(['up', ...further]);
  await running.shows('Ctrl-C stops everything', 120_000);
}

beforeAll(async () => {
  origin = await startOrigin(async (url, response, request) => {
    await until('it is resumed', () => !isHeld, 60_000);
    if (request.headers.authorization !== `Bearer ${token}`) response.statusCode = 401;
    const [since, to] = [url.searchParams.get('since') ?? '', url.searchParams.get('until') ?? '9'];
    response.end(JSON.stringify(records.filter(({ at }) => at >= since && at <= to)));
  });
  folder = temporaryFolder();
  sandbox = new CliSandbox(folder);
  configure('id', 'at');
  secret(token);
  records = [record('a', '01'), record('b', '02')];
  await start();
  await until('the first run has ended', () => running.output.includes('new 2'), 60_000);
  records.push(record('c', '03'));
  await run();
});
afterAll(async () => {
  isHeld = false;
  await running?.killAll();
  await origin.close();
  rmSync(folder, { recursive: true, force: true });
});

test('close an alert, rotate a secret: the next fetch has the new one, without a restart', async () => {
  token = 'second-token';
  expect((await sandbox.run(['run', 'quakes'])).code).toBe(1);
  const [close = ''] = recipe('Close an alert');
  expect(await shell(close)).toMatch(/run_failed +quakes[^]*closed run_failed of quakes/);
  expect(await shell('./daybook alerts list')).toBe('');
  secret(token);
  const [ask = ''] = recipe('Rotate a secret');
  expect(await shell(ask)).toMatch(/quakes +unchanged/);
  expect(running.output).not.toMatch(/(first|second)-token/);
});

test('gaps in a day: each command fills the gaps that it is for', async () => {
  const [look = '', copy = '', windows = '', rewind = ''] = recipe('Gaps in a day');
  await sql(`delete from raw_events where source_id = 'b'`);
  await sql(`delete from raw_event_keys where source_id = 'b'`);
  const journal = join(folder, 'data', 'csv', 'quakes');
  // The part of the second run, which alone has c.
  const parts = readdirSync(journal, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.csv'));
  for (const name of parts.sort().slice(1)) rmSync(join(journal, name));
  const found = await sandbox.shell(look);
  expect(found).toMatchObject({ code: 1, stdout: expect.stringMatching(/quakes\/c[^]*quakes\/b[^]*not consistent/) });
  expect(await shell(copy)).toMatch(/1 written[^]*1 written/);
  expect(await shell(look)).toMatch(/3 keys, 3 rows[^]*\nconsistent/);
  records.push(record('d', '00'));
  expect(await shell(windows)).toMatch(/1 new rows[^]*0 new rows/);
  records.push(record('e', '00'));
  expect(await shell(rewind)).toMatch(/new 1/);
  expect(await shell(look)).toMatch(/5 keys, 5 rows[^]*\nconsistent/);
});

test('a workflow blocked by a broken signal continues where it was, also if it was paused', async () => {
  const [look = '', reset = '', terminate = ''] = recipe('A workflow is stuck');
  const address = /TEMPORAL_ADDRESS='([^']+)'/.exec(await shell('./daybook env'))?.[1] ?? '';
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const broken = async (workflowId: string, signalName: string) => {
    const payloads = [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"by":') }];
    const execution = { namespace: 'default', workflowExecution: { workflowId } };
    await connection.workflowService.signalWorkflowExecution({ ...execution, signalName, input: { payloads } });
    await until('it is stuck', async () => {
      const { history } = await connection.workflowService.getWorkflowExecutionHistory({
        namespace: 'default',
        execution: { workflowId },
      });
      return history?.events?.some(({ workflowTaskFailedEventAttributes: failed }) => failed);
    });
  };
  const openRun = async () => {
    isHeld = true;
    const asked = origin.requests.length;
    await shell('temporal schedule trigger --schedule-id scrape-quakes');
    await until('it fetches', () => origin.requests.length > asked);
    const id = (await status()).sources[0]?.running?.workflowId ?? '';
    expect(await shell(look)).toContain(id);
    return id;
  };
  const documented = 'scrape-quakes-2026-11-24T00:00:00Z';
  try {
    records.push(record('f', '04'));
    const id = await openRun();
    await shell(`./daybook pause quakes --reason maintenance`);
    const progress = async () => client.workflow.getHandle(id).query<Progress>('progress');
    await until('it knows of the pause', async () => (await progress()).paused !== null);
    await broken(id, 'resume');
    isHeld = false;
    const [first = '', ...further] = reset.replace(documented, id).trim().split('\n');
    expect(further).toEqual(['./daybook resume quakes']);
    await shell(first);
    await until('it is paused as before', async () => (await progress()).paused !== null);
    await shell(further.join('\n'));
    expect(await client.workflow.getHandle(id).result()).toMatchObject({ outcome: 'ok', postgres: { written: 1 } });

    records.push(record('g', '05'));
    const other = await openRun();
    await broken(other, 'pause');
    isHeld = false;
    expect(await shell(terminate.replace(documented, other))).toMatch(/new 1/);
    expect((await status()).sources).toMatchObject([{ health: 'ok', running: null, paused: null }]);
  } finally {
    await connection.close();
  }
  expect(await stored()).toEqual(['a 02 01', 'b 02 02', 'c 02 03', 'd 02 00', 'e 02 00', 'f 02 04', 'g 02 05']);
});

test('change the id of a source: its rows, keys and journal move', async () => {
  configure('code', 'at');
  const [move = ''] = recipe('Change the `id` of a source');
  expect(await shell(move)).toContain('moved 7 of 7 rows');
  expect(await run()).toMatch(/new 0/);
  expect((await stored())[0]).toBe('code-a 02 01');
  expect(await shell('./daybook verify --day 2026-11-02')).toContain('\nconsistent');
});

test('upgrade, and move the data folder', async () => {
  const [before = '', after = ''] = recipe('Upgrade Daybook');
  const [move = '', look = ''] = recipe('Move the data folder');
  const there = (text: string) => text.replaceAll('/srv/daybook', join(folder, 'srv'));
  await running.stop();
  expect(await shell(before)).toContain('OK');
  mkdirSync(join(folder, 'srv'));
  await shell(there(move));
  await start();
  expect(await shell(after)).toMatch(/1 schedule up to date[^]*smoke ok/);
  expect(await shell(look)).toContain(join(folder, 'srv', 'data'));
  expect(await run()).toMatch(/new 0/);
  expect(readdirSync(folder)).not.toContain('data');
});

test('another major version of the embedded PostgreSQL', async () => {
  await running.stop();
  const [move = '', again = ''] = recipe('A new major version of PostgreSQL');
  writeFileSync(join(folder, '.daybook', 'postgres', 'PG_VERSION'), '17\n');
  const { code, stderr } = await sandbox.run(['up']);
  expect(stderr).toMatch(/created by PostgreSQL 17, but this.*replay-csv --archives/);
  expect(code).toBe(1);
  await shell(move);
  await start();
  expect(await shell(again)).toMatch(/7 written[^]*\nconsistent/);
  expect(await stored()).toHaveLength(7);
});

test('loss of the data folder', async () => {
  await running.stop();
  renameSync(join(folder, 'srv', 'data'), join(folder, 'lost'));
  const refused = await sandbox.run(['up']);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--accept-new-store') });
  await start('--accept-new-store');
  const [again = ''] = recipe('The store and the database are not a pair');
  expect(await shell(again)).toMatch(/7 rows of 1 source[^]*\nconsistent/);
  expect(await run()).toMatch(/new 0/);
  expect(await stored()).toHaveLength(7);
});

test('change its occurred_at: what it still serves gets the new time, the rest stays', async () => {
  configure('code', 'seen');
  records.shift();
  const [pause = '', again = ''] = recipe('Change `occurred_at` or `fields` of a source');
  expect(await shell(pause)).toContain('2026-11-05');
  expect(await shell(again)).toMatch(/new 6[^]*1 written/);
  const rows = await stored();
  expect(rows).toHaveLength(7);
  expect(rows.slice(0, 2)).toEqual(['code-a 02 01', 'code-b 05 02']);
  expect(await shell('./daybook verify --day 2026-11-05')).toContain('\nconsistent');
  expect((await status()).sources).toMatchObject([{ health: 'ok', paused: null }]);
});
