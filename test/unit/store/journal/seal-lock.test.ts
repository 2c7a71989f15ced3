import { existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { withSealLock, type LockOptions } from '../../../../src/store/journal/folder/seal-lock.ts';
import { JournalBusy } from '../../../../src/store/journal/seal-context.ts';
import { until } from '../../../support/until.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';

const folder = useTemporaryFolder();
const hour = 3_600_000;
const path = () => join(folder.path, 'news', '.seal.lock');
const lock = (options: Partial<LockOptions> = {}, work = async () => 'done') =>
  withSealLock(folder.path, 'news', { signal: new AbortController().signal, ...options }, work);
const impatient = { impatient: true };

beforeEach(() => mkdirSync(join(folder.path, 'news')));
afterEach(() => void vi.useRealTimers());

/** A lock that another machine holds, last renewed so long ago. */
function held(ageMs: number): void {
  writeFileSync(path(), 'elsewhere/1/x');
  const at = new Date(Date.now() - ageMs);
  utimesSync(path(), at, at);
}

describe('the lock of another machine', () => {
  test.each([0, 30_000, 50_000])('that was renewed %i ms ago is held', async (ageMs) => {
    held(ageMs);
    await expect(lock(impatient)).rejects.toThrow(JournalBusy);
    expect(readFileSync(path(), 'utf8')).toBe('elsewhere/1/x');
  });

  test.each([
    ['that was not renewed for a minute', 65_000],
    ['of a time to come', -25 * hour],
    ['of days ago', 100 * hour],
  ])('%s is void', async (_what, ageMs) => {
    held(ageMs);
    expect(await lock(impatient)).toBe('done');
    expect(existsSync(path())).toBe(false);
  });

  test.each([-25 * hour, 25 * hour])('is held, also for a process whose clock is %i ms off', async (offMs) => {
    held(0);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + offMs });
    await expect(lock(impatient)).rejects.toThrow('journal: news is locked by process 1 of elsewhere');
  });

  test('is waited for, with a message, and taken once it is released', async () => {
    held(0);
    const reported: string[] = [];
    const waiting = lock({ onWait: (holder) => reported.push(holder) });
    await until('it waits', () => reported.length > 0);
    rmSync(path());
    expect(await waiting).toBe('done');
    expect(new Set(reported)).toEqual(new Set(['process 1 of elsewhere']));
  });

  test('that was cut short while it was written is held, and void after a minute', async () => {
    held(0);
    writeFileSync(path(), '');
    await expect(lock(impatient)).rejects.toThrow('is locked by another process');
    held(65_000);
    expect(await lock()).toBe('done');
  });
});

test('its holder renews it every ten seconds, by the clock of the file system', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'], now: Date.now() + 25 * hour });
  await lock({}, async () => {
    const past = new Date('2026-11-01T00:00:00Z');
    utimesSync(path(), past, past);
    vi.advanceTimersByTime(10_000);
    vi.useRealTimers();
    const age = () => Math.abs(statSync(path()).mtimeMs - Date.now());
    await until('it is renewed', () => age() < 5_000);
    await expect(lock(impatient)).rejects.toThrow(JournalBusy);
    return 'done';
  });
});

test('a former holder does not renew or delete the lock of another', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  await lock({}, async () => {
    rmSync(path());
    held(50_000);
    const { mtimeMs } = statSync(path());
    await vi.advanceTimersByTimeAsync(20_000);
    expect(statSync(path()).mtimeMs).toEqual(mtimeMs);
    expect(readFileSync(path(), 'utf8')).toBe('elsewhere/1/x');
    return 'done';
  });
  expect(existsSync(path())).toBe(true);
});
