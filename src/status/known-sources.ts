import type { Config } from '../config/file/parse-config.ts';
import { ConfigProblems } from '../config/file/problem.ts';
import { gridOfGroup, groupsBySource } from '../config/schedule/probe-groups.ts';
import { scheduleGrid } from '../config/schedule/schedule-grid.ts';
import type { Grid } from '../domain/monitoring/schedule-starts.ts';
import type { BlobStore } from '../store/blobs/blob-store.ts';
import { listStates } from '../store/run/states.ts';

/** A source in the status. */
export interface KnownSource {
  readonly name: string;
  readonly everyMs: number | null;
  /** Its schedule is a cron line: only the server knows when it is due. */
  readonly isCron: boolean;
  /** The group that it is probed in; null if it has a schedule of its own, or none. */
  readonly probe: string | null;
  /** When it is due; null if only the server can tell. */
  readonly grid: Grid | null;
}

/** The sources in the status. */
export interface KnownSources {
  readonly sources: readonly KnownSource[];
  /** Days that are to have a partition ahead; null if that cannot be read. */
  readonly premake: number | null;
  /** What is wrong with the configuration; the sources are then those that remember something. */
  readonly broken: string | null;
}

/** The sources of a configuration. */
export function knownSources({ sources, partitions }: Config, broken: string | null): KnownSources {
  const groups = groupsBySource(sources);
  const known = sources.map(({ name, schedule }) => {
    const group = groups.get(name);
    return {
      name,
      everyMs: schedule?.every ?? null,
      isCron: schedule?.cron !== undefined,
      probe: group?.name ?? null,
      grid: group ? gridOfGroup(group) : schedule ? scheduleGrid(name, schedule) : null,
    };
  });
  return { sources: known, premake: partitions.premake, broken };
}

/** A source of which only the name is known. */
export function unknownSource(name: string): KnownSource {
  return { name, everyMs: null, isCron: false, probe: null, grid: null };
}

/**
 * The sources of the configuration as it is now. One that cannot be used is a finding, not a failure: the worker continues with the
 * last good one.
 * @throws ConfigProblems if it cannot be used, and nothing has ever run here
 */
export async function readKnownSources(load: () => Config, store: BlobStore): Promise<KnownSources> {
  try {
    return knownSources(load(), null);
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    const names = await listStates(store);
    // Nothing has ever run here: a wrong --config is a mistake to report.
    if (names.length === 0) throw error;
    return { sources: names.map(unknownSource), premake: null, broken: error.message };
  }
}
