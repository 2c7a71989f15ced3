import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresSettings } from '../../../src/config/environment/postgres-settings.ts';
import { postgresUser } from '../../../src/embedded/postgres-server/postgres-user.ts';
import { debianPackage } from './debian-package.ts';
import { freePort } from './free-port.ts';
import { until } from '../until.ts';
import { withClient } from '../../../src/sinks/postgres/connection/client.ts';

export interface PgBouncer {
  readonly port: number;
  /** As a number: 1.18.0 is 118. */
  readonly version: number;
  stop(): Promise<void>;
}

/**
 * Starts Debian's PgBouncer before a server, with as little configuration as it takes; null if it is not available.
 * @param users that it lets in, with their passwords; the first is used to see whether it answers
 */
export async function startPgBouncer(
  folder: string,
  server: PostgresSettings,
  users: readonly PostgresSettings[],
  mode: 'transaction' | 'session' = 'transaction',
): Promise<PgBouncer | null> {
  const found = debianPackage('pgbouncer');
  if (found === null) return null;
  const program = join(found.folder, 'usr', 'sbin', 'pgbouncer');
  const env = { ...process.env, ...found.variables };
  const port = await freePort();
  const [config, list] = [join(folder, 'pgbouncer.ini'), join(folder, 'users.txt')];
  mkdirSync(folder, { recursive: true });
  writeFileSync(list, users.map(({ user, password }) => `"${user}" "${password}"\n`).join(''));
  writeFileSync(
    config,
    `[databases]
* = host=${server.host} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${list}
pool_mode = ${mode}
default_pool_size = 4
`,
  );
  const user = postgresUser();
  for (const path of [folder, config, list]) {
    chmodSync(path, 0o755);
    if (user) chownSync(path, user.uid, user.gid);
  }
  const version = execFileSync(program, ['--version'], { env, encoding: 'utf8' });
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(version) ?? [];
  // It refuses to run as root, but can change to another user on its own.
  const child = spawn(program, [...(user ? ['-u', 'postgres'] : []), '-q', config], { env, stdio: 'ignore' });
  const [first = server] = users;
  await until('PgBouncer answers', () =>
    withClient({ ...first, host: '127.0.0.1', port }, (client) => client.query('select 1')).catch(() => null),
  );
  return {
    port,
    version: Number(major) * 100 + Number(minor),
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    },
  };
}
