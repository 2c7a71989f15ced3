import type { Day } from '../../domain/time/day.ts';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import { retiredBefore } from '../../sinks/postgres/commands/retired-before.ts';
import { rowsInWindows } from '../../sinks/postgres/commands/rows-in-windows.ts';
import { requirePostgres, type Context } from './context.ts';
import { printInfo } from '../output/output.ts';
import { messageOf } from '../../domain/errors.ts';

/** Rows of a source in each window; null if PostgreSQL cannot be asked. */
export async function countRows(
  context: Context,
  source: string,
  windows: readonly TimeRangeText[],
): Promise<number[] | null> {
  try {
    return await rowsInWindows(requirePostgres(context), source, windows);
  } catch (error) {
    printInfo(`rows could not be counted: ${messageOf(error)}`);
    return null;
  }
}

/** The day before which days are retired; null if PostgreSQL cannot be asked. */
export async function readRetiredBefore(context: Context): Promise<Day | null> {
  try {
    return await retiredBefore(requirePostgres(context));
  } catch {
    return null;
  }
}
