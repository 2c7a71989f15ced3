import { forgetPoll, isSourceState, type SourceState } from '../domain/state.ts';
import type { BlobStore } from './blob-store.ts';

/**
 * What a source remembers is in `state/<source>.json`, saved by its runs. A command that changes it writes the new state
 * also to `state-epochs/<source>/<n>`, which is never replaced: what a run that began before saves later has a lower epoch,
 * and counts for nothing.
 */
export interface StoredState {
  /** Null where the source has never run or was reset, or where its blob cannot be read. */
  readonly state: SourceState | null;
  /** The blob is there, but no state: a hand or a disk damaged it. */
  readonly damaged: boolean;
  /** Of the state; what descends from it has the same. 0 = no command has changed it. */
  readonly epoch: number;
}

/** Reads what a source remembers. A state is a claim that saves work: without it the source is polled afresh. */
export async function readState(store: BlobStore, source: string): Promise<StoredState> {
  const content = await store.get(statePath(source));
  const saved = content && parseState(content.toString());
  const epoch = saved?.epoch ?? 0;
  const newest = await newestEpoch(store, source, saved ? epoch : null);
  if (newest > epoch) return readEpoch(store, source, newest);
  return { state: saved, damaged: content !== null && saved === null, epoch };
}

/** Whether a command has changed the state since the epoch. */
export async function isSuperseded(store: BlobStore, source: string, epoch: number): Promise<boolean> {
  return (await store.get(epochPath(source, epoch + 1))) !== null;
}

/**
 * Changes what a source remembers, for good: runs that are open meanwhile cannot undo it. May be repeated.
 * @param change gets the state, or null; what it returns is the new one, null = the next run begins afresh
 */
export async function changeState(
  store: BlobStore,
  source: string,
  change: (state: SourceState | null) => SourceState | null,
): Promise<void> {
  for (;;) {
    const { state, epoch } = await readState(store, source);
    const changed = change(state);
    const next = changed && { ...changed, epoch: epoch + 1 };
    // Another command may change it at the same time: then ours changes what that has made of it.
    if (!(await store.putIfAbsent(epochPath(source, epoch + 1), `${JSON.stringify({ state: next })}\n`))) continue;
    // Where it is read first, and where 0.2.0 looks for it.
    if (next) await writeState(store, source, next);
    else await store.delete(statePath(source));
    return;
  }
}

/** Names of the sources that remember something. */
export async function listStates(store: BlobStore): Promise<string[]> {
  const paths = await store.list('state');
  return paths.flatMap((path) => /^state\/(.+)\.json$/.exec(path)?.[1] ?? []);
}

/** Saves what a run knows. Commands use {@link changeState}. */
export async function writeState(store: BlobStore, source: string, state: SourceState): Promise<void> {
  await store.put(statePath(source), `${JSON.stringify(state, null, 2)}\n`);
}

/** Drops what the last polls of sources remember, so that it cannot hide a record from the next ones. May be repeated. */
export async function forgetPolls(store: BlobStore, sources: Iterable<string>): Promise<void> {
  for (const source of sources) await changeState(store, source, (state) => state && forgetPoll(state));
}

/** Forgets all that sources remember. May be repeated. */
export async function resetStates(store: BlobStore, sources: Iterable<string>): Promise<void> {
  for (const source of sources) await changeState(store, source, () => null);
}

/**
 * The number of the newest change by a command; 0 = there is none. They follow each other without a gap.
 * @param from the epoch of a state that is known; null = none is
 */
async function newestEpoch(store: BlobStore, source: string, from: number | null): Promise<number> {
  if (from === null) {
    const paths = await store.list(epochFolder(source));
    return Math.max(0, ...paths.map((path) => Number(/\/(\d+)$/.exec(path)?.[1] ?? 0)));
  }
  let newest = from;
  while (await isSuperseded(store, source, newest)) newest++;
  return newest;
}

async function readEpoch(store: BlobStore, source: string, epoch: number): Promise<StoredState> {
  const content = await store.get(epochPath(source, epoch));
  const change = content && parseChange(content.toString());
  return change ? { ...change, damaged: false, epoch } : { state: null, damaged: true, epoch };
}

/** Null where it is no change of a state. */
function parseChange(text: string): Pick<StoredState, 'state'> | null {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || !('state' in value)) return null;
  if (value.state === null) return { state: null };
  return isSourceState(value.state) ? { state: value.state } : null;
}

function parseState(text: string): SourceState | null {
  const value = parseJson(text);
  return isSourceState(value) ? value : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function statePath(source: string): string {
  return `state/${source}.json`;
}

function epochFolder(source: string): string {
  return `state-epochs/${source}`;
}

function epochPath(source: string, epoch: number): string {
  return `${epochFolder(source)}/${epoch}`;
}
