import type { SourceState } from '../domain/state.ts';
import type { BlobStore } from './blob-store.ts';

/** Reads what a source remembers; null where it has never run or was reset. */
export async function readState(store: BlobStore, source: string): Promise<SourceState | null> {
  const content = await store.get(statePath(source));
  return content ? (JSON.parse(content.toString()) as SourceState) : null;
}

export async function writeState(store: BlobStore, source: string, state: SourceState): Promise<void> {
  await store.put(statePath(source), `${JSON.stringify(state, null, 2)}\n`);
}

export async function deleteState(store: BlobStore, source: string): Promise<void> {
  await store.delete(statePath(source));
}

function statePath(source: string): string {
  return `state/${source}.json`;
}
