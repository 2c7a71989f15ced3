import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createObjectFiles } from '../../src/store/s3/object-files.ts';
import { createS3Store, type S3Store } from '../../src/store/s3/s3-store.ts';
import { CliSandbox } from '../support/cli-sandbox.ts';
import { TestWorker } from '../support/test-worker.ts';
import { server, settingOf } from './s3-setting.ts';

/** The store of these is a folder: only the sources are in a bucket. */
const folder = `files/${randomUUID()}`;
const bucket = `s3://${server?.bucket}/${folder}`;
const yaml = `version: 1
defaults: { id: id, occurred_at: at, retry: { max_attempts: 1 } }
sources:
  - { name: one, type: file, path: "${bucket}/one.csv" }
  - { name: days, type: file, path: "${bucket}/days/**/*.ndjson{,.gz}" }
  - { name: flat, type: file, path: "${bucket}/flat/*.ndjson" }
  - { name: absent, type: file, path: "${bucket}/absent.ndjson" }
  - { name: no-bucket, type: file, path: "s3://no-such-bucket-here/x.ndjson" }
`;
const row = (id: string) => `{"id":"${id}","at":"2026-11-01T00:00:00Z"}\n`;

let objects: S3Store;
let testWorker: TestWorker;
let sandbox: CliSandbox;

beforeAll(async () => {
  if (server === null) return;
  objects = createS3Store({ ...settingOf(server), prefix: `${folder}/` });
  testWorker = await TestWorker.createForCommands(yaml);
  const variables = {
    AWS_ENDPOINT_URL_S3: server.endpoint,
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
  };
  Object.assign(testWorker.variables, variables);
  sandbox = new CliSandbox(testWorker.folder, { ...testWorker.commandVariables(), ...variables });
});
afterAll(() => testWorker?.close());

async function ids(source: string): Promise<unknown[]> {
  const rows = await testWorker.database.rows(
    `select source_id from raw_events where source = '${source}' order by source_id`,
  );
  return rows.map(({ source_id: id }) => id);
}

describe.skipIf(server === null)('a file in a bucket', () => {
  test('is read, and read again only where its content is another', async () => {
    await objects.put('one.csv', 'id,at\n1,2026-11-01T00:00:00Z\n');
    expect(await testWorker.run('one')).toMatchObject({ outcome: 'ok', fetched: 1 });
    expect(await testWorker.run('one')).toMatchObject({ outcome: 'unchanged', fetched: 0 });
    // The same content once more: another time, the same ETag.
    await objects.put('one.csv', 'id,at\n1,2026-11-01T00:00:00Z\n');
    expect(await testWorker.run('one')).toMatchObject({ outcome: 'unchanged', fetched: 0 });
    // It has grown; its last row needs no newline, for an object is whole.
    await objects.put('one.csv', 'id,at\n1,2026-11-01T00:00:00Z\n2,2026-11-01T00:00:00Z');
    expect(await testWorker.run('one')).toMatchObject({ outcome: 'ok', fetched: 1 });
    // Another text of the same length.
    await objects.put('one.csv', 'id,at\n1,2026-11-01T00:00:00Z\n3,2026-11-01T00:00:00Z');
    expect(await testWorker.run('one')).toMatchObject({ outcome: 'ok', fetched: 2 });
    expect(await ids('one')).toEqual(['1', '2', '3']);
  });

  test('is found by a pattern, each in its own time', async () => {
    await objects.put('days/a.ndjson', row('a'));
    await objects.put('days/2026/b (1).ndjson', row('b'));
    await objects.put('days/2026/c.ndjson.gz', gzipSync(row('c')));
    await objects.put('days/2026/.hidden.ndjson', row('hidden'));
    await objects.put('days/d.txt', row('d'));
    await objects.put('days.ndjson', row('beside'));
    expect(await testWorker.run('days')).toMatchObject({ outcome: 'ok', fetched: 3 });
    expect(await testWorker.run('days')).toMatchObject({ outcome: 'unchanged', fetched: 0 });
    await objects.put('days/e.ndjson', row('e'));
    await objects.delete('days/a.ndjson');
    expect(await testWorker.run('days')).toMatchObject({ outcome: 'ok', fetched: 1 });
    expect(await ids('days')).toEqual(['a', 'b', 'c', 'e']);
  });

  test('is found by a pattern without folders: what is deeper is not listed', async () => {
    for (const name of ['flat/a', 'flat/b', 'flat/old/c', 'flat/old/deeper/d'])
      await objects.put(`${name}.ndjson`, row(name));
    expect(await testWorker.run('flat')).toMatchObject({ outcome: 'ok', fetched: 2 });
    const files = createObjectFiles(() => settingOf(server));
    const listed: string[] = [];
    for await (const { url } of files.list(`${bucket}/flat/`, false)) listed.push(url);
    expect(listed).toEqual([`${bucket}/flat/a.ndjson`, `${bucket}/flat/b.ndjson`]);
  });

  test('of 24 MB is streamed in batches', async () => {
    const count = 12_000;
    const text = Array.from(
      { length: count },
      (_, n) => `{"id":"n${n}","at":"2026-11-01T00:00:00Z","text":"${'x'.repeat(2_000)}"}\n`,
    ).join('');
    await objects.put('days/large.ndjson', text);
    expect(await testWorker.run('days')).toMatchObject({ outcome: 'ok', fetched: count });
  });

  test('that is not there is named, and so is what is missing', async () => {
    const absent = await testWorker.runToFailure('absent');
    expect(absent.type).toBe('SourceRefused');
    expect(absent.message).toContain(`file: absent: ${bucket}/absent.ndjson does not exist`);
    const other = await testWorker.runToFailure('no-bucket');
    expect(other.type).toBe('SourceRefused');
    expect(other.message).toMatch(
      /file: could not read s3:\/\/no-such-bucket-here\/x\.ndjson: NoSuchBucket.*create the bucket no-such-bucket-here, or correct the path/,
    );
  });

  test('check, preview and run of the command line read it', async () => {
    const check = await sandbox.run(['check']);
    expect(check.stderr).toContain(
      `absent: warning no_files: path "${bucket}/absent.ndjson" matches no file; no object of the bucket has such a key`,
    );
    expect(check.stderr).toContain('no-bucket: warning no_files: file: could not read');
    expect(check.stderr).not.toMatch(/: (?:one|days): warning/);
    const preview = await sandbox.run(['preview', 'one', '--json']);
    expect(preview.stdout.split('\n').map((line) => line && (JSON.parse(line) as object))).toMatchObject([
      { source_id: '1' },
      { source_id: '3' },
      '',
    ]);
    const { code } = await sandbox.run(['run', 'one']);
    expect(code).toBe(0);
  });

  test('wrong keys are named, and never shown', async () => {
    const { stderr, code } = await sandbox.run(['preview', 'one'], {
      variables: { AWS_SECRET_ACCESS_KEY: 'wrong-secret-wrong' },
    });
    expect(stderr).toMatch(/file: could not read s3:\/\/.*one\.csv: .*(?:403|SignatureDoesNotMatch)/);
    expect(stderr).not.toContain('wrong-secret');
    expect(code).toBe(1);
  });
});
