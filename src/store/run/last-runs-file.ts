import { isObject } from '../../domain/is-object.ts';
import type { LastRun, RunState, UnchangedPolls } from '../../domain/run/last-run.ts';
import { emptyTally, type FailedReceipt, type Receipt } from '../../domain/run/receipt.ts';
import { storedJson, hasFields, isTime, readStoredJson } from '../blobs/stored-json.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import { isReceipt } from './receipts.ts';

/** What a worker has written of the last run of each source. */
export interface LastRunsFile {
  /** Tells processes of the same name apart. */
  readonly writer: string;
  readonly at: string;
  /** By source. */
  readonly runs: ReadonlyMap<string, LastRun>;
}

/** As it is written: the counts of a receipt that are 0, and its source, are left out. */
interface Written {
  readonly writer: string;
  readonly at: string;
  readonly sources: Readonly<Record<string, unknown>>;
}

export async function writeLastRunsFile(store: BlobStore, worker: string, file: LastRunsFile): Promise<void> {
  const sources = Object.fromEntries([...file.runs].map(([source, run]) => [source, compact(run)]));
  const written: Written = { writer: file.writer, at: file.at, sources };
  await store.put(storePaths.lastRuns.build({ worker }), storedJson(written));
}

/** Null if there is none, or where it is damaged. */
export function readLastRunsFile(store: BlobStore, worker: string): Promise<LastRunsFile | null> {
  return readAt(store, storePaths.lastRuns.build({ worker }));
}

export function deleteLastRunsFile(store: BlobStore, worker: string): Promise<void> {
  return store.delete(storePaths.lastRuns.build({ worker }));
}

/**
 * The workers that have left a file, and what it says; damaged ones are left out.
 * @param except a worker whose file need not be read
 */
export async function readLastRunsFiles(
  store: BlobStore,
  except: string | null = null,
): Promise<ReadonlyMap<string, LastRunsFile>> {
  const paths = await store.list(storePaths.lastRuns.folder({}));
  const files = await Promise.all(
    paths.map(async (path): Promise<readonly [string, LastRunsFile][]> => {
      const place = storePaths.lastRuns.parse(path);
      const file = place && place.worker !== except ? await readAt(store, path) : null;
      return place && file ? [[place.worker, file]] : [];
    }),
  );
  return new Map(files.flat());
}

async function readAt(store: BlobStore, path: string): Promise<LastRunsFile | null> {
  const found = await readStoredJson(store, path, 'the last runs of a worker', isWritten);
  if (found === null) return null;
  const runs = new Map<string, LastRun>();
  for (const [source, value] of Object.entries(found.sources)) {
    const run = expand(source, value);
    // That of a later version may say it otherwise: then the receipts say it.
    if (run) runs.set(source, run);
  }
  return { writer: found.writer, at: found.at, runs };
}

function isWritten(value: unknown): value is Written {
  return hasFields(value, { writer: 'string', at: 'time', sources: 'object' });
}

const zeros: Readonly<Record<string, unknown>> = { ...emptyTally };

function compact({ receipt, ...run }: LastRun): object {
  const { source: _, ...fields } = receipt;
  const kept = Object.entries(fields).filter(([name, value]) => !isZero(name, value));
  return { ...run, receipt: Object.fromEntries(kept) };
}

function isZero(name: string, value: unknown): boolean {
  const zero = zeros[name];
  if (!isObject(zero) || !isObject(value)) return zero !== undefined && zero === value;
  return Object.keys(zero).every((key) => value[key] === zero[key]);
}

function expand(source: string, value: unknown): LastRun | null {
  if (!isObject(value) || !isObject(value['receipt'])) return null;
  const receipt: Record<string, unknown> = { source, ...emptyTally, ...value['receipt'] };
  const { state, succeededAt, storedAt, unchanged } = value;
  const isWhole =
    isReceipt(receipt) &&
    (state === null || isState(state)) &&
    [succeededAt, storedAt].every((time) => time === null || isTime(time)) &&
    (unchanged === null || hasFields(unchanged, { count: 'number', since: 'time' }));
  if (!isWhole) return null;
  return {
    receipt: receipt as unknown as Receipt | FailedReceipt,
    state: state as RunState | null,
    succeededAt: succeededAt as string | null,
    storedAt: storedAt as string | null,
    unchanged: unchanged as UnchangedPolls | null,
  };
}

function isState(value: unknown): boolean {
  return hasFields(value, { epoch: 'number', watermark: 'string?', failures: 'number', lastNewAt: 'string?' });
}
