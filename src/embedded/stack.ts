import type { ChildProcess } from 'node:child_process';
import type { Announce } from './announce.ts';
import { partNames, type Home, type PartName } from './home.ts';
import { stopPart } from './part.ts';
import { startPostgres } from './postgres.ts';
import { findTemporal, type Surroundings } from './temporal-binary.ts';
import { startTemporal } from './temporal.ts';

/** Which halves of the stack are embedded. */
export interface Halves {
  readonly postgres: boolean;
  readonly temporal: boolean;
}

/** The servers that were started. */
export interface StartedStack {
  readonly postgres: ChildProcess | null;
  readonly temporal: ChildProcess | null;
}

/**
 * Starts the embedded halves, after stopping what an earlier, killed process of this home left running.
 * @throws EmbeddedUnavailable; nothing is left running then
 */
export async function startStack(
  home: Home,
  halves: Halves,
  surroundings: Surroundings,
  announce: Announce,
  signal?: AbortSignal,
): Promise<StartedStack> {
  await stopSurvivors(home, announce);
  try {
    const program = halves.temporal ? await findTemporal(surroundings, announce, signal) : null;
    if (halves.postgres) announce('starting PostgreSQL …');
    if (program !== null) announce('starting the Temporal server …');
    // Both settle before either's failure is acted on: what has started must be known to be stopped.
    const [postgres, temporal] = await Promise.allSettled([
      halves.postgres ? startPostgres(home, announce) : null,
      program === null ? null : startTemporal(home, program),
    ]);
    if (postgres.status === 'rejected') throw postgres.reason;
    if (temporal.status === 'rejected') throw temporal.reason;
    return { postgres: postgres.value, temporal: temporal.value };
  } catch (error) {
    await stopStack(home);
    throw error;
  }
}

/** Stops all parts in order: the worker first, so that it can hand its work back; PostgreSQL last. */
export async function stopStack(home: Home): Promise<void> {
  for (const part of partNames) await stopPart(home, part);
}

/** Stops what an earlier, killed process of this home left running. */
export async function stopSurvivors(home: Home, announce: Announce): Promise<void> {
  const survivors = partNames.filter((part: PartName) => home.isRunning(part));
  if (survivors.length > 0) announce(`stopping what an earlier start left running: ${survivors.join(', ')} …`);
  await stopStack(home);
}
