import { spawn } from 'node:child_process';
import { systemEnvironment } from '../../config/environment/child-environment.ts';
import { messageOf } from '../../domain/errors.ts';
import { embeddedUser } from '../addresses.ts';
import { EmbeddedUnavailable } from '../embedded-unavailable.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import type { SystemUser } from './postgres-user.ts';

/** The log since the last checkpoint may have to be replayed first. */
const timeoutMs = 120_000;

/**
 * Sets the password of a cluster that does not run, as its owner: in PostgreSQL's single-user mode, which opens no port and
 * asks for no password. Safe to repeat.
 * @returns why it could not be done now, e.g. another process still holds the cluster; null = done
 * @throws EmbeddedUnavailable if PostgreSQL refuses it
 */
export async function setPassword(
  { postgres }: PostgresBinaries,
  folder: string,
  user: SystemUser | null,
  password: string,
): Promise<string | null> {
  const child = spawn(postgres, ['--single', '-D', folder, 'postgres'], {
    cwd: '/',
    env: systemEnvironment(),
    windowsHide: true,
    stdio: ['pipe', 'ignore', 'pipe'],
    ...user,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)));
  child.stdin?.on('error', () => undefined);
  // It is given where no list of processes shows it.
  child.stdin?.end(`alter role ${embeddedUser} with login password '${password.replaceAll("'", "''")}';\n`);
  const code = await new Promise<number | null | string>((resolve) => {
    child.once('error', (error) => resolve(messageOf(error)));
    child.once('close', resolve);
  });
  if (code === 0 && !/^.*\b(?:ERROR|FATAL|PANIC): /m.test(said)) return null;
  const why = said.replaceAll(password, '[redacted]').trim() || `${postgres} ended with ${code}`;
  if (/shared memory|lock file/.test(why)) return why;
  throw new EmbeddedUnavailable(`embedded: the password of PostgreSQL could not be reset: ${why}`);
}
