import type { Client } from '@temporalio/client';
import type { SourceConfig } from '../../config/schema/source-schemas.ts';
import { describeSchedule } from './describe-schedule.ts';
import { ownershipOf, type ScheduleOwner } from './schedule-owner.ts';
import { inParallel } from '../../domain/in-parallel.ts';
import { groupsBySource } from '../../config/schedule/probe-groups.ts';
import { isProbed, isRemoved } from './orphan-note.ts';
import type { PlanOptions, ScheduleChange } from './schedule-change.ts';
import { planListed } from './plan-listed.ts';
import { planGroup } from './plan-probes.ts';
import { knowsSearchAttribute } from '../search-attribute.ts';
import { scheduleDifferences } from './schedule-differences.ts';

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
  const planned = await inParallel(scheduled, concurrency, (source) =>
    planSchedule(client, owner, source, { ...options, hasAttribute }),
  );
  const names = new Set(scheduled.map(({ name }) => name));
  const others = await planListed(client, owner, { names, probed, groups }, options);
  return [...changes, ...planned, ...others.sort((a, b) => (a.schedule < b.schedule ? -1 : 1))];
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
