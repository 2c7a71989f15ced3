import { sinks } from '../../domain/run/sink.ts';
import type { FailedReceipt, Receipt } from '../../domain/run/receipt.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import { storedJson, hasFields, readStoredJson } from '../blobs/stored-json.ts';
import { isObject } from '../../domain/is-object.ts';
import { addDays, dayOfDate, type Day } from '../../domain/time/day.ts';

export async function writeReceipt(store: BlobStore, receipt: Receipt | FailedReceipt): Promise<void> {
  await store.put(pathOf(receipt), storedJson(receipt));
}

/** Deletes a receipt: another step of the same run has written one, or will. */
export async function deleteReceipt(store: BlobStore, receipt: Receipt | FailedReceipt): Promise<void> {
  await store.delete(pathOf(receipt));
}

/**
 * Paths of other receipts of the same run: an attempt to end it was lost after it had stored one, and the next attempt ended it at another
 * time. One run has one receipt, or its counts would be counted twice.
 */
export async function earlierReceipts(store: BlobStore, receipt: Receipt | FailedReceipt): Promise<string[]> {
  const { source, runId, startedAt, finishedAt } = receipt;
  const earlier: string[] = [];
  // Worker and server may have different clocks.
  const [first, last] = [addDays(dayOfDate(new Date(startedAt)), -1), addDays(dayOfDate(new Date(finishedAt)), 1)];
  for (let day = first; day <= last; day = addDays(day, 1)) {
    for (const path of await pathsOf(store, source, day)) {
      const found = storePaths.receipt.parse(path);
      if (found?.runId === runId && found.finishedAt !== finishedAt) earlier.push(path);
    }
  }
  return earlier;
}

/** Whether a step that was lost has ended the run of a receipt without failure: both sinks have all that it counted. */
export async function hasEndedWell(store: BlobStore, receipt: Receipt | FailedReceipt): Promise<boolean> {
  for (const path of await earlierReceipts(store, receipt)) {
    const earlier = await readReceipt(store, path);
    if (earlier && earlier.outcome !== 'failed') return true;
  }
  return false;
}

/** The receipt of a source's latest run, finished or failed; null if it has none. */
export async function readLastReceipt(
  store: BlobStore,
  source: string,
  now: Date,
): Promise<Receipt | FailedReceipt | null> {
  const recent = await listRecentReceipts(store, source, now);
  return (await readLatest(store, recent)) ?? readLatest(store, await listReceipts(store, source));
}

/** The latest of some receipts that is neither gone nor damaged. */
async function readLatest(store: BlobStore, paths: readonly string[]): Promise<Receipt | FailedReceipt | null> {
  for (const path of paths.toReversed()) {
    const receipt = await readReceipt(store, path);
    if (receipt) return receipt;
  }
  return null;
}

/** Reads a receipt; null if it is gone or damaged. */
export function readReceipt(store: BlobStore, path: string): Promise<Receipt | FailedReceipt | null> {
  return readReceiptOf(store, path, storePaths.receipt.parse(path)?.source ?? null);
}

/** The same of a receipt that lies elsewhere. @param source whose it must be; null = any source's */
export function readReceiptOf(
  store: BlobStore,
  path: string,
  source: string | null,
): Promise<Receipt | FailedReceipt | null> {
  return readStoredJson(
    store,
    path,
    'a receipt',
    (value): value is Receipt | FailedReceipt => isReceipt(value) && (source === null || value.source === source),
  );
}

const counts = ['fetched', 'accepted', 'rejected', 'unchanged', 'pages', 'batches'] as const;
const sinkCounts = ['written', 'duplicate', 'refused', 'expired', 'deferred'] as const;

export function isReceipt(value: unknown): value is Receipt | FailedReceipt {
  if (
    !hasFields(value, {
      source: 'string',
      outcome: 'string',
      workflowId: 'string',
      runId: 'string',
      resume: 'object',
      startedAt: 'time',
      finishedAt: 'time',
      csv: 'object',
      postgres: 'object',
    })
  )
    return false;
  const receipt = value as Receipt | FailedReceipt;
  return (
    counts.every((name) => isCount(receipt[name])) &&
    isCount(receipt.filtered ?? 0) &&
    sinks.every((sink) => sinkCounts.every((name) => isCount(receipt[sink][name]))) &&
    (receipt.outcome !== 'failed' ||
      (isObject(receipt.error) && hasFields(receipt.error, { type: 'string', message: 'string' })))
  );
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

/**
 * Paths of the receipts of a source, or of one day, the oldest first, one for each run: one that runs each minute leaves half a million
 * a year.
 */
export async function listReceipts(store: BlobStore, source: string, day?: Day): Promise<string[]> {
  if (day === undefined) return onePerRun(await pathsOf(store, source));
  // The run may have been ended again on the next day.
  const [paths, next] = await Promise.all([pathsOf(store, source, day), pathsOf(store, source, addDays(day, 1))]);
  const ofDay = new Set(paths);
  return onePerRun([...paths, ...next]).filter((path) => ofDay.has(path));
}

/**
 * A process that is killed after it has stored a receipt too late, and before it deletes that again, leaves two of one run: the latest
 * is that of the step which ended the run.
 */
function onePerRun(paths: readonly string[]): string[] {
  const runOf = (path: string) => storePaths.receipt.parse(path)?.runId ?? path;
  const latest = new Map(paths.map((path) => [runOf(path), path]));
  return paths.filter((path) => latest.get(runOf(path)) === path);
}

function pathsOf(store: BlobStore, source: string, day?: Day): Promise<string[]> {
  return store.list(storePaths.receipt.folder({ source, ...(day === undefined ? {} : { day }) }));
}

/** The same for the latest day that has any, among the last three. */
export async function listRecentReceipts(store: BlobStore, source: string, now: Date): Promise<string[]> {
  for (let ago = 0; ago < 3; ago++) {
    const paths = await pathsOf(store, source, addDays(dayOfDate(now), -ago));
    if (paths.length > 0) return onePerRun(paths);
  }
  return [];
}

function pathOf(receipt: Receipt | FailedReceipt): string {
  return storePaths.receipt.build({ ...receipt, day: receipt.finishedAt.slice(0, 10) });
}
