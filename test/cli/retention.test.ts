import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addDays, dayOfDate } from '../../src/domain/time/day.ts';
import type { Receipt } from '../../src/domain/run/receipt.ts';
import { CliSandbox } from '../support/cli-sandbox.ts';
import { TestWorker } from '../support/test-worker.ts';
import { until } from '../support/until.ts';

const today = dayOfDate(new Date());
const day = addDays(today, -5);
const source = '{ name: items, type: file, path: items.ndjson, id: id, occurred_at: at }';

describe('a day that is retired', () => {
  let testWorker: TestWorker;
  let sandbox: CliSandbox;
  const yaml = (partitions: string, one = source) => `version: 1\nsources:\n  - ${one}\npartitions: ${partitions}\n`;
  const configure = (partitions: string, one = source) => testWorker.configure(yaml(partitions, one));
  const data = (...parts: string[]) => testWorker.path('data', ...parts);
  const daybook = async (...args: string[]) => {
    const result = await sandbox.run(args);
    if (process.env['SHOW']) process.stderr.write(`$ daybook ${args.join(' ')}\n${result.stdout}${result.stderr}`);
    return result;
  };
  const rows = async () => {
    // A canary may have its record there right now.
    const text = `select *, occurred_at::text as at, created_at::text as made from raw_events where source = 'items' order by id`;
    return (await daybook('sql', '--json', text)).stdout.trim();
  };
  const run = async () => JSON.parse((await daybook('run', 'items', '--json')).stdout) as Receipt;
  const poll = () => readFileSync(data('state', 'items.json'), 'utf8');

  /** Waits for the rollover that a new schedule starts at once: it would retire the day of a later test before a command does. */
  const firstRollover = async () => {
    const { schedule, workflow } = testWorker.client;
    const { rolloverId } = testWorker.instance;
    const started = await until('a rollover was started', async () => {
      const { info } = await schedule.getHandle(rolloverId).describe();
      return info.recentActions[0]?.action.workflow.workflowId;
    });
    await workflow.getHandle(started).result();
  };
  /** Whether a rollover tries a step again because of a reader. */
  const hasFailedStep = async () => {
    const { workflow } = testWorker.client;
    const query = `WorkflowType = 'partitionRollover' AND ExecutionStatus = 'Running'`;
    for await (const { workflowId } of workflow.list({ query })) {
      const { pendingActivities } = (await workflow.getHandle(workflowId).describe()).raw;
      if (pendingActivities?.some(({ lastFailure }) => lastFailure?.message?.includes('a transaction uses')))
        return true;
    }
    return false;
  };

  beforeAll(async () => {
    const lines = [day, day, today].map((at, n) => JSON.stringify({ id: `item ${n}`, at, text: 'a "b",\n' }));
    testWorker = await TestWorker.createForCommands(yaml('{}'));
    sandbox = new CliSandbox(testWorker.folder, testWorker.commandVariables());
    writeFileSync(testWorker.path('items.ndjson'), `${lines.join('\n')}\n`);
    await run();
  });
  afterAll(() => testWorker?.close());

  test('goes to an archive, and is restored unchanged; a damaged archive is refused', async () => {
    const before = await rows();
    expect(before.split('\n')).toHaveLength(3);
    configure('{ retention: 3d }');
    expect((await daybook('partitions', 'maintain', '--dry-run')).stdout).toMatch(`days to retire: ${day}`);
    const { code, stdout } = await daybook('partitions', 'maintain');
    expect(stdout).toContain(`days retired: ${day}\n  2 rows in archives/${day}.csv.gz`);
    expect(code).toBe(0);
    expect((await rows()).split('\n')).toHaveLength(1);

    const archive = data('archives', `${day}.csv.gz`);
    const intact = readFileSync(archive);
    writeFileSync(
      archive,
      intact.map((byte, at) => (at === 40 ? byte ^ 1 : byte)),
    );
    const refused = await daybook('restore', '--day', day);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/no row was changed/) });
    expect((await rows()).split('\n')).toHaveLength(1);
    writeFileSync(archive, intact);

    const restored = await daybook('restore', '--day', day);
    expect(restored).toMatchObject({ code: 0, stdout: expect.stringMatching(/^restored 2 of 2 rows/) });
    expect(await rows()).toBe(before);
    expect(restored.stderr).toMatch(`./daybook replay-csv --day ${day} restores`);
    await daybook('partitions', 'maintain');
    expect(await rows()).toBe(before);
  });

  test('can be forgotten once it is restored: the next poll stores it again', async () => {
    expect(await daybook('forget')).toMatchObject({ code: 2 });
    const misspelt = await daybook('forget', '--source', 'itmes', '--yes');
    expect(misspelt).toMatchObject({ code: 2, stderr: expect.stringMatching(/did you mean "items"/) });
    const asked = await daybook('forget', '--day', day);
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringMatching(/forget 2 rows and 2 keys .*--yes/) });
    expect((await daybook('forget', '--day', day, '--yes')).stdout).toBe(`forgot 2 rows and 2 keys on ${day}\n`);
    expect((await run()).postgres).toMatchObject({ written: 2, duplicate: 1, expired: 0 });
    expect((await daybook('forget', '--source', 'items', '--yes', '--json')).stdout).toMatch('"rows":3,"keys":3');
    expect((await run()).postgres).toMatchObject({ written: 3 });
  });

  test('is not forgotten while a schedule may start a run in the middle', async () => {
    const ask = source.replace(' }', ', schedule: { every: 1d } }');
    configure('{ retention: 3d }', ask);
    await daybook('schedules', 'apply');
    await firstRollover();
    const refused = await daybook('forget', '--source', 'items', '--yes');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/\.\/daybook pause items --reason/) });
    expect((await rows()).split('\n')).toHaveLength(3);
    await daybook('pause', 'items', '--reason', 'forget');
    expect(await daybook('forget', '--source', 'items', '--yes')).toMatchObject({ code: 0 });
    configure('{ retention: 3d }');
    await run();
  });

  test('is given up by --undo: the next rollover retires it, and its records are expired', async () => {
    const undone = await daybook('restore', '--day', day, '--undo', '--json');
    expect(JSON.parse(undone.stdout)).toEqual({ day, wasKept: true });
    await daybook('restore', '--day', day);
    expect((await daybook('restore', '--day', day, '--undo')).stdout).toBe(
      `${day} is no longer kept: the next rollover retires it if it is older than partitions.retention\n`,
    );
    expect((await daybook('partitions', 'maintain')).stdout).toMatch(`2 rows in archives/${day}.2.csv.gz`);
    await daybook('state', 'reset', 'items');
    expect((await run()).postgres).toMatchObject({ written: 0, duplicate: 1, expired: 2 });
    expect((await daybook('status')).stdout).toMatch('PostgreSQL');
  });

  test('accepts records that expired meanwhile once it is restored: poll memory is cleared', async () => {
    expect((await run()).postgres).toMatchObject({ written: 0, expired: 0 });
    expect((JSON.parse(poll()) as { file: unknown }).file).not.toBeNull();
    expect(await daybook('forget', '--day', today, '--yes')).toMatchObject({ code: 0 });
    for (const name of [`${day}.csv.gz`, `${day}.json`, `${day}.2.csv.gz`, `${day}.2.json`]) {
      rmSync(data('archives', name), { force: true });
    }
    await run();
    expect((JSON.parse(poll()) as { file: unknown }).file).not.toBeNull();
    const opened = await daybook('restore', '--day', day);
    expect(opened).toMatchObject({ code: 0, stdout: expect.stringMatching(/an empty day was opened/) });
    expect((await run()).postgres).toMatchObject({ written: 2, duplicate: 1, expired: 0 });
  });

  test('while a reader blocks: the command says what it waits for, and continues once the reader has ended', async () => {
    await daybook('restore', '--day', day, '--undo');
    const environment = (await daybook('env')).stdout;
    const value = (name: string) => new RegExp(`${name}='(.*)'`).exec(environment)?.[1] ?? '';
    const [host, user, password, database] = [
      value('PGHOST'),
      value('PGUSER'),
      value('PGPASSWORD'),
      value('PGDATABASE'),
    ];
    const reader = new pg.Client({ host, user, password, database, port: Number(value('PGPORT')) });
    await reader.connect();
    await reader.query('begin');
    await reader.query('select count(*) from raw_events');
    const maintaining = daybook('partitions', 'maintain');
    await until('a step has failed by it', hasFailedStep, 40_000);
    // The command looks each second.
    await sleep(4_000);
    await reader.end();
    const { code, stdout, stderr } = await maintaining;
    expect(stdout).toContain(`days retired: ${day}\n`);
    expect(code).toBe(0);
    // On a busy machine a heartbeat may be late as well.
    expect(stderr.replace('tried again: activity Heartbeat timeout\n', '')).toMatch(
      /^tried again: postgres: .* a transaction uses raw_events; \.\/daybook status shows it\n$/,
    );
  }, 120_000);
});
