// Runs tests, whose temporary folders are in memory where that is possible.
import { accessSync, chmodSync, constants, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { runPackage } from './run-step.js';

const memory = '/dev/shm';
/** Four times what the tests were seen to use at once. */
const neededBytes = 4 * 1024 ** 3;

/** Runs vitest once, and removes what tests left in memory; returns its exit code. */
export function runTests(projects, args) {
  // Ctrl-C reaches vitest as well, which ends its servers first: until then this process has to wait for it.
  process.on('SIGINT', () => undefined);
  const removeFolder = useMemory();
  const code = runPackage('vitest', 'vitest', ['run', ...projects.flatMap((name) => ['--project', name]), ...args]);
  removeFolder();
  return code;
}

/**
 * Puts the temporary folders of tests into one folder in memory where there is room: they make a database for nearly every test,
 * and a disk that confirms each write takes longer for them than the processors do. A TMPDIR that is set is used as it is.
 * @returns removes the folder
 */
function useMemory() {
  if (process.env.TMPDIR || !hasRoom()) return () => undefined;
  const folder = mkdtempSync(join(memory, 'daybook-tests-'));
  // PostgreSQL has a user of its own where tests run as root.
  chmodSync(folder, 0o755);
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}

function hasRoom() {
  try {
    const { bavail, bsize } = statfsSync(memory);
    accessSync(memory, constants.W_OK);
    return bavail * bsize >= neededBytes && runsPrograms();
  } catch {
    // Not Linux, or no such folder: tests use the usual one.
    return false;
  }
}

/** Some tests start programs from their folder, which a container often forbids there. */
function runsPrograms() {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  const mount = mounts.find(([, place]) => place === memory);
  return mount !== undefined && !mount[3].split(',').includes('noexec');
}
