import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A file system of its own at a folder. */
export interface SmallDisk {
  /** Takes all the space that is left. */
  fill(): void;
  /** Gives it back. */
  free(): void;
  readOnly(on: boolean): void;
  remove(): void;
}

/** Runs a command of the system as root; null if this user may not. */
function asRoot(command: string, ...args: string[]): boolean {
  const [program, all] = process.geteuid?.() === 0 ? [command, args] : ['sudo', ['-n', command, ...args]];
  return spawnSync(program, all, { stdio: 'ignore' }).status === 0;
}

/**
 * Mounts a file system of a few megabytes in memory at a folder, which it makes. Null if this user may not mount: such tests are
 * skipped.
 */
export function mountSmallDisk(folder: string, size: string): SmallDisk | null {
  // The folder that is used is a bind mount: it alone is made read-only.
  const disk = `${folder}.disk`;
  for (const path of [folder, disk]) mkdirSync(path, { recursive: true });
  if (process.platform !== 'linux' || !asRoot('mount', '-t', 'tmpfs', '-o', `size=${size},mode=0777`, 'tmpfs', disk)) {
    rmSync(disk, { recursive: true });
    return null;
  }
  const ballast = join(disk, 'ballast');
  must(asRoot('mount', '--bind', disk, folder), 'mount');
  return {
    fill() {
      const file = openSync(ballast, 'a');
      try {
        for (const bytes of [64 * 1024, 4 * 1024]) fillBy(file, bytes);
      } finally {
        closeSync(file);
      }
      if (statfsSync(disk).bavail !== 0) throw new Error(`${disk} is not full`);
    },
    free: () => rmSync(ballast, { force: true }),
    readOnly: (on) => must(asRoot('mount', '-o', `remount,bind,${on ? 'ro' : 'rw'}`, folder), 'remount'),
    remove() {
      asRoot('umount', '--lazy', folder);
      asRoot('umount', '--lazy', disk);
      rmSync(disk, { recursive: true, force: true });
    },
  };
}

function fillBy(file: number, bytes: number): void {
  try {
    for (;;) writeSync(file, Buffer.alloc(bytes, 1));
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOSPC') throw error;
  }
}

function must(done: boolean, what: string): void {
  if (!done) throw new Error(`could not ${what}`);
}
