import { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Progress } from '../../../src/workflows/messages.ts';
import { historyText } from '../../support/history-text.ts';
import { ExportApi } from '../../support/servers/export-api.ts';
import { TestWorker } from '../../support/test-worker.ts';
import { until } from '../../support/until.ts';

let api: ExportApi;
let testWorker: TestWorker;

const record = (id: string, at = '2026-11-10T00:00:00Z') => ({ id, at });

const yaml = (url: string) => `version: 1
defaults:
  type: http_json
  id: id
  occurred_at: at
  allow_private: true
  retry: { max_attempts: 3, initial_interval: 10ms }
  headers: { Authorization: "Bearer \${env:TOKEN}" }
  export:
    submit: { url: "${url}/exports", body: { kind: orders }, job: id }
    status: { url: "${url}/exports/\${job}", done_when: "status == 'done'", failed_when: "status == 'failed'", every: 1s }
    download: { url: "\${status:result.urls}" }
    cancel: { url: "${url}/exports/\${job}" }
    idempotency_header: Idempotency-Key
sources:
  - { name: plain }
  - name: since
    incremental: { cursor: at, initial_value: 2026-11-01T00:00:00Z }
    export: { submit: { body: { kind: orders, from: "\${since:yyyy-MM-dd}", to: "\${until:yyyy-MM-dd}" } } }
  - { name: hurry, export: { status: { timeout: 2s } } }
`;

beforeAll(async () => {
  api = await ExportApi.start();
  testWorker = await TestWorker.create(yaml(api.api.url), { TOKEN: 'canary-secret-1' });
});
afterAll(async () => {
  await testWorker?.close();
  await api?.close();
});

const stored = (source: string) =>
  testWorker.database.count('select count(*) from raw_events where source = $1', [source]);

describe('a source with an export', () => {
  test('submits a job, waits for it, and reads all of its documents; its workflow knows no address', async () => {
    api.begin({ documents: () => [[record('a1'), record('a2')], [record('b1')], []] });
    const handle = await testWorker.start({ source: 'plain' });
    const seen = await until('it waits', async () => {
      const { waits } = await handle.query<Progress>('progress');
      return waits?.on === 'export job job-1' ? waits : null;
    });
    expect(seen.until).toMatch(/^2/);
    expect(await handle.result()).toMatchObject({ outcome: 'ok', fetched: 3, accepted: 3, pages: 3 });
    const [job] = api.jobs;
    expect(job).toMatchObject({ body: { kind: 'orders' }, looks: 2, downloads: 3, cancelled: false });
    expect(job?.headers).toMatchObject({ authorization: 'Bearer canary-secret-1' });
    const { firstExecutionRunId } = handle;
    expect(job?.headers['idempotency-key']).toBe(firstExecutionRunId);
    expect(api.fileHeaders.every(({ authorization }) => authorization === undefined)).toBe(true);
    const history = await historyText(handle);
    expect(history).toContain('job-1');
    for (const secret of ['canary-secret-1', api.files.url, ...api.tokens]) expect(history).not.toContain(secret);
    const metadata = JSON.stringify(await handle.query('__temporal_workflow_metadata'));
    for (const token of api.tokens) expect(metadata).not.toContain(token);
    // Addresses are not kept longer than they are needed.
    const left = testWorker.files('data', 'export-jobs');
    expect(left.filter((path) => path.endsWith('documents.json'))).toEqual([]);
  });

  test('asks for records since the last one, and a window for its own', async () => {
    api.begin({ documents: () => [[record('s1', '2026-11-05T10:00:00Z')]] });
    await testWorker.run('since');
    expect(api.jobs[0]?.body).toEqual({ kind: 'orders', from: '2026-11-01' });
    await testWorker.run('since');
    expect(api.jobs[1]?.body).toEqual({ kind: 'orders', from: '2026-11-05' });
    const window = { from: '2026-10-01T00:00:00Z', to: '2026-10-02T00:00:00Z' };
    const handle = await testWorker.start({ source: 'since', window });
    await handle.result();
    expect(api.jobs[2]?.body).toEqual({ kind: 'orders', from: '2026-10-01', to: '2026-10-02' });
  });

  test('fails with the reason of its job, without addresses', async () => {
    api.begin({ failure: () => 'no rows at https://files.test/x?token=abc for canary-secret-1' });
    const { type, message } = await testWorker.runToFailure('plain');
    expect(type).toBe('ExportFailed');
    expect(message).toBe('export: plain: job job-1 failed: no rows at [address] for [redacted]');
    expect(api.jobs[0]?.cancelled).toBe(false);
  });

  test('gives up a job that takes too long, and cancels it', async () => {
    api.begin({ isDone: () => false });
    const { type, message } = await testWorker.runToFailure('hurry');
    expect(type).toBe('ExportTimeout');
    expect(message).toContain('job job-1 was not done within 2s');
    expect(api.jobs).toMatchObject([{ cancelled: true }]);
  });

  test('cancels its job where the run is cancelled', async () => {
    api.begin({ isDone: () => false });
    const handle = await testWorker.start({ source: 'plain' });
    await until('it has asked', () => (api.jobs[0]?.looks ?? 0) > 0);
    await handle.cancel();
    const error: unknown = await handle.result().catch((reason: unknown) => reason);
    expect(error instanceof WorkflowFailedError && error.cause).toBeInstanceOf(CancelledFailure);
    expect(api.jobs).toMatchObject([{ cancelled: true, downloads: 0 }]);
  });

  test('does not ask while it is paused', async () => {
    api.begin({ isDone: ({ looks }) => looks > 1, documents: () => [[record('p1')]] });
    const handle = await testWorker.start({ source: 'plain' });
    await until('it has asked', () => (api.jobs[0]?.looks ?? 0) > 0);
    await handle.signal('pause', { reason: 'maintenance' });
    await until('it is paused', async () => (await handle.query<Progress>('progress')).phase === 'paused');
    expect(api.jobs[0]?.looks).toBe(1);
    await handle.signal('resume');
    expect(await handle.result()).toMatchObject({ outcome: 'ok', fetched: 1 });
  });

  test('asks once more for the address of a document that has expired', async () => {
    let gone = '';
    api.begin({
      documents: () => [[record('x1')], [record('x2')]],
      // The address of the second document is refused once.
      isExpired: (token) => token === api.tokens[1] && (gone ||= token) === token,
    });
    expect(await testWorker.run('plain')).toMatchObject({ outcome: 'ok', fetched: 2 });
    expect(api.jobs).toMatchObject([{ looks: 3, downloads: 2 }]);
    api.begin({ documents: () => [[record('x3')]], isExpired: () => true });
    const { type, message } = await testWorker.runToFailure('plain');
    expect(type).toBe('SourceRefused');
    expect(message).toContain('document 1 of its export');
    for (const token of api.tokens) expect(message).not.toContain(token);
    expect(api.jobs[0]?.looks).toBe(3);
  });

  test('is empty where its job has no documents', async () => {
    api.begin({ documents: () => [] });
    expect(await testWorker.run('plain')).toMatchObject({ outcome: 'empty', fetched: 0, pages: 0 });
  });

  test('sends nothing twice where its worker stops while it waits', async () => {
    const before = await stored('plain');
    api.begin({ isDone: ({ looks }) => looks > 2, documents: () => [[record('w1')]] });
    const handle = await testWorker.start({ source: 'plain' });
    await until('it has asked', () => (api.jobs[0]?.looks ?? 0) > 0);
    await testWorker.stopWorker();
    await testWorker.startWorker();
    expect(await handle.result()).toMatchObject({ outcome: 'ok', accepted: 1 });
    expect(api.jobs).toHaveLength(1);
    expect(await stored('plain')).toBe(before + 1);
  });
});
