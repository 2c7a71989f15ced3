import { randomUUID } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, inject, test, vi } from 'vitest';
import type { PostgresSettings } from '../../src/config/environment/postgres-settings.ts';
import type { Status } from '../../src/status/status.ts';
import { createDatabase, type TestDatabase } from '../support/servers/database.ts';
import { CliSandbox, type RunningDaybook } from '../support/cli-sandbox.ts';
import { createNamespace, type TestNamespace } from '../support/servers/namespace.ts';
import { recipe } from '../support/recipes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 });

const older = inject('olderPostgres');
const folder = temporaryFolder();
const sandbox = new CliSandbox(folder);
let running: RunningDaybook | undefined;
let namespace: TestNamespace | undefined;
const databases: TestDatabase[] = [];

afterAll(async () => {
  await running?.killAll();
  await namespace?.close();
  for (const database of databases) await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** Whether this machine has tools that can dump the older server. */
function canDump(): boolean {
  try {
    for (const tool of ['pg_dump', 'pg_restore', 'dropdb', 'createdb']) execFileSync(tool, ['--version']);
    return older !== null;
  } catch {
    return false;
  }
}

async function shell(script: string): Promise<string> {
  const { code, stdout, stderr } = await sandbox.shell(script);
  if (code !== 0) throw new Error(`exit code ${code} of\n${script}\n${stdout}\n${stderr}`);
  return stdout;
}

/** A command that no document is tried by, which must succeed; the worker is there. */
async function daybook(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await sandbox.run(args, { apart: false });
  if (code !== 0) throw new Error(`exit code ${code} of ${args.join(' ')}\n${stdout}\n${stderr}`);
  return stdout;
}

async function start(): Promise<void> {
  running = sandbox.start(['worker']);
  await running.shows('Worker started', 120_000);
}

function use({ host, port, user, password, database }: PostgresSettings): void {
  const variables = { PG_HOST: host, PG_PORT: port, PG_USER: user, PG_PASSWORD: password, PG_DB: database };
  const temporal = { TEMPORAL_ADDRESS: inject('temporalAddress'), TEMPORAL_NAMESPACE: namespace?.name };
  const lines = Object.entries({ ...variables, ...temporal, PG_SSLMODE: 'disable' }).map(
    ([name, value]) => `${name}=${value}\n`,
  );
  writeFileSync(join(folder, '.env'), lines.join(''));
}

const url = ({ host, port, user, password, database }: PostgresSettings) =>
  `postgresql://${user}:${encodeURIComponent(password ?? '')}@${host}:${port}/${database}`;

const lines = (...ids: string[]) =>
  writeFileSync(
    join(folder, 'lines.ndjson'),
    ids.map((id, n) => `{"id":"${id}","at":"2026-11-02T00:00:0${n}Z"}\n`).join(''),
  );

const alerts = async () => (JSON.parse(await daybook('status', '--json')) as Status).alerts;

test.skipIf(!canDump())(
  'a database restored from a dump, then moved to a server of a newer major version',
  async () => {
    if (older === null) return;
    const old = await createDatabase(older);
    const newer = await createDatabase(inject('postgres'), null);
    databases.push(old, newer);
    namespace = await createNamespace(inject('temporalAddress'), `dump-${randomUUID()}`);
    use(old.settings);
    writeFileSync(
      join(folder, 'daybook.yaml'),
      'version: 1\nsources: [{ name: quakes, type: file, path: lines.ndjson, id: id, occurred_at: at }]\n',
    );
    lines('a', 'b');
    await start();
    await daybook('run', 'quakes');
    await old.rows(`update raw_events set processed = true where source_id = 'a'`);
    await shell('(eval "$(./daybook env)"; pg_dump --format=custom --file=yesterday.dump)');
    lines('a', 'b', 'c');
    await daybook('run', 'quakes');
    await daybook('partitions', 'maintain');

    const [putBack = '', replay = ''] = recipe('PostgreSQL is restored from a dump');
    await running?.stop();
    const { host, port, user, password, database } = old.settings;
    await shell(
      `export PGPORT=${port} PGPASSWORD=${password}\n${putBack}`
        .replace('PGHOST=db.example.com PGUSER=daybook', `PGHOST=${host} PGUSER=${user}`)
        .replaceAll(/(dropdb --force|createdb|--dbname) daybook/g, `$1 ${database}`),
    );
    await start();
    expect(await alerts()).toMatchObject([{ name: 'store', message: expect.stringContaining('older copy') as string }]);
    expect(await shell(replay)).toMatch(/1 written, 2 duplicate[^]*3 keys, 3 rows[^]*\nconsistent/);
    expect(await alerts()).toEqual([]);

    const [, , copy = '', compare = ''] = recipe('A new major version of PostgreSQL');
    await running?.stop();
    await shell(
      copy
        .replace('postgresql://daybook@old.example.com/daybook', url(old.settings))
        .replace('postgresql://daybook@new.example.com/daybook', url(newer.settings)),
    );
    use(newer.settings);
    await start();
    expect(await shell(compare)).toMatch(/3 keys, 3 rows[^]*\nconsistent/);
    expect(await daybook('run', 'quakes')).toMatch(/quakes +unchanged/);
    const rows = await newer.rows('select source_id, processed from raw_events order by 1');
    expect(rows.map((row) => Object.values(row).join(' '))).toEqual(['a t', 'b f', 'c f']);
  },
);
