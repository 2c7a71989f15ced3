import type { ChildProcess } from 'node:child_process';
import { type Announce, stopProcess } from './processes/managed-process.ts';
import { partNames, type Home, type PartName } from './home/home.ts';
import { recoverHome } from './home/recover-home.ts';
import { startPostgres } from './postgres-server/postgres.ts';
import { findServer, keepServer } from './temporal-server/home-server.ts';
import type { Surroundings } from './temporal-server/temporal-binary.ts';
import { startTemporal } from './temporal-server/temporal.ts';

/** Which parts of the stack are embedded. */
export interface EmbeddedParts {
  readonly postgres: boolean;
  readonly temporal: boolean;
}

/** The servers that were started. */
export interface StartedStack {
  readonly postgres: ChildProcess | null;
  readonly temporal: ChildProcess | null;
}

/**
 * Starts the embedded parts, after stopping what an earlier, killed process of this home left running.
 * @throws EmbeddedUnavailable; nothing is left running then
 */
export async function startStack(
  home: Home,
  embedded: EmbeddedParts,
  surroundings: Surroundings,
  announce: Announce,
  signal?: AbortSignal,
): Promise<StartedStack> {
  await stopSurvivors(home, announce);
  try {
    const failed = new AbortController();
    const startedBoth = [
      embedded.postgres ? startOwnPostgres(home, announce) : Promise.resolve(null),
      embedded.temporal
        ? startOwnTemporal(home, surroundings, announce, AbortSignal.any([failed.signal, ...(signal ? [signal] : [])]))
        : Promise.resolve(null),
    ] as const;
    // A download or a build is not waited for where PostgreSQL does not start.
    startedBoth[0].catch(() => failed.abort());
    // Both settle before either's failure is acted on: what has started must be known to be stopped.
    const [postgres, temporal] = await Promise.allSettled(startedBoth);
    if (postgres.status === 'rejected') throw postgres.reason;
    if (temporal.status === 'rejected') throw temporal.reason;
    return { postgres: postgres.value, temporal: temporal.value };
  } catch (error) {
    await stopStack(home);
    throw error;
  }
}

async function startOwnPostgres(home: Home, announce: Announce): Promise<ChildProcess> {
  announce('starting PostgreSQL …');
  return startPostgres(home, announce);
}

/** The first time the server may have to be downloaded: that takes longer than PostgreSQL needs to start. */
async function startOwnTemporal(
  home: Home,
  surroundings: Surroundings,
  announce: Announce,
  signal: AbortSignal,
): Promise<ChildProcess> {
  const program = await findServer(home, surroundings, announce, signal);
  signal.throwIfAborted();
  announce('starting the Temporal server …');
  const child = await startTemporal(home, program);
  await keepServer(program, surroundings, announce);
  return child;
}

/**
 * Stops all parts in order: the worker first, so that it can hand its work back; PostgreSQL last. Where the home cannot be written,
 * as on a full disk, the others are stopped anyway.
 */
export async function stopStack(home: Home): Promise<void> {
  const failures: unknown[] = [];
  for (const part of partNames) await stopProcess(home, part).catch((error: unknown) => failures.push(error));
  for (const failure of failures) throw failure;
}

/**
 * Stops what an earlier, killed process of this home left running. Where the home does not know it any more, it is found
 * again.
 */
export async function stopSurvivors(home: Home, announce: Announce): Promise<void> {
  recoverHome(home, announce);
  const survivors = partNames.filter((part: PartName) => home.isRunning(part));
  if (survivors.length > 0) announce(`stopping what an earlier start left running: ${survivors.join(', ')} …`);
  await stopStack(home);
}
