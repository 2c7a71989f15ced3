import { constants, existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { messageOf } from '../../domain/errors.ts';
import type { Announce } from '../processes/managed-process.ts';
import { EmbeddedUnavailable } from '../embedded-unavailable.ts';
import { findTemporal, obtain } from './find-temporal.ts';
import type { Home } from '../home/home.ts';
import { describeProgram, hasDatabase, isOlder, makerOf, type ServerProgram } from './server-version.ts';
import { keptFile, presentServer } from './present-server.ts';
import { presentPrograms, type Surroundings } from './temporal-binary.ts';
import { temporalWays } from './temporal-ways.ts';
import { tryDatabase } from './try-database.ts';

/** How a server for a home is obtained and tested. */
interface Means {
  readonly ways: ReturnType<typeof temporalWays>;
  readonly tryDatabase: typeof tryDatabase;
}

/**
 * The Temporal CLI for a home: where it has a database, one with the server that made it, else one that can work with it.
 * @throws EmbeddedUnavailable
 */
export async function findServer(
  home: Home,
  surroundings: Surroundings,
  announce: Announce,
  signal?: AbortSignal,
  means: Means = { ways: temporalWays(surroundings), tryDatabase },
): Promise<ServerProgram> {
  const maker = makerOf(home);
  const database = home.path('temporal.db');
  const refusals: string[] = [];
  let own = maker === null && hasDatabase(home) ? null : presentServer(home, surroundings);
  if (own === null && maker !== null) {
    const ways = means.ways.filter(({ server }) => server === maker);
    const why = `${database} was created by server ${maker}, which is no longer available`;
    const failed = await obtain(ways, why, { announce, signal });
    for (const [name, reason] of failed) refusals.push(`  ${name}   ${reason}`);
    own = presentServer(home, surroundings);
  }
  if (own !== null) return own;
  const first = await findTemporal(surroundings, announce, signal, means.ways);
  if (!hasDatabase(home)) return describeProgram(first);
  for (const file of presentPrograms(surroundings)) {
    const program = describeProgram(file);
    const why = await whyNot(home, program, maker, means);
    signal?.throwIfAborted();
    if (why === null) {
      if (maker !== null)
        announce(`${database} was created by server ${maker}; from now on it is opened with ${program.version}`);
      return program;
    }
    refusals.push(`  ${file} (server ${program.version ?? 'unknown'})   ${why}`);
  }
  throw new EmbeddedUnavailable(
    [
      `embedded: no Temporal server found that can open ${database}, which was created by ${maker === null ? 'an unknown version' : `version ${maker}`}; tried:`,
      ...refusals,
      'Put a Temporal CLI with that server on the PATH, or move temporal.db away. Then open runs and the history of runs are lost, schedules are created again, and records and states stay.',
    ].join('\n'),
  );
}

/** Why a server does not do for a database that another one made, or an unknown one; null = it does. */
async function whyNot(
  home: Home,
  { file, version }: ServerProgram,
  maker: string | null,
  means: Means,
): Promise<string | null> {
  if (maker !== null && version !== null && isOlder(version, maker)) {
    return 'it is older: schedules of a newer server stop working in it';
  }
  return means.tryDatabase(home, file);
}

/** Less than any server has: a program that only chooses which other one to run. A copy of it keeps nothing. */
const smallestProgram = 10 * 1024 * 1024;

/** Keeps a program that is not Daybook's own: what is on the PATH may be another one tomorrow. */
export async function keepServer(
  program: ServerProgram,
  surroundings: Surroundings,
  announce: Announce,
): Promise<void> {
  const { file, version } = program;
  if (version === null || file.startsWith(surroundings.cacheFolder + sep)) return;
  const kept = keptFile(surroundings, version);
  if (existsSync(kept)) return;
  const unfinished = `${kept}.${process.pid}`;
  try {
    if ((await stat(file)).size < smallestProgram) return;
    await mkdir(dirname(kept), { recursive: true });
    await copyFile(file, unfinished, constants.COPYFILE_FICLONE);
    await chmod(unfinished, 0o755);
    await rename(unfinished, kept);
  } catch (error) {
    await rm(unfinished, { force: true });
    announce(
      `${file} could not be copied to ${dirname(kept)}, which keeps it available when the PATH changes: ${messageOf(error)}`,
    );
  }
}
