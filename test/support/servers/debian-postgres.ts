import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PostgresSettings } from '../../../src/config/environment/postgres-settings.ts';
import { findPostgresBinaries } from '../../../src/embedded/postgres-server/postgres-binaries.ts';
import { postgresUser } from '../../../src/embedded/postgres-server/postgres-user.ts';
import { freePort } from './free-port.ts';

export interface OtherPostgres {
  readonly settings: PostgresSettings;
  stop(): void;
}

const installations = '/usr/lib/postgresql';

/** Starts the newest PostgreSQL that Debian installed here, in its own folder; null if there is none. */
export async function startDebianPostgres(folder: string): Promise<OtherPostgres | null> {
  const bin = newestInstalled();
  return bin === null ? null : startPostgresFrom(bin, folder);
}

function newestInstalled(): string | null {
  const version = existsSync(installations) ? readdirSync(installations).sort().at(-1) : undefined;
  return version === undefined ? null : join(installations, version, 'bin');
}

/**
 * Starts a PostgreSQL for a test: Debian's, else the embedded one.
 * @param settings of its command line, such as `ssl=on`
 * @param files that its user must be able to read; keys among them are for it alone
 */
export async function startOwnPostgres(
  folder: string,
  settings: readonly string[],
  files: readonly string[] = [],
): Promise<OtherPostgres> {
  const bin = newestInstalled() ?? dirname(findPostgresBinaries(postgresUser()).initdb);
  const user = postgresUser();
  for (const file of files) {
    if (user) chownSync(file, user.uid, user.gid);
    chmodSync(file, 0o600);
  }
  return startPostgresFrom(bin, folder, settings);
}

/** Starts a PostgreSQL from a folder of programs. */
async function startPostgresFrom(bin: string, folder: string, further: readonly string[] = []): Promise<OtherPostgres> {
  const user = postgresUser();
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  mkdirSync(data, { recursive: true });
  chmodSync(join(folder, '..'), 0o755);
  writeFileSync(passwordFile, 'older\n');
  if (user) for (const path of [folder, data, passwordFile]) chownSync(path, user.uid, user.gid);
  const options = { cwd: '/', stdio: 'pipe', ...user } as const;
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'daybook', `--pwfile=${passwordFile}`, '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C'],
    options,
  );
  const port = await freePort();
  const settings = ['-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='];
  const flags = [...settings, ...further.flatMap((setting) => ['-c', setting])].join(' ');
  execFileSync(join(bin, 'pg_ctl'), ['-D', data, '-w', '-l', join(folder, 'log'), '-o', flags, 'start'], {
    ...options,
    stdio: 'ignore',
  });
  return {
    settings: {
      host: '127.0.0.1',
      port,
      database: 'postgres',
      user: 'daybook',
      password: 'older',
      sslMode: 'disable',
      schema: 'public',
    },
    stop: () => void execFileSync(join(bin, 'pg_ctl'), ['-D', data, '-m', 'immediate', 'stop'], options),
  };
}
