import { clearPollState, type SourceState } from '../../domain/state/source-state.ts';
import { isSourceState } from '../../domain/state/stored-state.ts';
import { isObject } from '../../domain/is-object.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { reportDamage } from '../blobs/damage.ts';
import { storePaths } from '../paths/paths.ts';
import { parseStoredJson, storedJson } from '../blobs/stored-json.ts';

/**
 * The state of a source is in `state/<source>.json`, saved by its runs. A command that changes it writes the new state also to
 * `state-epochs/<source>/<n>`, which is never replaced: what a run that began before saves later has a lower epoch, and counts for
 * nothing.
 */
export interface StoredState {
  /** Null if the source has never run or was reset, or where its blob cannot be read. */
  readonly state: SourceState | null;
  /** The blob exists, but is not a state: it was damaged by hand or by a disk. */
  readonly damaged: boolean;
  /** Of the state; what descends from it has the same. 0 = no command has changed it. */
  readonly epoch: number;
}

/**
 * Reads the state of a source. A state only saves work: without it the source is polled from scratch.
 * @param listed the newest epoch, where all have been listed, see {@link listStateEpochs}: for readers that show the state
 */
export async function readState(store: BlobStore, source: string, listed?: number): Promise<StoredState> {
  const { state, damaged } = await readSaved(store, source);
  const epoch = state?.epoch ?? 0;
  const newest = listed ?? (await newestEpoch(store, source, state ? epoch : null));
  if (newest <= epoch) return { state, damaged, epoch };
  // The state written by a command is older than what was lost.
  const changed = await readEpoch(store, source, newest);
  return { ...changed, damaged: damaged || changed.damaged };
}

/** Whether a command has changed the state since the epoch. */
export async function isSuperseded(store: BlobStore, source: string, epoch: number): Promise<boolean> {
  return (await store.get(epochPath(source, epoch + 1))) !== null;
}

/**
 * Changes the state of a source, for good: runs that are open meanwhile cannot undo it. May be repeated.
 * @param change gets the state, or null; what it returns is the new one, null = the next run begins from scratch
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
    // Another command may change it at the same time: then ours changes that one's result.
    if (!(await store.putIfAbsent(epochPath(source, epoch + 1), storedJson({ state: next })))) continue;
    // Where it is read first, and where 0.2.0 looks for it.
    if (next) await writeState(store, source, next);
    else await store.delete(statePath(source));
    return;
  }
}

/** Names of the sources that have a state. */
export async function listStates(store: BlobStore): Promise<string[]> {
  const paths = await store.list(storePaths.state.folder({}));
  return paths.flatMap((path) => storePaths.state.parse(path)?.source ?? []);
}

/** The number of the newest change by a command, of each source that has one. */
export async function listStateEpochs(store: BlobStore): Promise<ReadonlyMap<string, number>> {
  const epochs = new Map<string, number>();
  for (const path of await store.list(storePaths.stateEpoch.folder({}))) {
    const found = storePaths.stateEpoch.parse(path);
    if (found) epochs.set(found.source, Math.max(found.epoch, epochs.get(found.source) ?? 0));
  }
  return epochs;
}

/** Saves what a run knows. Commands use {@link changeState}. */
export async function writeState(store: BlobStore, source: string, state: SourceState): Promise<void> {
  await store.put(statePath(source), storedJson(state, 2));
}

/** Drops what the last polls of sources left in the state, so that it cannot hide a record from the next ones. May be repeated. */
export async function forgetPolls(store: BlobStore, sources: Iterable<string>): Promise<void> {
  for (const source of sources) await changeState(store, source, (state) => state && clearPollState(state));
}

/** Removes the states of all sources. May be repeated. */
export async function resetStates(store: BlobStore, sources: Iterable<string>): Promise<void> {
  for (const source of sources) await changeState(store, source, () => null);
}

/**
 * The number of the newest change by a command; 0 = there is none. They follow each other without a gap.
 * @param from the epoch of a state that is known; null = none is
 */
async function newestEpoch(store: BlobStore, source: string, from: number | null): Promise<number> {
  if (from === null) {
    const paths = await store.list(storePaths.stateEpoch.folder({ source }));
    return paths.reduce((newest, path) => Math.max(newest, storePaths.stateEpoch.parse(path)?.epoch ?? 0), 0);
  }
  let newest = from;
  while (await isSuperseded(store, source, newest)) newest++;
  return newest;
}

async function readSaved(store: BlobStore, source: string): Promise<Omit<StoredState, 'epoch'>> {
  const path = statePath(source);
  const content = await store.get(path);
  if (!content) return { state: null, damaged: false };
  const parsed = parseStoredJson(content, 'the state of a source', isSourceState);
  if (parsed.ok) return { state: parsed.value, damaged: false };
  await reportDamage(store, { path, content, problem: parsed.problem, remains: 'nothing' });
  return { state: null, damaged: true };
}

async function readEpoch(store: BlobStore, source: string, epoch: number): Promise<StoredState> {
  const path = epochPath(source, epoch);
  const content = await store.get(path);
  if (!content) return { state: null, damaged: false, epoch };
  const parsed = parseStoredJson(content, 'a changed state', isChange);
  if (parsed.ok) return { ...parsed.value, damaged: false, epoch };
  // The change itself is remembered: a run that began before it must not undo it.
  const remains = Buffer.from(storedJson({ state: null }));
  await reportDamage(store, { path, content, problem: parsed.problem, remains });
  return { state: null, damaged: true, epoch };
}

function isChange(value: unknown): value is Pick<StoredState, 'state'> {
  return isObject(value) && (value['state'] === null || isSourceState(value['state']));
}

function statePath(source: string): string {
  return storePaths.state.build({ source });
}

function epochPath(source: string, epoch: number): string {
  return storePaths.stateEpoch.build({ source, epoch });
}
