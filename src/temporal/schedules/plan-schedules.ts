import type { Client } from '@temporalio/client';
import type { SourceConfig } from '../../config/schema/source-schemas.ts';
import { describeSchedule } from './describe-schedule.ts';
import { ownershipOf, type ScheduleOwner } from './schedule-owner.ts';
import { allSettled } from '../../domain/all-settled.ts';
import { groupsBySource } from '../../config/schedule/probe-groups.ts';
import { isProbed, isRemoved } from './orphan-note.ts';
import { planListed } from './plan-listed.ts';
import { planGroup } from './plan-probes.ts';
import { knowsSearchAttribute } from '../search-attribute.ts';
import { scheduleDifferences } from './schedule-differences.ts';

/** What to do with the schedule of a source. */
export interface ScheduleChange {
  /** Its id. */
  readonly schedule: string;
  /** Null = of a group of sources that are probed. */
  readonly source: string | null;
  /**
   * `foreign`: it is not ours, and is left alone; one of our ids may be adopted. `pause`, `delete`: its source is gone from the
   * configuration, has no schedule there, or is probed.
   */
  readonly action: 'create' | 'update' | 'adopt' | 'foreign' | 'pause' | 'delete' | 'none';
  /** How the schedule differs from the configuration. */
  readonly differences: readonly string[];
  /** It was paused because its source was gone or probed, and its source is back. */
  readonly returns: boolean;
  /** Its source is probed, and needs no schedule of its own. */
  readonly probed?: true;
  /**
   * Why it is foreign. `unknown`: it has Daybook's mark, but it is unclear whether it belongs to this store. `unknown_source`: the
   * same, and the configuration has no schedule for its source either.
   */
  readonly why?: 'by_hand' | 'instance' | 'unknown' | 'unknown_source';
  /** The instance that it is of, where that is another one. */
  readonly instance?: string;
}

export interface PlanOptions {
  /** Delete schedules whose sources are gone, instead of pausing them. */
  readonly prune?: boolean;
  /** Take over schedules of our ids that are not ours. */
  readonly adopt?: boolean;
  /** Leave schedules of other sources alone: the configuration does not say which are gone. */
  readonly keepOthers?: boolean;
}

/** How many schedules are read concurrently. */
const concurrency = 20;

/** Compares the schedules of the server with the configuration; changes nothing. */
export async function planSchedules(
  client: Client,
  owner: ScheduleOwner,
  sources: readonly SourceConfig[],
  options: PlanOptions,
): Promise<ScheduleChange[]> {
  const changes: ScheduleChange[] = [];
  const hasAttribute = await knowsSearchAttribute(client.connection, client.options.namespace);
  const probed = groupsBySource(sources);
  const groups = new Map([...probed.values()].map((group) => [group.name, group]));
  const scheduled = sources.filter((source) => source.schedule && !probed.has(source.name));
  for (const group of groups.values()) changes.push(await planGroup(client, owner, group, options));
  for (let start = 0; start < scheduled.length; start += concurrency) {
    const slice = scheduled.slice(start, start + concurrency);
    const planned = await allSettled(
      slice.map((source) => planSchedule(client, owner, source, { ...options, hasAttribute })),
    );
    for (const change of planned) changes.push(change);
  }
  const names = new Set(scheduled.map(({ name }) => name));
  const others = await planListed(client, owner, { names, probed, groups }, options);
  return [...changes, ...others.sort((a, b) => (a.schedule < b.schedule ? -1 : 1))];
}

async function planSchedule(
  client: Client,
  owner: ScheduleOwner,
  source: SourceConfig,
  { adopt, hasAttribute }: PlanOptions & { readonly hasAttribute: boolean | null },
): Promise<ScheduleChange> {
  const { name, schedule } = source;
  const id = owner.instance.scrapeScheduleId(name);
  const change = { schedule: id, source: name, returns: false, differences: [] };
  const found = await describeSchedule(client, id);
  if (!schedule || !found) return { ...change, action: 'create' };
  const differences = scheduleDifferences(source, schedule, { instance: owner.instance, hasAttribute }, found);
  const returns = isRemoved(found.state) || isProbed(found.state);
  const ownership = await ownershipOf(owner, name, found);
  if (ownership === 'own') {
    return { ...change, differences, returns, action: differences.length > 0 || returns ? 'update' : 'none' };
  }
  if (ownership === 'known' || adopt) return { ...change, differences, returns, action: 'adopt' };
  return { ...change, differences, action: 'foreign', why: ownership };
}
