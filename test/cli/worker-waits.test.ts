import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/servers/database.ts';
import { CliSandbox, type RunningDaybook } from '../support/cli-sandbox.ts';
import { freePort } from '../support/servers/free-port.ts';
import { createNamespace, type TestNamespace } from '../support/servers/namespace.ts';
import { startTcpProxy, type TcpProxy } from '../support/servers/tcp-proxy.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

let folder: string;
let database: TestDatabase;
let namespace: TestNamespace;
let running: RunningDaybook;
let http: string;

beforeAll(async () => {
  folder = temporaryFolder();
  database = await createDatabase(inject('postgres'));
  namespace = await createNamespace(inject('temporalAddress'), `waits-${process.pid}`);
  writeFileSync(join(folder, 'in.ndjson'), '{"id":1,"at":"2026-11-01T00:00:00Z"}\n');
  writeFileSync(
    join(folder, 'daybook.yaml'),
    'version: 1\nsources: [{ name: lines, type: file, path: in.ndjson, id: id, occurred_at: at }]\n',
  );
});
afterEach(async () => running?.killAll());
afterAll(async () => {
  await namespace.close();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

async function place(temporalPort: number): Promise<CliSandbox> {
  const { host, port, database: name, user, password } = database.settings;
  http = `127.0.0.1:${await freePort()}`;
  return new CliSandbox(folder, {
    PG_HOST: host,
    PG_PORT: String(port),
    PG_DB: name,
    PG_USER: user,
    PG_PASSWORD: password,
    TEMPORAL_ADDRESS: `127.0.0.1:${temporalPort}`,
    TEMPORAL_NAMESPACE: namespace.name,
    DAYBOOK_HTTP: http,
    DAYBOOK_EMBEDDED: 'off',
  });
}

const ask = async (path: string) => {
  const response = await fetch(`http://${http}${path}`);
  return { status: response.status, text: await response.text() };
};
const waits = () => running.output.split('\n').filter((line) => line.includes('Worker waiting for Temporal'));

test('a worker waits without a server, says so, is alive and not ready, and ends at once with 0', async () => {
  const port = await freePort();
  running = (await place(port)).start(['worker']);
  await running.shows('Worker waiting for Temporal');
  expect(JSON.parse(waits()[0] ?? '')).toMatchObject({
    level: 'warn',
    source: 'daybook',
    error: expect.stringMatching(`127.0.0.1:${port} cannot be reached .*ECONNREFUSED`) as string,
  });
  expect((await ask('/healthz')).status).toBe(200);
  const ready = await ask('/readyz');
  expect(ready.status).toBe(503);
  expect(ready.text).toMatch(new RegExp(`127.0.0.1:${port} cannot be reached`));
  for (const page of ['/', '/metrics']) {
    const { status, text } = await ask(page);
    expect(status, page).toBe(503);
    expect(text, page).toContain('has not started yet');
  }
  // One line, not one for each attempt.
  expect(waits()).toHaveLength(1);
  const askedAt = Date.now();
  expect(await running.stop()).toBe(0);
  expect(Date.now() - askedAt).toBeLessThan(5_000);
});

/** A proxy without a server accepts connections, and drops them. */
test('a worker that waited polls once the server is available, and runs', async () => {
  const [host = '', port] = inject('temporalAddress').split(':');
  const proxy: TcpProxy = await startTcpProxy(host, Number(port));
  try {
    proxy.down();
    const sandbox = await place(proxy.port);
    running = sandbox.start(['worker']);
    await running.shows('Worker waiting for Temporal');
    expect((await ask('/readyz')).status).toBe(503);
    proxy.up();
    await running.shows('Worker started');
    await until('it is ready', async () => (await ask('/readyz')).status === 200, 20_000);
    expect((await ask('/metrics')).status).toBe(200);
    expect(await sandbox.run(['run', 'lines'])).toMatchObject({ code: 0 });
    expect(await running.stop()).toBe(0);
  } finally {
    await proxy.close();
  }
});
