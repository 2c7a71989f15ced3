import { inParallel } from '../../domain/in-parallel.ts';
import { namedBlobs, type NamedBlobs } from '../../domain/state/named-blobs.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import { FanOutStore } from '../fan-out/fan-out-store.ts';
import { readState } from './states.ts';

/** A poll that is still open may name younger ones. */
const minAgeMs = 7 * 24 * 3_600_000;
/** Sources that are looked at together. */
const atOnce = 16;

const kinds = {
  keys: storePaths.pollKeys,
  files: storePaths.fileProgress,
  items: storePaths.feedItems,
  parents: storePaths.fanOut,
};
type Kind = keyof typeof kinds;

/**
 * Deletes blobs that no state names, a week after they were written: a poll deletes those that its state named before, but not what a poll
 * has left that never came to its end. Where one was still needed, that costs work, not data.
 * @returns how many
 */
export async function sweepNamedBlobs(store: BlobStore, signal: AbortSignal, now = new Date()): Promise<number> {
  const old = new Map<string, Record<Kind, string[]>>();
  for (const kind of Object.keys(kinds) as Kind[]) {
    for (const path of await store.listOlder(kinds[kind].folder({}), new Date(now.getTime() - minAgeMs))) {
      const source = kinds[kind].parse(path)?.source;
      if (source === undefined) continue;
      const found = old.get(source) ?? { keys: [], files: [], items: [], parents: [] };
      old.set(source, found);
      found[kind].push(path);
    }
  }
  let deleted = 0;
  await inParallel([...old], atOnce, async ([source, paths]) => {
    signal.throwIfAborted();
    const { state, damaged } = await readState(store, source);
    if (damaged) return;
    const named = state && (await namesOf(store, source, state));
    for (const kind of Object.keys(kinds) as Kind[]) {
      const names = new Set(named?.[kind].map((name) => kinds[kind].build({ source, name })));
      // The items of a feed stay valid without a state, and replace those that it names and that are gone.
      if (kind === 'items' && !(await areThere(store, names))) continue;
      for (const path of paths[kind]) {
        if (names.has(path)) continue;
        await store.delete(path);
        deleted++;
      }
    }
  });
  return deleted;
}

async function namesOf(
  store: BlobStore,
  source: string,
  state: SourceState,
): Promise<NamedBlobs & { readonly parents: readonly string[] }> {
  const named = namedBlobs(state);
  const { blobs, keys } = await new FanOutStore(store).namesOf(source, state.fanOut);
  return { ...named, keys: [...named.keys, ...keys], parents: [...blobs] };
}

async function areThere(store: BlobStore, paths: ReadonlySet<string>): Promise<boolean> {
  const found = await Promise.all([...paths].map((path) => store.get(path)));
  return found.length > 0 && !found.includes(null);
}
