import { execSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { settleAlerts } from '../../src/store/alerts/alerts.ts';
import { writeDeadLetters } from '../../src/store/dead-letters/dead-letters.ts';
import { createDirectoryStore } from '../../src/store/blobs/directory-store.ts';
import { LastRuns } from '../../src/store/run/last-runs.ts';
import { writeReceipt } from '../../src/store/run/receipts.ts';
import { launcher, CliSandbox } from '../support/cli-sandbox.ts';
import { freePort } from '../support/servers/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startWebhook } from '../support/servers/webhook.ts';
import { aFailedReceipt, aReceipt } from '../unit/domain/a-receipt.ts';

let folder: string;
let sandbox: CliSandbox;

beforeAll(() => {
  folder = temporaryFolder();
  sandbox = new CliSandbox(folder);
  writeFileSync(
    join(folder, 'daybook.yaml'),
    'version: 1\nsources: [{ name: lines, type: file, path: lines.ndjson, id: id, occurred_at: at }]\n',
  );
  writeFileSync(join(folder, 'lines.ndjson'), '{"id":1,"at":"2026-11-01T00:00:00Z"}\n{"id":2,"at":"never"}\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return name;
};

describe('check', () => {
  test('prints OK', async () => {
    const { code, stdout } = await sandbox.run(['check']);
    expect(stdout).toBe('daybook.yaml: 1 source, 0 with a schedule: OK\n');
    expect(code).toBe(0);
  });

  test.each([
    ['broken YAML', 'version: 1\nsources: [', /broken\.yaml:2:\d+: not valid YAML/],
    [
      'an unknown key',
      'version: 1\nsources: [{ name: a, type: file, path: x, id: i, occured_at: t }]',
      /unknown key "occured_at", did you mean "occurred_at"\?/,
    ],
    [
      'a wrong type',
      'version: 1\nsources: [{ name: a, type: file, path: 5, id: i, occurred_at: t }]',
      /sources\[0\]\.path: found 5, expected path: /,
    ],
    [
      'two sources of one name',
      'version: 1\nsources: [{ name: a, type: file, path: x, id: i, occurred_at: t }, { name: a, type: file, path: y, id: i, occurred_at: t }]',
      /sources\[1\]\.name: found "a", which is also the name of sources\[0\]/,
    ],
    [
      'a name that is a path',
      'version: 1\nsources: [{ name: ../x, type: file, path: x, id: i, occurred_at: t }]',
      /sources\[0\]\.name: found "\.\.\/x"/,
    ],
    [
      'a variable that is not set',
      'version: 1\nsources: [{ name: a, type: file, path: "${env:NOT_SET}", id: i, occurred_at: t }]',
      /environment variable NOT_SET is not set/,
    ],
  ])('exits with 2 for %s, one line a problem', async (_, yaml, message) => {
    const { code, stdout, stderr } = await sandbox.run(['check', '--config', write('broken.yaml', yaml)]);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
  });

  test('warns of a path that is arithmetic, and of no name with a hyphen', async () => {
    const source = (name: string, id: string) =>
      `{ name: ${name}, type: http_json, url: 'https://api.test/x', id: ${id}, occurred_at: data.created-at }`;
    const yaml = `version: 1\nsources: [${source('fine', 'order-id')}, ${source('odd', "'order - id'")}]`;
    const config = write('broken.yaml', yaml);
    const { code, stdout, stderr } = await sandbox.run(['check', '--config', config]);
    expect(stdout).toBe('broken.yaml: 2 sources, 0 with a schedule: usable, 1 warning\n');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^broken\.yaml: odd: warning arithmetic_path: id "order - id" is arithmetic.*\n$/);
    const json = await sandbox.run(['check', '--json', '--config', config]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: true,
      warnings: [{ source: 'odd', code: 'arithmetic_path', count: 1 }],
    });
  });

  test('prints problems as JSON', async () => {
    const { code, stdout } = await sandbox.run([
      'check',
      '--json',
      '--config',
      write('broken.yaml', 'version: 2\nsources: []'),
    ]);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, problems: [{ line: 1, path: ['version'] }, { line: 2 }] });
  });
});

describe('commands without a server', () => {
  test('preview shows what would be stored and what not, and writes nothing', async () => {
    const { code, stdout } = await sandbox.run(['preview', 'lines', '--json']);
    expect(code).toBe(0);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    ).toMatchObject([
      { verdict: 'stored', source_id: '1', occurred_at: '2026-11-01T00:00:00.000000Z' },
      { verdict: 'rejected', reason: 'invalid_time' },
    ]);
    expect(sandbox.files()).toEqual(['broken.yaml', 'daybook.yaml', 'lines.ndjson']);
  });

  test('output of a module is not part of the JSON', async () => {
    write('chatty.mjs', `export default async function* () { console.log('hello'); yield { records: [{ id: 1 }] }; }`);
    const source =
      '{ name: chatty, type: module, module: chatty.mjs, id: id, occurred_at: { on_missing: fetched_at } }';
    const config = write('chatty.yaml', `version: 1\nsources: [${source}]`);
    const { code, stdout, stderr } = await sandbox.run(['preview', 'chatty', '--json', '--config', config], {
      apart: true,
    });
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { verdict: 'stored', source_id: '1' }]);
    expect(stderr).toContain('hello');
  });

  test('state and dead-letters work on nothing', async () => {
    expect((await sandbox.run(['state', 'show', 'lines'])).code).toBe(0);
    expect(await sandbox.run(['dead-letters', 'list', '--json'])).toMatchObject({ code: 0, stdout: '' });
  });

  test('runs and alerts work on nothing, and alerts close and test say what is missing', async () => {
    expect(await sandbox.run(['runs', 'lines'])).toMatchObject({ code: 0, stdout: '', stderr: 'no runs of lines\n' });
    expect(await sandbox.run(['alerts', 'list', '--json'])).toMatchObject({ code: 0, stdout: '' });
    for (const [args, stderr] of [
      [['runs', 'linse'], 'did you mean "lines"?'],
      [['alerts', 'close', 'run_failed', 'lines'], 'run_failed of lines is not open; no alert is'],
      [['alerts', 'close', 'failed', 'lines'], 'found "failed", expected the name of an alert: run_failed,'],
      [['alerts', 'test'], 'DAYBOOK_ALERT_WEBHOOK is not set'],
    ] as const) {
      expect(await sandbox.run(args)).toMatchObject({ code: 2, stderr: expect.stringContaining(stderr) as string });
    }
  });

  test('runs lists receipts, the newest first, and alerts what the webhook was sent', async () => {
    const store = createDirectoryStore(join(folder, 'data'));
    const at = (time: string) => ({ startedAt: `2026-11-0${time}:00.000Z`, finishedAt: `2026-11-0${time}:02.500Z` });
    const first = aReceipt({ source: 'lines', runId: 'r1', ...at('1T09:00'), fetched: 2, accepted: 2 });
    const failed = {
      ...aFailedReceipt({
        type: 'SourceRefused',
        message: 'it answered 403',
      }),
      source: 'lines',
      runId: 'r2',
      ...at('2T09:00'),
    };
    const last = aReceipt({ source: 'lines', runId: 'r3', ...at('2T10:00') });
    for (const receipt of [last, first, failed]) await writeReceipt(store, receipt);
    const runs = (...args: string[]) => sandbox.run(['runs', 'lines', ...args]);
    const ids = ({ stdout }: { stdout: string }) => [...stdout.matchAll(/"runId":"(r\d)"/g)].map(([, id]) => id);
    expect(ids(await runs('--json'))).toEqual(['r3', 'r2', 'r1']);
    expect(JSON.parse((await runs('--json', '--failed')).stdout)).toEqual(failed);
    expect(ids(await runs('--json', '--day', '2026-11-02', '--limit', '1'))).toEqual(['r3']);
    expect((await runs()).stdout.split('\n').slice(2, 4)).toEqual([
      '2026-11-02T10:00:02.500Z  ok       3s    fetched 0, new 0, csv 0',
      '2026-11-02T09:00:02.500Z  failed   3s    SourceRefused: it answered 403',
    ]);
    const minute = (of: number) => at(`2T10:0${of}`);
    const unchanged = { source: 'lines', outcome: 'unchanged' as const, fetched: 2, unchanged: 2 };
    const lastRuns = new LastRuns({ store, worker: 'w', isConfigured: () => true, onError: () => undefined });
    for (const of of [1, 2, 3]) {
      lastRuns.note({ receipt: aReceipt({ ...unchanged, runId: `u${of}`, ...minute(of) }), state: null });
    }
    await lastRuns.close();
    expect((await runs('--limit', '2')).stdout.split('\n').slice(2, 4)).toEqual([
      '2026-11-02T10:03:02.500Z  unchanged  3s    fetched 2, new 0, unchanged 2, csv 0, 3 polls since 2026-11-02T10:01:02.500Z',
      '2026-11-02T10:00:02.500Z  ok         3s    fetched 0, new 0, csv 0',
    ]);
    const [newest = ''] = (await runs('--json', '--day', '2026-11-02')).stdout.split('\n');
    expect(JSON.parse(newest)).toMatchObject({ runId: 'u3', unchangedPolls: 3, unchangedSince: minute(1).finishedAt });
    expect(ids(await runs('--json', '--day', '2026-11-01'))).toEqual(['r1']);
    expect(JSON.parse((await runs('--json', '--failed')).stdout)).toEqual(failed);
    await settleAlerts(store, 'lines', [{ name: 'run_failed', message: 'it answered 403' }], new Date(0));
    const alert = { name: 'run_failed', source: 'lines', state: 'open', since: new Date(0).toISOString() };
    expect(JSON.parse((await sandbox.run(['alerts', 'list', '--json'])).stdout)).toEqual({
      ...alert,
      message: 'it answered 403',
    });
    const webhook = await startWebhook();
    const variables = { DAYBOOK_ALERT_WEBHOOK: webhook.url };
    const closing = await sandbox.run(['alerts', 'close', 'run_failed', 'lines'], { variables });
    expect(closing).toMatchObject({ code: 0, stdout: expect.stringMatching(/^closed run_failed of lines/) as string });
    const tested = await sandbox.run(['alerts', 'test'], { variables });
    await webhook.close();
    expect(tested).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^ok: .* answered 200 in \d+ ms\n$/) as string,
    });
    expect(webhook.posted).toMatchObject([
      { ...alert, state: 'resolved' },
      { name: 'test', source: 'daybook' },
    ]);
    expect((await sandbox.run(['alerts', 'list'])).stderr).toBe('no open alerts\n');
    const refused = await sandbox.run(['alerts', 'test'], { variables });
    expect(refused).toMatchObject({ code: 1, stdout: expect.stringMatching(/^failed: .*could not be reached/) });
    rmSync(join(folder, 'data'), { recursive: true });
  });

  test('status, sql and run of an unknown source exit with 2 and one line', async () => {
    for (const args of [
      ['status'],
      ['sql', 'select 1'],
      ['run', 'linse'],
      ['run'],
      ['bogus'],
      ['backfill', 'lines'],
      ['pause', 'lines'],
      ['dead-letters', 'discard'],
      ['dead-letters', 'discard', 'abcdef12'],
      ['dead-letters', 'discard', 'abc'],
      ['state', 'rewind', 'lines'],
      ['state', 'rewind', 'lines', '--to', '2099-01-01'],
    ]) {
      const { code, stdout, stderr } = await sandbox.run(args);
      expect(stdout, `${args[0]}`).toBe('');
      expect(code, `${args[0]}`).toBe(2);
      expect(stderr.trim().split('\n')).toHaveLength(1);
    }
  });

  test('output to a slow pipe is complete', async () => {
    const letter = {
      reason: 'missing_id',
      message: 'no value at id',
      page: 1,
      at: '2026-11-01T00:00:00.000Z',
    } as const;
    const letters = Array.from({ length: 2_000 }, (_, index) => ({ ...letter, index, recordText: `{"n":${index}}` }));
    const run = { source: 'lines', workflowId: 'w', firstRunId: 'run' };
    await writeDeadLetters(createDirectoryStore(join(folder, 'data')), run, 0, '', letters);
    const shell = `"${process.execPath}" "${launcher}" dead-letters list --json | (sleep 1; wc -l)`;
    expect(Number(execSync(shell, { cwd: folder, encoding: 'utf8' }))).toBe(2_000);
    rmSync(join(folder, 'data', 'dead-letters'), { recursive: true });
  });

  test('every command has help with an example', async () => {
    for (const args of [
      ['up'],
      ['run'],
      ['preview'],
      ['status'],
      ['state', 'rewind'],
      ['partitions', 'ensure'],
      ['dead-letters', 'list'],
      ['dead-letters', 'discard'],
      ['dead-letters', 'replay'],
      ['pause'],
      ['resume'],
      ['backfill'],
      ['schedules', 'diff'],
      ['schedules', 'apply'],
      ['partitions', 'maintain'],
      ['init'],
      ['doctor'],
    ]) {
      const { code, stdout } = await sandbox.run([...args, '--help']);
      expect(code, args.join(' ')).toBe(0);
      expect(stdout).toContain('Example:\n  ./daybook');
    }
  });
});

describe('servers that cannot be used', () => {
  test('a closed port, a wrong password and a missing database end `up` before anything runs', async () => {
    const { host, port, user, password } = inject('postgres');
    const good = { PG_HOST: host, PG_PORT: String(port), PG_USER: user, PG_PASSWORD: password, PG_DB: 'postgres' };
    const closed = String(await freePort());
    for (const [variables, message] of [
      [{ ...good, PG_PORT: closed }, 'ECONNREFUSED'],
      [{ ...good, PG_PASSWORD: 'wrong-password' }, '28P01'],
      [{ ...good, PG_DB: 'no_such_database' }, '3D000'],
    ] as const) {
      const { code, stderr } = await sandbox.refused(['up'], variables);
      expect(stderr.includes(message)).toBe(true);
      expect(code).toBe(1);
      expect(stderr).not.toContain('wrong-password');
      expect(stderr).not.toContain('starting');
    }
  });

  test('a worker does not start with an invalid configuration, and says what is wrong with it', async () => {
    const config = write('not-good.yaml', 'version: 1\nsources: [{ name: one }]\n');
    const { host, port, user, password } = inject('postgres');
    const { code, stdout, stderr } = await sandbox.refused(['worker', '--config', config], {
      PG_HOST: host,
      PG_PORT: String(port),
      PG_USER: user,
      PG_PASSWORD: password,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
    });
    expect(stdout).toBe('');
    expect(code).toBe(2);
    expect(stderr).toMatch(/not-good\.yaml:2:\d+: sources\[0\]\.type: found no type/);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  test('a Temporal server without a worker fails a run after 15 s', async () => {
    const { host, port, user, password } = inject('postgres');
    const startedAt = Date.now();
    const { code, stderr } = await sandbox.run(['run', 'lines'], {
      variables: {
        PG_HOST: host,
        PG_PORT: String(port),
        PG_USER: user,
        PG_PASSWORD: password,
        TEMPORAL_ADDRESS: inject('temporalAddress'),
        TEMPORAL_NAMESPACE: 'default',
      },
    });
    expect(stderr.includes('no worker has polled')).toBe(true);
    expect(code).toBe(1);
    expect(Date.now() - startedAt).toBeLessThan(25_000);
  });

  test('without Go, a network or a server, `up` says what it looked for', async () => {
    const { host, port, user, password } = inject('postgres');
    const { code, stderr } = await sandbox.refused(['up'], {
      PG_HOST: host,
      PG_PORT: String(port),
      PG_USER: user,
      PG_PASSWORD: password,
      PATH: '/nowhere',
      XDG_CACHE_HOME: join(folder, 'cache'),
      HTTPS_PROXY: 'http://127.0.0.1:1',
      https_proxy: 'http://127.0.0.1:1',
    });
    expect(code).toBe(1);
    expect(stderr).toContain('go is not installed');
    expect(stderr).toContain('set TEMPORAL_ADDRESS');
  });
});
