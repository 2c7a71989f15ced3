import { createHash } from 'node:crypto';
import type { Grid } from '../../domain/monitoring/schedule-starts.ts';
import { formatDuration } from '../../domain/time/duration.ts';
import type { SourceConfig } from '../schema/source-schemas.ts';
import { evenOffset } from './even-offset.ts';

/** Most sources that one group has. */
export const maxProbed = 500;

/** Which sources are probed together: those of one interval; where there are many, those of one shard. */
export interface ProbeKey {
  readonly everyMs: number;
  readonly shard: number;
  /** How many shards there are: a power of two, so that one that is divided keeps half of its sources. */
  readonly shards: number;
}

export interface ProbeGroup extends ProbeKey {
  /** `1m-0`: part of the ids of its schedule and workflows. */
  readonly name: string;
  /** Names, in order. */
  readonly sources: readonly string[];
}

/** The interval at which a source is probed; null if it has a schedule of its own, or none. */
export function probedEvery({ schedule }: Pick<SourceConfig, 'schedule'>): number | null {
  return schedule?.probe === true ? (schedule.every ?? null) : null;
}

/** The groups that the sources of a configuration are probed in. */
export function probeGroups(sources: readonly Pick<SourceConfig, 'name' | 'schedule'>[]): ProbeGroup[] {
  const byInterval = new Map<number, string[]>();
  for (const source of sources) {
    const everyMs = probedEvery(source);
    if (everyMs === null) continue;
    const names = byInterval.get(everyMs) ?? [];
    names.push(source.name);
    byInterval.set(everyMs, names);
  }
  return [...byInterval]
    .sort(([a], [b]) => a - b)
    .flatMap(([everyMs, names]) =>
      shardsOf(names.sort()).map((members, shard, all) => ({
        everyMs,
        shard,
        shards: all.length,
        name: groupName(everyMs, shard),
        sources: members,
      })),
    );
}

/** The group of each source that is probed. */
export function groupsBySource(
  sources: readonly Pick<SourceConfig, 'name' | 'schedule'>[],
): ReadonlyMap<string, ProbeGroup> {
  return new Map(probeGroups(sources).flatMap((group) => group.sources.map((name) => [name, group] as const)));
}

/** Whether a source belongs to a group that was made by an earlier configuration, or by this one. */
export function isInGroup(source: Pick<SourceConfig, 'name' | 'schedule'>, group: ProbeKey): boolean {
  return probedEvery(source) === group.everyMs && shardOf(source.name, group.shards) === group.shard;
}

/** When a group is due: it has no jitter. */
export function gridOfGroup({ everyMs, name }: Pick<ProbeGroup, 'everyMs' | 'name'>): Grid {
  const wholeMs = Math.max(1_000, Math.floor(everyMs / 1_000) * 1_000);
  return { everyMs: wholeMs, offsetMs: evenOffset(`probe-${name}`, wholeMs) };
}

function groupName(everyMs: number, shard: number): string {
  return `${formatDuration(everyMs)}-${shard}`;
}

function shardsOf(names: readonly string[]): string[][] {
  for (let shards = 1; ; shards *= 2) {
    const found: string[][] = Array.from({ length: shards }, () => []);
    for (const name of names) found[shardOf(name, shards)]?.push(name);
    if (found.every((members) => members.length <= maxProbed)) return found;
  }
}

function shardOf(name: string, shards: number): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0) % shards;
}
