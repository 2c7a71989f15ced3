import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Instance } from '../../src/domain/instance.ts';
import { createS3Store, type S3Store } from '../../src/store/s3/s3-store.ts';
import { CliSandbox, type CommandResult, type RunningDaybook } from '../support/cli-sandbox.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { TestWorker } from '../support/test-worker.ts';
import { server, settingOf } from './s3-setting.ts';

const folder = `config/${randomUUID()}`;
const url = `s3://${server?.bucket}/${folder}/daybook.yaml`;
const source = (name: string, more: string) => `  - { name: ${name}, id: id, occurred_at: at, ${more} }\n`;
const yaml = `version: 1
sources:
${source('lines', 'type: file, path: data/*.ndjson, schema: schemas/line.json')}${source('made', 'type: module, module: modules/made.ts')}`;

let objects: S3Store;
let testWorker: TestWorker;
/** Nothing but the environment. */
let empty: string;
let sandbox: CliSandbox;
let running: RunningDaybook | null = null;

beforeAll(async () => {
  if (server === null) return;
  const setting = settingOf(server);
  objects = createS3Store({ ...setting, prefix: `${folder}/` });
  // For its database and its namespace: its own worker does not run.
  testWorker = await TestWorker.prepareApart(
    'version: 1\nsources: [{ name: x, type: rss, url: "https://a.test" }]',
    new Instance().taskQueue,
    setting,
  );
  empty = temporaryFolder();
  sandbox = new CliSandbox(empty, { ...testWorker.commandVariables(), DAYBOOK_CONFIG: url });
  await objects.put('daybook.yaml', yaml);
  await objects.put('schemas/line.json', '{"type":"object","required":["id"]}');
  await objects.put(
    'modules/made.ts',
    `import { ids } from './lib/ids';
export default async function* () { yield { records: ids.map((id) => ({ id, at: '2026-11-01T00:00:00Z' })) }; }`,
  );
  await objects.put('modules/lib/ids.ts', 'export const ids: string[] = ["m1", "m2"];');
  await objects.put('data/a.ndjson', '{"id":"a","at":"2026-11-01T00:00:00Z"}\n');
});
afterEach(async () => running?.killAll());
afterAll(async () => {
  if (server === null) return;
  await testWorker.close();
  rmSync(empty, { recursive: true });
});

async function daybook(...args: string[]): Promise<CommandResult> {
  return sandbox.run(args);
}

describe.skipIf(server === null)('a configuration in a bucket', () => {
  test('is checked, with the schemas and modules beside it, and files relative to it', async () => {
    const { code, stdout, stderr } = await daybook('check');
    expect(stderr).toBe('');
    expect(stdout).toBe(`${url}: 2 sources, 0 with a schedule: OK\n`);
    expect(code).toBe(0);
    const lines = await daybook('preview', 'lines', '--json');
    expect(JSON.parse(lines.stdout)).toMatchObject({ source_id: 'a' });
    const made = await daybook('preview', 'made', '--json');
    expect(
      made.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    ).toMatchObject([{ source_id: 'm1' }, { source_id: 'm2' }]);
    expect((await daybook('preview', 'lines', '--config', url)).code).toBe(0);
  });

  test('is read again by a worker once it has changed, and is kept as the last good one', async () => {
    running = sandbox.start(['worker']);
    await running.shows('Worker started');
    expect((await daybook('run', 'lines', 'made')).code).toBe(0);
    await objects.put('data/b.ndjson', '{"id":"b","at":"2026-11-01T00:00:00Z"}\n');
    await objects.put('daybook.yaml', yaml + source('more', 'type: file, path: data/b.ndjson'));
    await running.shows('Configuration read again');
    expect((await daybook('run', 'more')).code).toBe(0);
    expect(await testWorker.database.count('select count(*) from raw_events')).toBe(4);
    // Nothing that lasts is in the folder.
    expect(readdirSync(empty).filter((name) => name.endsWith('.yaml') || name === 'data')).toEqual([]);
    await objects.put('daybook.yaml', 'version: 1\nsources: oops\n');
    const broken = await daybook('check');
    expect(broken.stderr).toContain(`${url}:2:10: sources: `);
    expect(broken.code).toBe(2);
    await running.killAll();
    running = sandbox.start(['worker']);
    await running.shows('Using the last good configuration');
    await running.shows('Worker started');
    await objects.put('daybook.yaml', yaml);
    await running.shows('Configuration file is valid again');
  }, 120_000);

  test('and what is missing is named', async () => {
    const absent = url.replace('daybook.yaml', 'absent.yaml');
    const { code, stderr } = await daybook('check', '--config', absent);
    expect(stderr).toContain(
      `${absent}: cannot be read (${absent} does not exist); name a configuration with --config`,
    );
    expect(code).toBe(2);
    await objects.delete('schemas/line.json');
    await objects.delete('modules/made.ts');
    const without = await daybook('check');
    expect(without.stderr).toMatch(
      /schemas\/line\.json: cannot be read \(ENOENT: .*'s3:\/\/[^']+\/schemas\/line\.json'\)/,
    );
    expect(without.stderr).toContain(
      'the file modules/made.ts does not exist; the path is relative to the configuration',
    );
    const wrong = await daybook('check', '--config', 's3://bucket-only');
    expect(wrong.stderr).toContain('--config: found "s3://bucket-only", expected e.g. s3://bucket/path/daybook.yaml');
    expect(wrong.code).toBe(2);
  });

  test('a bucket that cannot be asked ends a command, unless the environment names the instance', async () => {
    const away = { AWS_SECRET_ACCESS_KEY: 'wrong-secret-wrong' };
    const { code, stderr } = await sandbox.run(['status'], { variables: away });
    expect(stderr).toMatch(
      /^daybook: config: could not read s3:.*daybook\.yaml: .*with DAYBOOK_INSTANCE a worker starts/,
    );
    expect(stderr).not.toContain('wrong-secret');
    expect(code).toBe(1);
    const named = await sandbox.run(['check'], { variables: { ...away, DAYBOOK_INSTANCE: 'daybook' } });
    expect(named.stderr).toContain('could not read');
    expect(named.code).toBe(2);
  });
});
