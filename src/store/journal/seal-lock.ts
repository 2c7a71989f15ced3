import { randomUUID } from 'node:crypto';
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, isMissing } from '../file-errors.ts';

/** A sealer shows that it lives this often. */
const beatMs = 5_000;
/** One that has not shown it for so long is dead. */
const staleMs = 120_000;
const askMs = 500;

/** Says whether the lock is still held, right before something that must happen once. */
export type StillHeld = () => Promise<boolean>;

/**
 * Does work on a source's sealed days while no other process does: `<source>/.seal.lock`. Waits for its turn; the lock of a
 * process that died is taken over.
 */
export async function withSealLock<T>(
  folder: string,
  signal: AbortSignal,
  work: (stillHeld: StillHeld) => Promise<T>,
): Promise<T> {
  const path = join(folder, '.seal.lock');
  const token = `${hostname()}/${process.pid}/${randomUUID()}`;
  while (!(await take(path, token))) await sleep(askMs, undefined, { signal });
  const beat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), beatMs);
  const stillHeld = async () => (await readFile(path, 'utf8').catch(() => null)) === token;
  try {
    return await work(stillHeld);
  } finally {
    clearInterval(beat);
    if (await stillHeld()) await rm(path, { force: true });
  }
}

async function take(path: string, token: string): Promise<boolean> {
  try {
    await writeFile(path, token, { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  try {
    const holder = await readFile(path, 'utf8');
    const { mtime } = await stat(path);
    const isStale = Date.now() - mtime.getTime() > staleMs || isDeadHere(holder);
    // Between looking and deleting another may have taken it over: who holds it looks again before anything is replaced.
    if (isStale && (await readFile(path, 'utf8')) === holder) await rm(path, { force: true });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return false;
}

/** Whether the holder was a process of this machine that is no more. */
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
