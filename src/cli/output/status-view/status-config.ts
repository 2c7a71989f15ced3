import { ConfigProblems } from '../../../config/file/problem.ts';
import type { BlobStore } from '../../../store/blobs/blob-store.ts';
import { listStates } from '../../../store/run/states.ts';
import { knownSources, unknownSource, type KnownSources } from '../../../status/known-sources.ts';
import { loadConfig, type Context } from '../../options/context.ts';

/** A configuration that cannot be used is a finding, not a failure: the worker goes on with the last good one. */
export async function readKnownSources(context: Context, store: BlobStore): Promise<KnownSources> {
  try {
    return knownSources(loadConfig(context), null);
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    const names = await listStates(store);
    // Nothing has ever run here: a wrong --config is a mistake to be told of.
    if (names.length === 0) throw error;
    return { sources: names.map(unknownSource), premake: null, broken: error.message };
  }
}
