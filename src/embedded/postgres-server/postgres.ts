import { execFile, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chownSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { systemEnvironment } from '../../config/environment/child-environment.ts';
import { messageOf } from '../../domain/errors.ts';
import { EmbeddedUnavailable } from '../embedded-unavailable.ts';
import { newPassword, type Home } from '../home/home.ts';
import { startServer, type FailedStart } from '../processes/start-server.ts';
import { embeddedDatabase, embeddedPostgresSettings, embeddedUser, usualPorts } from '../addresses.ts';
import type { Announce } from '../processes/managed-process.ts';
import { clusterFolder, isCluster } from './cluster-folder.ts';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';
import { setPassword } from './postgres-password.ts';
import { postgresUser, type SystemUser } from './postgres-user.ts';

/** Recovery after a kill replays the log since the last checkpoint. */
const startMs = 120_000;
/** How often a start is tried while backends of a killed server still hold its shared memory, or others take its port. */
const startTries = 20;

/** A cluster with what runs it. */
interface Cluster {
  readonly binaries: PostgresBinaries;
  readonly folder: string;
  /** Whom it runs as, where that is not this process's user. */
  readonly user: SystemUser | null;
}

/**
 * Starts the home's PostgreSQL, making its cluster and database the first time. Where the home does not know the cluster's password
 * any more, or knows a wrong one, it is set again.
 * @throws EmbeddedUnavailable
 */
export async function startPostgres(home: Home, announce: Announce): Promise<ChildProcess> {
  const user = postgresUser();
  const cluster = { user, binaries: findPostgresBinaries(user), folder: clusterFolder(home, user) };
  const { folder } = cluster;
  if (folder !== home.path('postgres')) {
    announce(`PostgreSQL's files are in ${folder}: it runs as the user postgres, who cannot access ${home.folder}`);
  }
  if (!isCluster(folder)) await initialize(home, cluster);
  else if (home.password === null) await renewPassword(home, cluster, 'is unknown', announce);
  let isRenewed = false;
  for (let tries = 1; ; tries++) {
    await home.choosePort('postgres', home.ports.postgres ?? usualPorts.postgres);
    const started = await startOnce(home, cluster);
    if (!('why' in started)) {
      await createDatabase(home);
      return started;
    }
    if (started.why === passwordRefused && !isRenewed) {
      await renewPassword(home, cluster, 'differs from the one in its home', announce);
      isRenewed = true;
      continue;
    }
    if (tries === startTries || !(started.isPortLost || isHeld(started.why))) {
      throw new EmbeddedUnavailable(
        otherMajor(folder, started.why) ??
          `embedded: PostgreSQL does not start; the end of ${logFile(home)}:\n${started.why}`,
      );
    }
    if (!started.isPortLost) await sleep(500);
  }
}

const passwordRefused = 'it refuses the password in its home';

/** Whether a killed server's last processes may still hold the cluster. */
function isHeld(why: string): boolean {
  return /shared memory|lock file/.test(why);
}

/** What to do about a cluster of another major version; null if that is not the reason. */
function otherMajor(folder: string, why: string): string | null {
  const [, maker, ours] =
    /by PostgreSQL version (\S+), which is not compatible with this version (\d[\d.]*\d)/.exec(why) ?? [];
  if (maker === undefined || ours === undefined) return null;
  return `embedded: the cluster ${folder} was created by PostgreSQL ${maker}, but this Daybook has PostgreSQL ${ours}; move the folder aside (mv ${folder} ${folder}.old), start again, and restore the records: ./daybook replay-csv --archives (see "A new major version of PostgreSQL" in docs/operations.md for what this does not keep)`;
}

/** The home learns of a password only once PostgreSQL knows it: a kill in between leaves one that is not known, not a wrong one. */
async function renewPassword(home: Home, cluster: Cluster, why: string, announce: Announce): Promise<void> {
  announce(`the password of the embedded PostgreSQL ${why}; it is reset, the data does not change`);
  const password = home.password ?? newPassword();
  for (let tries = 1; ; tries++) {
    const held = await setPassword(cluster.binaries, cluster.folder, cluster.user, password);
    if (held === null) return home.rememberPassword(password);
    if (tries === startTries) throw new EmbeddedUnavailable(`embedded: PostgreSQL's files are in use: ${held}`);
    await sleep(500);
  }
}

async function initialize(home: Home, { binaries, folder, user }: Cluster): Promise<void> {
  const unfinished = `${folder}.new`;
  const passwordFile = join(tmpdir(), `daybook-${randomUUID()}`);
  try {
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(dirname(folder), { recursive: true, mode: 0o755 });
    mkdirSync(unfinished, { mode: 0o700 });
    writeFileSync(passwordFile, `${home.makePassword()}\n`, { mode: 0o600 });
    if (user) for (const path of [unfinished, passwordFile]) chownSync(path, user.uid, user.gid);
    const args = [`--pgdata=${unfinished}`, `--username=${embeddedUser}`, `--pwfile=${passwordFile}`];
    await promisify(execFile)(binaries.initdb, [...args, '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C'], {
      cwd: '/',
      env: systemEnvironment(),
      ...user,
    });
    renameSync(unfinished, folder);
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    const why = stderr.trim() || messageOf(error);
    throw new EmbeddedUnavailable(`embedded: the database cluster could not be created in ${folder}: ${why}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** Starts the server once and waits until it answers. */
async function startOnce(home: Home, { binaries, folder, user }: Cluster): Promise<ChildProcess | FailedStart> {
  const { port } = embeddedPostgresSettings(home);
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    // A run may touch hundreds of partitions with three indexes each.
    max_locks_per_transaction: '512',
    shared_buffers: '256MB',
    max_wal_size: '2GB',
    timezone: 'UTC',
    log_timezone: 'UTC',
  };
  return startServer(home, {
    command: {
      part: 'postgres',
      command: binaries.postgres,
      environment: systemEnvironment(),
      isPrivate: true,
      args: ['-D', folder, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      logFile: logFile(home),
      user,
      truncateLog: true,
    },
    ports: [port],
    withinMs: startMs,
    serves: async () => {
      const refusal = await refusalOf(home);
      return refusal === wrongPassword ? passwordRefused : refusal === null;
    },
  });
}

/** SQLSTATE of a password that is wrong. */
const wrongPassword = '28P01';

/** The code of what the server answered; null if it lets us in. */
async function refusalOf(home: Home): Promise<string | null> {
  try {
    await query(home, 'postgres', 'select 1');
    return null;
  } catch (error) {
    return (error as { code?: string }).code ?? '';
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
