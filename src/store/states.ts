import { forgetPoll, isSourceState, type SourceState } from '../domain/state.ts';
import type { BlobStore } from './blob-store.ts';

export interface StoredState {
  /** Null where the source has never run or was reset, or where its blob cannot be read. */
  readonly state: SourceState | null;
  /** The blob is there, but no state: a hand or a disk damaged it. */
  readonly damaged: boolean;
}

/** Reads what a source remembers. A state is a claim that saves work: without it the source is polled afresh. */
export async function readState(store: BlobStore, source: string): Promise<StoredState> {
  const content = await store.get(statePath(source));
  if (!content) return { state: null, damaged: false };
  const state = parseState(content.toString());
  return { state, damaged: state === null };
}

function parseState(text: string): SourceState | null {
  try {
    const value: unknown = JSON.parse(text);
    return isSourceState(value) ? value : null;
  } catch {
    return null;
  }
}

/** Names of the sources that remember something. */
export async function listStates(store: BlobStore): Promise<string[]> {
  const paths = await store.list('state');
  return paths.flatMap((path) => /^state\/(.+)\.json$/.exec(path)?.[1] ?? []);
}

export async function writeState(store: BlobStore, source: string, state: SourceState): Promise<void> {
  await store.put(statePath(source), `${JSON.stringify(state, null, 2)}\n`);
}

/** Drops what the last polls of sources remember, so that it cannot hide a record from the next ones. May be repeated. */
export async function forgetPolls(store: BlobStore, sources: Iterable<string>): Promise<void> {
  for (const source of sources) {
    const { state } = await readState(store, source);
    if (state) await writeState(store, source, forgetPoll(state));
  }
}

export async function deleteState(store: BlobStore, source: string): Promise<void> {
  await store.delete(statePath(source));
}

function statePath(source: string): string {
  return `state/${source}.json`;
}
