import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connection, type Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createClient } from '../../src/temporal/client.ts';
import { CliSandbox, type RunningDaybook } from '../support/cli-sandbox.ts';
import { historyText } from '../support/history-text.ts';
import { freePort } from '../support/servers/free-port.ts';
import { json, startOrigin, type Origin } from '../support/servers/origin.ts';
import { createTenant, type Tenant } from '../support/servers/tenant.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const bytes = randomBytes(32);
const key = bytes.toString('base64');
const keys = { DAYBOOK_CODEC_KEYS: `2026:${key}` };
const folder = temporaryFolder();
const mark = 'binary/daybook-aes-256-gcm';
/** In the plan of the source, and so in its history. */
const path = 'a-path-in-the-plan';

let tenant: Tenant;
let origin: Origin;
let sandbox: CliSandbox;
let worker: RunningDaybook;
let http: string;

beforeAll(async () => {
  tenant = await createTenant();
  origin = await startOrigin(json([{ id: 1, at: '2026-11-01T00:00:00Z' }]));
  const schedule = 'schedule: { every: 1h }, allow_private: true';
  writeFileSync(
    join(folder, 'daybook.yaml'),
    `version: 1\nsources: [{ name: quakes, type: http_json, url: "${origin.url}/${path}", id: id, occurred_at: at, ${schedule} }]\n`,
  );
  http = `127.0.0.1:${await freePort()}`;
  sandbox = new CliSandbox(folder, { ...tenant.variables, ...keys, DAYBOOK_HTTP: http, LOG_LEVEL: 'debug' });
  await sandbox.run(['migrate']);
  worker = sandbox.start(['worker']);
  await worker.shows('Worker started');
});
afterAll(async () => {
  await worker?.stop();
  await origin?.close();
  await tenant?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Everything of the namespace's histories, as a client without a key sees it. */
async function histories(): Promise<string> {
  const texts: string[] = [];
  for await (const { workflowId, runId } of tenant.namespace.client.workflow.list()) {
    texts.push(await historyText(tenant.namespace.client.workflow.getHandle(workflowId, runId)));
  }
  return texts.join('\n');
}

async function withKey<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  try {
    const { name: namespace } = tenant.namespace;
    return await work(createClient(connection, { namespace, codecKeys: [{ id: '2026', bytes }] }));
  } finally {
    await connection.close();
  }
}

describe('with DAYBOOK_CODEC_KEYS', () => {
  test('commands work as before, and histories show nothing but ciphertext', async () => {
    const run = await sandbox.run(['run', 'quakes', '--json']);
    expect(run).toMatchObject({ code: 0 });
    expect(JSON.parse(run.stdout)).toMatchObject({ source: 'quakes', outcome: 'ok' });
    expect(await sandbox.run(['smoke'])).toMatchObject({ code: 0 });
    expect(await sandbox.run(['replay-csv', '--source', 'quakes'])).toMatchObject({ code: 0 });
    expect(await sandbox.run(['partitions', 'maintain'])).toMatchObject({ code: 0 });
    expect(await sandbox.run(['status'])).toMatchObject({ code: 0 });
    await until('a run is in the list', async () => (await histories()).includes('scrapeRun'));
    const text = await histories();
    expect(text).toContain(mark);
    expect(text).not.toContain(path);
    expect(text).not.toContain('watermark');
    expect(text).not.toContain('"source":');
    // An attempt on a worker without the key is not the last one.
    expect(text).not.toContain('PayloadUnreadable');
  });

  test('schedules stay readable, also where a worker has changed them', async () => {
    expect(await sandbox.run(['schedules', 'apply'])).toMatchObject({ code: 0 });
    expect(await sandbox.run(['pause', 'quakes', '--reason', 'maintenance', '--until', '2s'])).toMatchObject({
      code: 0,
    });
    const handle = tenant.namespace.client.schedule.getHandle('scrape-quakes');
    await until('the pause is over', async () => !(await handle.describe()).state.paused);
    const { memo, action } = await handle.describe();
    expect(memo).toMatchObject({ daybook: 'quakes' });
    expect(action).toMatchObject({ args: [{ source: 'quakes' }], memo: { daybook: 'quakes' } });
    const diff = await sandbox.run(['schedules', 'diff']);
    expect(diff).toMatchObject({ code: 0, stdout: expect.stringContaining('up to date') as string });
  });

  test('what the Temporal CLI sends without a key is understood', async () => {
    const handle = await tenant.namespace.client.workflow.start('scrapeRun', {
      workflowId: 'by-hand',
      taskQueue: 'daybook',
      args: [{ source: 'quakes' }],
    });
    const result = await withKey((client) => client.workflow.getHandle(handle.workflowId).result());
    expect(result).toMatchObject({ source: 'quakes' });
  });

  test('a command without the key names it', async () => {
    const { code, stderr } = await sandbox.run(['run', 'quakes'], { variables: { DAYBOOK_CODEC_KEYS: '' } });
    expect(code).toBe(1);
    expect(stderr).toContain('a payload is encrypted with the key "2026", which DAYBOOK_CODEC_KEYS does not have');
  });

  test('neither logs nor pages have the key', async () => {
    const pages = await Promise.all(
      ['', 'status.json', 'metrics', 'readyz'].map((page) => pageOf(`http://${http}/${page}`)),
    );
    const all = [worker.output, ...pages].join('\n');
    expect(worker.output).toContain('Worker started');
    for (const written of [key.slice(0, 20), bytes.toString('hex').slice(0, 20)]) expect(all).not.toContain(written);
  });

  test('codec-server shows the Web UI what is encrypted', async () => {
    const port = await freePort();
    const ui = 'https://ui.example.com';
    const server = sandbox.start(['codec-server', '--listen', String(port), '--origin', `${ui}/namespaces`]);
    await server.shows(`codec-server: http://127.0.0.1:${port} decrypts for ${ui}, until Ctrl-C`);
    const [started] =
      (await tenant.namespace.client.workflow.getHandle('by-hand').fetchHistory()).events?.slice(-1) ?? [];
    const { metadata, data } = started?.workflowExecutionCompletedEventAttributes?.result?.payloads?.[0] ?? {};
    const base64 = (part: Uint8Array | null | undefined) => Buffer.from(part ?? []).toString('base64');
    const fields = Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, base64(value)]));
    const response = await fetch(`http://127.0.0.1:${port}/decode`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ payloads: [{ metadata: fields, data: base64(data) }] }),
    });
    const { payloads } = (await response.json()) as { payloads: { data: string }[] };
    expect(Buffer.from(payloads[0]?.data ?? '', 'base64').toString()).toContain('"source":"quakes"');
    expect(await server.stop()).toBe(0);
    expect(server.output).not.toContain(key);
  });

  test.each([
    ['a key', { DAYBOOK_CODEC_KEYS: '' }, [], 'codec-server: DAYBOOK_CODEC_KEYS is not set'],
    ['the address of the Web UI', {}, [], 'codec-server: missing the address of the Web UI'],
    ['an address that is one', {}, ['--origin', 'cloud.temporal.io'], '--origin: found "cloud.temporal.io"'],
    ['a port', {}, ['--origin', 'https://ui.test', '--listen', 'here'], '--listen: found "here", expected host:port'],
  ])('codec-server is refused without %s', async (_, variables, options, message) => {
    const { code, stderr } = await sandbox.run(['codec-server', ...options], { variables });
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  test('a worker without the key leaves the workflow open, says which key it misses, and one with it continues', async () => {
    await worker.stop();
    const id = await withKey(async (client) => {
      const options = { workflowId: 'lost-key', taskQueue: 'daybook', args: [{ source: 'quakes' }] };
      return (await client.workflow.start('scrapeRun', options)).workflowId;
    });
    const keyless = new CliSandbox(folder, { ...tenant.variables, DAYBOOK_HTTP: 'off' }).start(['worker']);
    await keyless.shows('is encrypted with the key \\"2026\\"');
    await keyless.stop();
    worker = sandbox.start(['worker']);
    expect(await withKey((client) => client.workflow.getHandle(id).result())).toMatchObject({ source: 'quakes' });
  });

  test('workers and commands whose keys follow "none" read what is encrypted, and encrypt nothing', async () => {
    await worker.stop();
    const variables = { ...tenant.variables, DAYBOOK_HTTP: 'off', DAYBOOK_CODEC_KEYS: `none,2026:${key}` };
    const reading = new CliSandbox(folder, variables);
    worker = reading.start(['worker']);
    await worker.shows('Worker started');
    const { workflowId } = await withKey(async (client) => {
      const options = { workflowId: 'encrypted-input', taskQueue: 'daybook', args: [{ source: 'quakes' }] };
      return client.workflow.start('scrapeRun', options);
    });
    const { client } = tenant.namespace;
    expect(await client.workflow.getHandle(workflowId).result()).toMatchObject({ source: 'quakes' });
    const run = await reading.run(['run', 'quakes', '--json']);
    expect(run).toMatchObject({ code: 0 });
    const own = client.workflow.getHandle((JSON.parse(run.stdout) as { workflowId: string }).workflowId);
    expect(await historyText(own)).not.toContain(mark);
  });
});

async function pageOf(url: string): Promise<string> {
  return (await fetch(url)).text();
}
