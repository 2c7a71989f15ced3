import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { systemEnvironment } from '../../config/environment/child-environment.ts';

/**
 * Whether it is this process that answers at a port of loopback; null if the system does not tell. That something answers says
 * nothing of whose server it is.
 */
export function ownsPort(pid: number, port: number): boolean | null {
  if (process.platform === 'linux') return ownsOnLinux(pid, port);
  return process.platform === 'win32' ? null : ownsByLsof(pid, port);
}

function ownsOnLinux(pid: number, port: number): boolean | null {
  try {
    const listeners = ['tcp', 'tcp6'].flatMap((table) => listenersIn(table, port));
    if (listeners.length === 0) return null;
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((name) => listeners.includes(inodeOf(`${folder}/${name}`)));
  } catch {
    return null;
  }
}

/** Addresses that loopback reaches, as the kernel writes them: 127.0.0.1, and any. */
const reached = new Set([
  '0100007F',
  '00000000',
  '00000000000000000000000000000000',
  '0000000000000000FFFF00000100007F',
]);

/** Inodes of the sockets that listen on a port. */
function listenersIn(table: string, port: number): string[] {
  let text: string;
  try {
    text = readFileSync(`/proc/net/${table}`, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const [address = '', number = ''] = local.split(':');
    return state === listening && Number.parseInt(number, 16) === port && reached.has(address) ? [inode] : [];
  });
}

const listening = '0A';

function inodeOf(link: string): string {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.[1] ?? '';
  } catch {
    // It was closed in this moment.
    return '';
  }
}

function ownsByLsof(pid: number, port: number): boolean | null {
  try {
    execFileSync('lsof', ['-nP', '-a', '-p', String(pid), `-iTCP:${port}`, '-sTCP:LISTEN', '-t'], {
      stdio: 'ignore',
      env: systemEnvironment(),
      timeout: 10_000,
    });
    return true;
  } catch (error) {
    // It ends with 1 where it finds nothing.
    return (error as { status?: number }).status === 1 ? false : null;
  }
}
