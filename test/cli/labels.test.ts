import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CliSandbox } from '../support/cli-sandbox.ts';
import { TestWorker } from '../support/test-worker.ts';

const yaml = `version: 1
sources:
  - { name: lines, type: file, path: lines.ndjson, id: id, occurred_at: at, runs_on: office }
  - { name: mount, type: file, path: lines.ndjson, id: id, occurred_at: at }
`;
const missing =
  'no worker has the label "office", so 1 source (lines) cannot be fetched; start a worker with DAYBOOK_LABELS=office, or change runs_on';
let testWorker: TestWorker;
let sandbox: CliSandbox;

beforeAll(async () => {
  testWorker = await TestWorker.createForCommands(yaml);
  writeFileSync(testWorker.path('lines.ndjson'), '{"id":1,"at":"2026-11-01T00:00:00Z"}\n');
  sandbox = new CliSandbox(testWorker.folder, testWorker.commandVariables());
});
afterAll(() => testWorker?.close());

interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
}

async function findings(variables: Record<string, string> = {}): Promise<Finding[]> {
  const { stdout } = await sandbox.run(['doctor', '--json'], { variables });
  return (JSON.parse(stdout) as Finding[]).filter(({ what }) => /^label|^files/.test(what));
}

describe('a label that no worker has', () => {
  test('check warns', async () => {
    const { code, stderr } = await sandbox.run(['check']);
    expect(stderr).toBe(`daybook.yaml: lines: warning no_worker: ${missing}\n`);
    expect(code).toBe(0);
  });

  test('doctor fails', async () => {
    expect(await findings()).toEqual([
      { what: 'label office', ok: false, found: missing },
      { what: 'files', ok: true, found: 'where their workers look for them' },
    ]);
  });

  test('run refuses to wait for one', async () => {
    const { code, stderr } = await sandbox.run(['run', 'lines']);
    expect(stderr).toContain(`run: ${missing}`);
    expect(code).toBe(1);
  });

  test('run refuses to start a worker without it', async () => {
    const { code, stderr } = await new CliSandbox(testWorker.folder, {}).refused(['run', 'lines']);
    expect(stderr).toContain('run: lines runs on "office", a label that this worker lacks; set DAYBOOK_LABELS=office');
    expect(code).toBe(2);
  });
});

describe('a label that a worker has', () => {
  beforeAll(async () => {
    await testWorker.stopWorker();
    testWorker.labels = ['office'];
    await testWorker.startWorker();
  });

  test('check, doctor and run are content', async () => {
    expect((await sandbox.run(['check'])).stdout).toBe('daybook.yaml: 2 sources, 0 with a schedule: OK\n');
    expect((await findings())[0]).toEqual({ what: 'label office', ok: true, found: '1 worker, for 1 source' });
    const { code, stdout } = await sandbox.run(['run', 'lines']);
    expect(stdout).toMatch(/ lines +ok +fetched 1 /);
    expect(code).toBe(0);
  });

  test('files of a source without a label are a hint where the store is in a bucket', async () => {
    const variables = {
      DAYBOOK_STORE: 's3://daybook/x',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9',
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
    };
    const found = (await findings(variables)).find(({ what }) => what === 'files');
    expect(found).toEqual({
      what: 'files',
      ok: true,
      found:
        'mount: the files of lines.ndjson are on one machine, but the store is in a bucket, so workers may be on others; set runs_on: LABEL, and DAYBOOK_LABELS=LABEL for the worker of that machine, or put them into a bucket (s3://…)',
    });
  });
});
