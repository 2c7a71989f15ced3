import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, type ClientConfig } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Status } from '../../src/status/status.ts';
import { CliSandbox, type RunningDaybook } from '../support/cli-sandbox.ts';
import { freePort } from '../support/servers/free-port.ts';
import { mountSmallDisk, type SmallDisk } from '../support/servers/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { startWebhook, type Webhook } from '../support/servers/webhook.ts';

const folder = temporaryFolder();
const data = mountSmallDisk(join(folder, 'data'), '12m');
const home = data && mountSmallDisk(join(folder, 'home'), '400m');

/** What `up` says of itself while one of its folders cannot be written, and that it continues on its own afterwards. */
describe.skipIf(data === null || home === null)('up', () => {
  let sandbox: CliSandbox;
  let running: RunningDaybook;
  let webhook: Webhook;
  let http: string;
  let served = 0;
  let database: ClientConfig;

  const line = () => `{"id":"${++served}","at":"2026-11-01T00:00:00Z"}\n`;
  const serve = (count: number) =>
    appendFileSync(join(folder, 'lines.ndjson'), Array.from({ length: count }, line).join(''));
  const ready = async () => {
    const answer = await fetch(`${http}/readyz`).catch(() => null);
    return { code: answer?.status, text: (await answer?.text()) ?? '' };
  };
  const check = () => sandbox.run(['status', '--check']);
  const metrics = async () => (await fetch(`${http}/metrics`)).text();
  /** Asked of PostgreSQL itself: it is asked often, and a command takes CPU time from what is waited for. */
  const stored = async () => {
    const connection = new Client({ ...database });
    connection.on('error', () => undefined);
    try {
      await connection.connect();
      const text = "select count(distinct source_id) || '/' || count(*) as counts from raw_events";
      return (await connection.query<{ counts: string }>(text)).rows[0]?.counts;
    } catch {
      // A full disk may end it.
      return null;
    } finally {
      await connection.end().catch(() => undefined);
    }
  };

  beforeAll(async () => {
    webhook = await startWebhook();
    http = `http://127.0.0.1:${await freePort()}`;
    writeFileSync(join(folder, 'lines.ndjson'), '');
    writeFileSync(
      join(folder, 'daybook.yaml'),
      'version: 1\nsources: [{ name: lines, type: file, path: lines.ndjson, id: id, occurred_at: at, schedule: { every: 2s } }]',
    );
    sandbox = new CliSandbox(folder, {
      DAYBOOK_HTTP: http.replace('http://', ''),
      DAYBOOK_HOME: join(folder, 'home', 'of-it'),
      DAYBOOK_ALERT_WEBHOOK: webhook.url,
    });
    serve(10);
    running = sandbox.start(['up']);
    await running.shows('Ctrl-C stops everything', 120_000);
    const { stdout } = await sandbox.run(['env']);
    const variable = (name: string) => new RegExp(`${name}='([^']+)'`).exec(stdout)?.[1];
    const [host, user, password] = [variable('PG_HOST'), variable('PG_USER'), variable('PG_PASSWORD')];
    database = { host, user, password, port: Number(variable('PG_PORT')), database: variable('PG_DB') };
  }, 150_000);
  afterAll(async () => {
    await running?.stop(60_000);
    await webhook?.close();
    for (const disk of [data, home]) disk?.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 90_000);
  beforeEach(async () => {
    await until('it is ready', async () => (await ready()).code === 200, 90_000);
    webhook.posted.length = 0;
    serve(10);
    await allStored();
  }, 200_000);

  /** Each line is a row once. */
  async function allStored(): Promise<void> {
    await until(`${served} rows`, async () => (await stored()) === `${served}/${served}`, 150_000);
  }

  async function nothingIsWrong(): Promise<void> {
    // The metrics are read again once in a while, however often they are asked for.
    await until('no alert is open', async () => !/^daybook_alert\{.* 1$/m.test(await metrics()), 90_000);
    await until('nothing is wrong', async () => (await check()).code === 0, 90_000);
  }

  const faults: [string, (disk: SmallDisk) => void, (disk: SmallDisk) => void, RegExp][] = [
    ['full', (disk) => disk.fill(), (disk) => disk.free(), /ENOSPC: no space left on device/],
    ['read-only', (disk) => disk.readOnly(true), (disk) => disk.readOnly(false), /EROFS: read-only file system/],
  ];

  test.each(faults)(
    'names a store that is %s, everywhere, and continues automatically once it is writable',
    async (_what, begin, end, why) => {
      if (!data) return;
      begin(data);
      const { text } = await until(
        'it is not ready',
        async () => {
          const found = await ready();
          return found.code === 503 ? found : null;
        },
        30_000,
      );
      expect(text).toMatch(/the store \(\S+data\) cannot be written/);
      expect(text).toMatch(why);
      serve(25);
      const shown = await check();
      expect(shown.code).toBe(1);
      expect(shown.stdout).toMatch(/^store {7}cannot be written \(\S+data\): /m);
      expect(shown.stdout).toMatch(why);
      expect(shown.stdout).toMatch(/^alert {7}store daybook since /m);
      expect(await metrics()).toContain('daybook_storage_writable{part="store"} 0');
      expect(await metrics()).toContain('daybook_alert{name="store",source="daybook"} 1');
      expect(await (await fetch(`${http}/`)).text()).toContain('cannot be written');
      await until('the webhook is told', () =>
        webhook.posted.some(({ name, source, state }) => name === 'store' && source === 'daybook' && state === 'open'),
      );
      end(data);
      await until('it is ready', async () => (await ready()).code === 200, 30_000);
      await until('the webhook receives its end', () =>
        webhook.posted.some(({ name, state }) => name === 'store' && state === 'resolved'),
      );
      await allStored();
      await nothingIsWrong();
    },
    400_000,
  );

  test('names what stopped its runs as the reason of a late source', async () => {
    data?.fill();
    serve(1);
    await until('it is late', async () => (await metrics()).includes('health="late"} 1'), 200_000);
    const late = await until(
      'it is late',
      async () => {
        const status = JSON.parse((await sandbox.run(['status', '--json'])).stdout) as Status;
        return status.sources.find(({ health }) => health === 'late');
      },
      200_000,
    );
    expect(late.reason).toMatch(/has not ended: .*; the store \(\S+\) cannot be written: ENOSPC/);
    data?.free();
    await allStored();
  }, 400_000);

  test('names a full home, keeps its worker, and continues automatically', async () => {
    const worker = running.parts()['worker'];
    home?.fill();
    await until(
      'it is not ready',
      async () => /the home \(\S+\) cannot be written: ENOSPC/.test((await ready()).text),
      30_000,
    );
    serve(25);
    const shown = await check();
    expect(shown.code).toBe(1);
    expect(shown.stdout).toMatch(/^home {8}cannot be written \(\S+\): ENOSPC/m);
    expect(shown.stderr).toBe('');
    await until('the webhook is told', () => webhook.posted.some(({ message }) => message.includes('the home (')));
    home?.free();
    await allStored();
    await nothingIsWrong();
    expect(running.parts()['worker']).toBe(worker);
  }, 400_000);
});
