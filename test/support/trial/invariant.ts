import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'vitest';
import { imbalance, type Receipt, type Tally } from '../../../src/domain/run/receipt.ts';
import { csvRowsBelow } from '../csv-rows.ts';
import type { Handed } from './served.ts';
import { jsonLines, sources, type Trial } from './trial.ts';

/** What a fault may leave that the invariant does not allow otherwise. */
export interface Allowed {
  /** Workflows were ended from outside: their receipts are missing. */
  readonly missingReceipts?: boolean;
  /** Batches of runs that did not settle them are in the spool, until the rollover sweeps them. */
  readonly spool?: boolean;
}

/** What two faults may leave. */
export function together(a: Allowed, b: Allowed): Allowed {
  return {
    missingReceipts: a.missingReceipts === true || b.missingReceipts === true,
    spool: a.spool === true || b.spool === true,
  };
}

/**
 * Compares everything visible from outside while the trial is at rest: all served records are stored once in both sinks, invalid
 * ones are dead letters, and nothing is left in flight.
 */
export async function checkInvariant(trial: Trial, allowed: Allowed = {}): Promise<void> {
  for (const source of sources) await checkSource(trial, source, trial.served[source]);
  checkReceipts(trial, allowed);
  expect(leftovers(trial, allowed)).toEqual([]);
  let { status, code } = await statusOf(trial);
  // The canary of every five minutes may have met a fault; only the next one would find that it is over.
  if (status.alerts.some(({ name }) => name === 'canary')) {
    await trial.command('smoke');
    ({ status, code } = await statusOf(trial));
  }
  expect(status.alerts.map(({ source, name }) => `${source}/${name}`)).toEqual([]);
  expect(status.sources.map(({ health }) => health).filter((health) => !['ok', 'paused'].includes(health))).toEqual([]);
  expect(code).toBe(0);
}

interface Status {
  readonly alerts: readonly { readonly source: string; readonly name: string }[];
  readonly sources: readonly { readonly health: string }[];
}

async function statusOf(trial: Trial): Promise<{ status: Status; code: number | null }> {
  const { stdout, code } = await trial.sandbox.run(['status', '--json', '--check']);
  return { status: JSON.parse(stdout) as Status, code };
}

async function checkSource(trial: Trial, source: string, { valid, invalid }: Handed): Promise<void> {
  const served = [...valid].sort();
  const ids = async (table: string) => {
    const rows = await trial.sql<{ source_id: string }>(`select source_id from ${table} where source = '${source}'`);
    return rows.map((row) => row.source_id).sort();
  };
  expect(await ids('raw_events'), `rows of ${source}`).toEqual(served);
  expect(await ids('raw_event_keys'), `keys of ${source}`).toEqual(served);
  const journal = csvRowsBelow(trial.path('data', 'csv', source)).map((row) => row['source_id'] ?? '');
  expect([...new Set(journal)].sort(), `CSV of ${source}`).toEqual(served);
  const letters = jsonLines<{ record: unknown }>(
    await trial.command('dead-letters', 'list', '--json', '--source', source),
  );
  const refused = letters.map(({ record }) => (typeof record === 'string' ? record : JSON.stringify(record)));
  expect(refused.sort(), `dead letters of ${source}`).toEqual([...invalid].sort());
}

/** Each receipt balances; together, with those of deliveries, they account for each row once. */
function checkReceipts(trial: Trial, allowed: Allowed): void {
  const receipts = jsonFiles<Receipt>(trial, 'receipts');
  // A run that failed leaves to the next one what it did not settle.
  const ended = receipts.filter((receipt) => !('error' in receipt));
  expect(ended.filter((receipt) => imbalance(receipt as Tally) !== null)).toEqual([]);
  if (allowed.missingReceipts) return;
  const deliveries = jsonFiles<{ counts: { written: number }; sink: string }>(trial, 'deliveries');
  const written =
    receipts.reduce((sum, { postgres }) => sum + postgres.written, 0) +
    deliveries.reduce((sum, { sink, counts }) => sum + (sink === 'postgres' ? counts.written : 0), 0);
  expect(written, 'rows that receipts account for').toBe(
    sources.reduce((sum, source) => sum + trial.served[source].valid.size, 0),
  );
}

/** What is on its way, or was left there. What a kill left half written is swept after a day: rollover.test.ts has that. */
function leftovers(trial: Trial, { spool }: Allowed): string[] {
  let left = filesBelow(trial.path('data')).filter((path) => /^(?:spool|deferred|lost|damaged)\//.test(path));
  // A write that was killed may have left its temporary file.
  left = left.filter((path) => !path.endsWith('.tmp'));
  return spool ? left.filter((path) => !path.startsWith('spool/')) : left;
}

function jsonFiles<T>(trial: Trial, folder: string): T[] {
  const root = trial.path('data', folder);
  return filesBelow(root).map((path) => JSON.parse(readFileSync(join(root, path), 'utf8')) as T);
}

function filesBelow(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}
