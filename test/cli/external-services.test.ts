import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import type { PostgresSettings } from '../../src/config/environment/postgres-settings.ts';
import { addDays, dayOfDate } from '../../src/domain/time/day.ts';
import { withClient } from '../../src/sinks/postgres/connection/client.ts';
import { makeAuthority, type Authority, type Certificate } from '../support/servers/certificates.ts';
import { CliSandbox, type CommandResult, type RunningDaybook } from '../support/cli-sandbox.ts';
import { startOwnPostgres, type OtherPostgres } from '../support/servers/debian-postgres.ts';
import { json, startOrigin, type Origin } from '../support/servers/origin.ts';
import { startPgBouncer } from '../support/servers/pgbouncer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startTlsProxy, type TlsProxy } from '../support/servers/tls-proxy.ts';

const today = dayOfDate(new Date());
const old = addDays(today, -5);
const namespace = `news-${process.pid}`;
const schema = 'The News';

const folder = temporaryFolder();
let authority: Authority;
let certificate: Certificate;
let server: OtherPostgres;
let origin: Origin;
let front: TlsProxy;
let admin: PostgresSettings;
const secrets = { owner: 'owner-password-f00', writer: 'writer-password-b4r', key: 'api-key-c0ffee' };

beforeAll(async () => {
  authority = makeAuthority(folder, 'authority');
  certificate = authority.issue('server', ['DNS:localhost']);
  const rules = join(folder, 'hba.conf');
  // Through PgBouncer, which runs on this machine, without TLS.
  writeFileSync(
    rules,
    'hostssl all all all scram-sha-256\nhostnossl all plain all scram-sha-256\nhostnossl all all all reject\n',
  );
  const { cert, key } = certificate;
  const copy = authority.issue('postgres', ['DNS:localhost']);
  const tls = ['ssl=on', `ssl_cert_file=${copy.cert}`, `ssl_key_file=${copy.key}`, `hba_file=${rules}`];
  server = await startOwnPostgres(join(folder, 'server'), tls, [copy.key, rules]);
  admin = { ...server.settings, sslMode: 'require' };
  await administrate(`create role "the owner" login password '${secrets.owner}'; create role plain login password 'plain';
    create schema "${schema}" authorization "the owner"`);
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  const seconds = 86_400;
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds } as never,
  });
  await connection.close();
  front = await startTlsProxy(inject('temporalAddress'), { cert, key, clientAuthority: authority.cert });
  origin = await startOrigin(json([1, 2].map((n) => ({ id: n, at: `${old}T0${n}:00:00Z` }))));
});
afterAll(async () => {
  await front?.close();
  await origin?.close();
  server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const administrate = (text: string) => withClient(admin, (client) => client.query(text));

/** Of each user, once: commands that run side by side read them. */
const certificates = new Map<string, Certificate>();
function certificateOf(user: string): Certificate {
  const found = certificates.get(user) ?? authority.issue(user, []);
  certificates.set(user, found);
  return found;
}

/** A sandbox with external servers and TLS; each user has one role and one certificate. */
function sandbox(name: string, fields: Record<string, string> = {}): CliSandbox {
  const place = join(folder, name);
  const client = certificateOf(name);
  const variables = {
    DAYBOOK_EMBEDDED: 'off',
    DAYBOOK_CONFIG: join(folder, 'daybook.yaml'),
    DAYBOOK_DATA: place,
    DAYBOOK_HOME: join(folder, '.daybook', name),
    PG_HOST: 'localhost',
    PG_PORT: String(server.settings.port),
    PG_DB: 'postgres',
    PG_SCHEMA: schema,
    PG_USER: 'the writer',
    PG_PASSWORD: secrets.writer,
    PG_OWNER_USER: 'the owner',
    PG_OWNER_PASSWORD: secrets.owner,
    PG_SSLMODE: 'verify-full',
    PG_SSLROOTCERT: authority.cert,
    TEMPORAL_ADDRESS: front.address,
    TEMPORAL_NAMESPACE: namespace,
    TEMPORAL_TLS: 'true',
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority.cert,
    TEMPORAL_TLS_CLIENT_CERT_PATH: client.cert,
    TEMPORAL_TLS_CLIENT_KEY_PATH: client.key,
    ...fields,
  };
  return new CliSandbox(folder, variables);
}

function configure(partitions = '{}'): void {
  writeFileSync(
    join(folder, 'daybook.yaml'),
    `version: 1
sources:
  - { name: items, type: http_json, url: "${origin.url}/items", id: id, occurred_at: at, allow_private: true,
      incremental: { cursor: at, start_param: since, end_param: until }, schedule: { every: 1h } }
partitions: ${partitions}
`,
  );
}

// Each command is a process of its own, and works through TLS.
vi.setConfig({ testTimeout: 300_000 });

describe('with external PostgreSQL and Temporal, with TLS, in their own schema and namespace', () => {
  let place: CliSandbox;
  let running: RunningDaybook | null = null;
  const said: string[] = [];
  const note = async (command: Promise<CommandResult>) => {
    const result = await command;
    said.push(result.stdout, result.stderr);
    return result;
  };
  const daybook = async (...args: string[]) => {
    const result = await note(place.run(args));
    if (process.env['SHOW']) process.stderr.write(`$ daybook ${args.join(' ')}\n${result.stdout}${result.stderr}`);
    return result;
  };
  const doctor = async () => (await daybook('doctor')).stdout;
  beforeAll(() => {
    configure();
    place = sandbox('main');
  });
  afterAll(async () => running?.killAll());

  test("the writer's role must exist, and gets its grants from migrate --roles", async () => {
    const refused = await daybook('migrate', '--roles');
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`create role "the writer" login password '…'`),
    });
    expect(await note(place.refused(['up']))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/password|authentication/) as string,
    });
    await administrate(`create role "the writer" login password '${secrets.writer}'`);
    expect(await doctor()).toMatch(/FAILED +PostgreSQL.*migrate --roles/);
    const planned = await daybook('migrate', '--roles', '--dry-run');
    const granted = await daybook('migrate', '--roles');
    expect(granted).toMatchObject({ code: 0, stdout: expect.stringContaining(planned.stdout) });
    expect(granted.stdout).toContain('grant insert on "The News"."raw_events" to "the writer";');
    expect(await doctor()).toMatch(
      /ok +PostgreSQL +.* at localhost.*TLS.*verify-full.*\nok +store\+database .*\nok +its owner +the owner at localhost/,
    );
  });

  test('up, run, backfill, status and verify work with minimal privileges', async () => {
    running = place.start(['up'], 'main');
    await running.shows('Ctrl-C stops everything', 90_000);
    expect(await daybook('run', 'items')).toMatchObject({ code: 0 });
    expect(await daybook('schedules', 'diff')).toMatchObject({ code: 0 });
    const window = ['items', '--from', old, '--to', addDays(old, 1)];
    expect(await daybook('backfill', ...window)).toMatchObject({ code: 0 });
    // A canary may have its record there right now.
    const count = `select count(*) as n from raw_events where source = 'items'`;
    expect((await daybook('sql', '--json', count)).stdout).toBe('{"n":2}\n');
    expect((await daybook('status', '--json')).stdout).toContain('"health":"ok"');
    expect((await daybook('partitions', 'list')).stdout).toContain(`raw_events_${old.replaceAll('-', '_')}`);
    expect(await daybook('verify', '--day', old)).toMatchObject({ code: 0 });
    expect(await doctor()).toMatch(/ok +Temporal.*TLS.*a worker polls/);
    expect(await daybook('sql', 'delete from raw_events')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/42501/) as string,
    });
  });

  test("the owner's work succeeds with its role, and names the role if it is missing", async () => {
    configure('{ retention: 3d }');
    const maintained = await daybook('partitions', 'maintain');
    expect(maintained).toMatchObject({ code: 0, stdout: expect.stringContaining(`days retired: ${old}`) });
    expect(await daybook('restore', '--day', old)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^restored 2 of 2/) as string,
    });
    expect(await daybook('pause', 'items', '--reason', 'forget')).toMatchObject({ code: 0 });
    const forget = ['forget', '--source', 'items', '--yes'];
    const notOwner = { PG_OWNER_USER: 'the writer', PG_OWNER_PASSWORD: secrets.writer };
    const refused = await place.run(forget, { variables: notOwner });
    // A machine without the store cannot make the source's state forget, too.
    const elsewhere = await sandbox('alone').run(forget);
    expect(elsewhere.code).toBe(2);
    expect(elsewhere.stderr).toContain('not a pair');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/42501.*PG_OWNER_USER/) });
    expect(await daybook('forget', '--source', 'items', '--yes')).toMatchObject({
      code: 0,
      stdout: 'forgot 2 rows and 2 keys of items\n',
    });
    const asked = await daybook('reset', '--drop');
    expect(asked).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^daybook: reset \S+ at .*--yes.*nothing was/),
    });
    expect((await daybook('sql', '--json', 'select count(*) as n from raw_event_keys')).stdout).toBe('{"n":0}\n');
    expect(await daybook('reset', '--drop', '--yes')).toMatchObject({ code: 0 });
    expect(await daybook('replay-csv')).toMatchObject({ code: 0 });
    expect(
      (await daybook('sql', '--json', "select count(*) as n from raw_events where source <> 'daybook-canary'")).stdout,
    ).toBe('{"n":2}\n');
    const rows = await administrate(`select to_regclass('public.raw_events') as foreign_table`);
    expect(rows.rows).toEqual([{ foreign_table: null }]);
    expect(await running?.stop()).toBe(0);
  });

  test('no secret is in the output', () => {
    const all = said.join('') + (running?.output ?? '');
    for (const secret of Object.values(secrets)) expect(all).not.toContain(secret);
  });

  test.concurrent.for<[string, () => Record<string, string>, RegExp]>([
    [
      'a namespace that is not there',
      () => ({ TEMPORAL_NAMESPACE: 'nowhere' }),
      /no namespace nowhere.*operator namespace create/,
    ],
    [
      'no certificate of its own',
      () => ({ TEMPORAL_TLS_CLIENT_CERT_PATH: '', TEMPORAL_TLS_CLIENT_KEY_PATH: '' }),
      /CLIENT_CERT_PATH/,
    ],
    [
      'an authority that is not the server’s',
      () => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: makeAuthority(folder, 'stranger').cert }),
      /certificate.*SERVER_CA_CERT_PATH/,
    ],
    ['a name that is not the server’s', () => ({ TEMPORAL_TLS_SERVER_NAME: 'other.test' }), /other\.test.*SERVER_NAME/],
    ['a server that has no TLS', () => ({ TEMPORAL_ADDRESS: inject('temporalAddress') }), /TEMPORAL_TLS/],
  ])('a command and a worker with %s say so, and what to do', async ([, fields, message], { expect: own }) => {
    const wrong = sandbox('wrong', { DAYBOOK_DATA: join(folder, 'main'), DAYBOOK_HTTP: 'off', ...fields() });
    const commands = [['run', 'items'], ['worker']];
    for (const { code, stderr } of await Promise.all(commands.map((args) => wrong.run(args)))) {
      own.soft([code, stderr]).toEqual([1, expect.stringMatching(message)]);
      own.soft(stderr).not.toMatch(/^ +at /m);
    }
  });

  test.concurrent('a command without a server says so, and what to do; a worker waits', async () => {
    const wrong = sandbox('wrong', { TEMPORAL_ADDRESS: 'localhost:1' });
    const waiting = wrong.start(['worker']);
    const { code, stderr } = await wrong.run(['run', 'items']);
    expect(stderr).toMatch(/ECONNREFUSED.*TEMPORAL_ADDRESS/);
    expect(code).toBe(1);
    await waiting.shows('Worker waiting for Temporal');
    expect(waiting.output).toMatch(/ECONNREFUSED.*TEMPORAL_ADDRESS/);
    expect(await waiting.stop()).toBe(0);
  });
});

describe('a Temporal server that wants an API key', () => {
  let cloud: TlsProxy;
  const withKey = (key: string) =>
    sandbox('cloud', {
      TEMPORAL_ADDRESS: cloud.address,
      TEMPORAL_API_KEY: key,
      TEMPORAL_TLS_CLIENT_CERT_PATH: '',
      TEMPORAL_TLS_CLIENT_KEY_PATH: '',
      // The same database, so the same store.
      DAYBOOK_DATA: join(folder, 'main'),
    });
  beforeAll(async () => {
    configure();
    cloud = await startTlsProxy(inject('temporalAddress'), { ...certificate, apiKey: secrets.key });
  });
  afterAll(async () => cloud?.close());

  test('gets it from commands and from the worker, and no other server does', async () => {
    const place = withKey(secrets.key);
    const worker = place.start(['worker']);
    try {
      await worker.shows('Worker started');
      const { code, stdout, stderr } = await place.run(['run', 'items']);
      expect(stderr).toBe('');
      expect(code).toBe(0);
      expect([...cloud.authorizations]).toEqual([`Bearer ${secrets.key}`]);
      expect(`${stdout}${worker.output}`).not.toContain(secrets.key);
    } finally {
      await worker.stop();
    }
  });

  test('refuses another key, which is reported without showing it', async () => {
    const place = withKey('wrong-key-5ecret');
    const commands = [['run', 'items'], ['worker'], ['doctor']];
    for (const { code, stdout, stderr } of await Promise.all(commands.map((args) => place.run(args)))) {
      expect.soft([code, `${stdout}${stderr}`]).toEqual([1, expect.stringMatching(/refuses access.*TEMPORAL_API_KEY/)]);
      expect.soft(`${stdout}${stderr}`).not.toContain('wrong-key-5ecret');
    }
  });
});

test('with PgBouncer in transaction mode before PostgreSQL a run stores, and maintenance goes around it', async () => {
  configure();
  const plain = { ...server.settings, user: 'plain', password: 'plain' };
  await administrate(`grant create on database postgres to plain`);
  const pooler = await startPgBouncer(join(folder, 'pgbouncer'), server.settings, [plain]);
  if (!pooler) return;
  const settings = {
    PG_USER: 'plain',
    PG_PASSWORD: 'plain',
    PG_OWNER_USER: 'plain',
    PG_OWNER_PASSWORD: 'plain',
    PG_SCHEMA: 'pooled',
    PG_SSLMODE: 'prefer',
    // Workers of another store serve the usual queue.
    DAYBOOK_INSTANCE: 'pooled',
    PG_HOST: '127.0.0.1',
    PG_PORT: String(pooler.port),
    PG_PREPARE: 'off',
    PG_SSLROOTCERT: '',
  };
  const through = sandbox('pooled', settings);
  const place = sandbox('pooled', { ...settings, PG_DIRECT_PORT: String(server.settings.port) });
  let worker: RunningDaybook | null = null;
  try {
    expect(await through.run(['migrate'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/PG_DIRECT_HOST/) as string,
    });
    expect(await place.run(['migrate'])).toMatchObject({ code: 0 });
    worker = place.start(['worker']);
    await worker.shows('Worker started');
    expect(await place.run(['run', 'items'])).toMatchObject({ code: 0 });
    const counted = await place.run([
      'sql',
      '--json',
      "select count(*) as n from raw_events where source <> 'daybook-canary'",
    ]);
    expect(counted).toMatchObject({ code: 0, stdout: '{"n":2}\n' });
    expect(await place.run(['partitions', 'maintain'])).toMatchObject({ code: 0, stderr: '' });
    expect((await place.run(['doctor'])).stdout).toMatch(/ok +PostgreSQL.*behind a pooler/);
  } finally {
    await worker?.stop();
    await pooler.stop();
  }
});
