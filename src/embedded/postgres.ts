import { execFileSync, type ChildProcess } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { messageOf } from '../domain/errors.ts';
import { EmbeddedUnavailable } from './embedded-unavailable.ts';
import type { Home } from './home.ts';
import { startPart, tailOf } from './part.ts';
import { choosePort } from './ports.ts';
import { embeddedDatabase, embeddedPostgresSettings, embeddedUser, usualPorts } from './addresses.ts';
import type { Announce } from './announce.ts';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';
import { canReach, postgresUser, type SystemUser } from './postgres-user.ts';

/** Recovery after a kill replays the log since the last checkpoint. */
const startMs = 120_000;
/** How often a start is tried while backends of a killed server still hold its shared memory. */
const startTries = 20;

/**
 * Starts the home's PostgreSQL, making its cluster and database the first time.
 * @throws EmbeddedUnavailable
 */
export async function startPostgres(home: Home, announce: Announce): Promise<ChildProcess> {
  const user = postgresUser();
  const binaries = findPostgresBinaries(user);
  const folder = clusterFolder(home, user);
  if (folder !== home.path('postgres')) {
    announce(`PostgreSQL's files are in ${folder}: the user postgres, whom it runs as, cannot reach ${home.folder}`);
  }
  if (!existsSync(join(folder, 'PG_VERSION'))) initialize(home, binaries, folder, user);
  home.rememberPort('postgres', await choosePort(home.ports.postgres ?? usualPorts.postgres));
  for (let tries = 1; ; tries++) {
    const started = await startServer(home, binaries, folder, user);
    if (typeof started !== 'string') {
      await createDatabase(home);
      return started;
    }
    if (tries === startTries || !/shared memory|lock file/.test(started)) {
      throw new EmbeddedUnavailable(`embedded: PostgreSQL does not start; the end of ${logFile(home)}:\n${started}`);
    }
    await sleep(500);
  }
}

/**
 * Where the cluster lives: in the home, unless PostgreSQL runs as another user who cannot reach it there (a clone under
 * a 0700 folder).
 */
function clusterFolder(home: Home, user: SystemUser | null): string {
  const usual = home.path('postgres');
  if (!user || existsSync(join(usual, 'PG_VERSION')) || canReach(user, home.folder)) return usual;
  const name = createHash('sha256').update(home.folder).digest('hex').slice(0, 16);
  return join('/var/lib/daybook', name, 'postgres');
}

function initialize(home: Home, { initdb }: PostgresBinaries, folder: string, user: SystemUser | null): void {
  const unfinished = `${folder}.new`;
  const passwordFile = join(tmpdir(), `daybook-${randomUUID()}`);
  try {
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(dirname(folder), { recursive: true, mode: 0o755 });
    mkdirSync(unfinished, { mode: 0o700 });
    writeFileSync(passwordFile, `${home.password}\n`, { mode: 0o600 });
    if (user) for (const path of [unfinished, passwordFile]) chownSync(path, user.uid, user.gid);
    const args = [`--pgdata=${unfinished}`, `--username=${embeddedUser}`, `--pwfile=${passwordFile}`];
    execFileSync(initdb, [...args, '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C'], {
      stdio: 'pipe',
      cwd: '/',
      ...user,
    });
    renameSync(unfinished, folder);
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer };
    const why = stderr && stderr.length > 0 ? stderr.toString().trim() : messageOf(error);
    throw new EmbeddedUnavailable(`embedded: the database cluster could not be made in ${folder}: ${why}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** Starts the server once and waits until it answers; returns why it ended where it did. */
async function startServer(
  home: Home,
  { postgres }: PostgresBinaries,
  folder: string,
  user: SystemUser | null,
): Promise<ChildProcess | string> {
  const settings = {
    port: String(embeddedPostgresSettings(home).port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    // A run may touch hundreds of partitions with three indexes each.
    max_locks_per_transaction: '512',
    shared_buffers: '256MB',
    max_wal_size: '2GB',
    timezone: 'UTC',
    log_timezone: 'UTC',
  };
  const child = startPart(home, {
    part: 'postgres',
    command: postgres,
    args: ['-D', folder, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    logFile: logFile(home),
    user,
    truncateLog: true,
  });
  let ended = false;
  child.once('exit', () => (ended = true));
  child.once('error', () => (ended = true));
  const deadline = Date.now() + startMs;
  while (!(await answers(home))) {
    if (ended) return tailOf(logFile(home), 5) || `${postgres} could not be run`;
    if (Date.now() > deadline) return `no answer within ${startMs / 1000} s`;
    await sleep(50);
  }
  return child;
}

async function answers(home: Home): Promise<boolean> {
  try {
    await query(home, 'postgres', 'select 1');
    return true;
  } catch {
    return false;
  }
}

async function createDatabase(home: Home): Promise<void> {
  try {
    await query(home, 'postgres', `create database ${embeddedDatabase}`);
  } catch (error) {
    if ((error as { code?: string }).code !== '42P04') throw error;
  }
}

async function query(home: Home, name: string, text: string): Promise<void> {
  const { host, port, user, password } = embeddedPostgresSettings(home);
  const client = new Client({ host, port, user, password, database: name, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query(text);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function logFile(home: Home): string {
  return home.path('logs', 'postgres.log');
}
