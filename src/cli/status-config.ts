import { ConfigProblems } from '../config/problem.ts';
import type { BlobStore } from '../store/blob-store.ts';
import { listStates } from '../store/states.ts';
import { loadConfig, type Context } from './context.ts';

export interface KnownSource {
  readonly name: string;
  readonly everyMs: number | null;
  /** Its schedule is a cron line: only the server knows when it is due. */
  readonly isCron: boolean;
}

/** The sources that status tells of. */
export interface KnownSources {
  readonly sources: readonly KnownSource[];
  /** Days that are to have a partition ahead; null where that cannot be read. */
  readonly premake: number | null;
  /** What is wrong with the configuration; the sources are then those that remember something. */
  readonly broken: string | null;
}

/** A configuration that cannot be used is a finding, not a failure: the worker goes on with the last good one. */
export async function readKnownSources(context: Context, store: BlobStore): Promise<KnownSources> {
  try {
    const { sources, partitions } = loadConfig(context);
    const known = sources.map(({ name, schedule }) => ({
      ...{ name, everyMs: schedule?.every ?? null, isCron: schedule?.cron !== undefined },
    }));
    return { sources: known, premake: partitions.premake, broken: null };
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    const names = await listStates(store);
    // Nothing has ever run here: a wrong --config is a mistake to be told of.
    if (names.length === 0) throw error;
    return { sources: names.map(unknownSource), premake: null, broken: error.message };
  }
}

/** A source of which no more than its name is known. */
export function unknownSource(name: string): KnownSource {
  return { name, everyMs: null, isCron: false };
}
