import { randomUUID } from 'node:crypto';
import { open, readFile, rm, stat, type FileHandle } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../../../domain/errors.ts';
import { isMissing } from '../../blobs/file-errors.ts';
import { timeOfFolder } from '../../blobs/folder-time.ts';
import { JournalBusy } from '../seal-context.ts';
import { journalPaths } from '../../paths/paths.ts';

/** The holder of the lock renews it this often. */
const renewMs = 10_000;
/** A lock that was not renewed for this long is void. */
const voidMs = 60_000;
const askMs = 1_000;

/** Says whether the lock is still held, right before something that must happen once. */
export type IsStillLocked = () => Promise<boolean>;

/** How to take the lock while another process holds it. */
export interface LockOptions {
  readonly signal: AbortSignal;
  /** Called with its holder, at each attempt. */
  readonly onWait?: (holder: string) => void;
  /** Fails at once instead of waiting. @default false */
  readonly impatient?: boolean;
}

/**
 * Does work on a source's sealed days while no other process does. The lock is a lease: it is void once it was not renewed for a
 * minute, by the clock of the file system that it lies on; that of this machine, or of the holder's, may be wrong. So is one with a
 * future time, and that of a dead process of this machine.
 * @throws JournalBusy if it is held, and `impatient`
 */
export async function withSealLock<T>(
  csv: string,
  source: string,
  { signal, onWait, impatient = false }: LockOptions,
  work: (stillHeld: IsStillLocked) => Promise<T>,
): Promise<T> {
  const path = join(csv, journalPaths.sealLock.build({ source }));
  const token = `${hostname()}/${process.pid}/${randomUUID()}`;
  let lock = await take(path, token);
  while (typeof lock === 'string') {
    onWait?.(lock);
    if (impatient) throw new JournalBusy(`journal: ${source} is locked by ${lock}`);
    await sleep(askMs, undefined, { signal });
    lock = await take(path, token);
  }
  const file = lock;
  // By what was opened: the path may be another's by now. A write takes the time of the file system.
  const renewal = setInterval(() => void renew(file, token).catch(() => undefined), renewMs);
  const stillHeld = async () => (await readFile(path, 'utf8').catch(() => null)) === token;
  try {
    return await work(stillHeld);
  } finally {
    clearInterval(renewal);
    await file.close();
    if (await stillHeld()) await rm(path, { force: true });
  }
}

async function renew(file: FileHandle, token: string): Promise<void> {
  await file.write(token, 0);
  await file.datasync();
}

/** @returns the lock, or who holds it */
async function take(path: string, token: string): Promise<FileHandle | string> {
  try {
    const file = await open(path, 'wx');
    await file.write(token, 0);
    return file;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  try {
    const holder = await readFile(path, 'utf8');
    const { mtimeMs } = await stat(path);
    // In this order: a lock that is renewed in between must not look like one with a future time.
    const ageMs = (await timeOfFolder(dirname(path))) - mtimeMs;
    const isVoid = ageMs > voidMs || ageMs < -renewMs || isDeadHere(holder);
    // Between the check and the deletion another process may have taken it over: the holder checks again before anything is replaced.
    if (!isVoid || (await readFile(path, 'utf8')) !== holder) return describeHolder(holder);
    await rm(path, { force: true });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return take(path, token);
}

/** `process 4711 of host`; a truncated lock does not name its holder. */
function describeHolder(holder: string): string {
  const [host, pid] = holder.split('/');
  return host && pid ? `process ${pid} of ${host}` : 'another process';
}

/** Whether the holder was a process of this machine that has ended. */
function isDeadHere(holder: string): boolean {
  const [host, pid] = holder.split('/');
  if (host !== hostname() || !(Number(pid) > 0)) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
}
