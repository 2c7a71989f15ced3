import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, ScheduleAlreadyRunning } from '@temporalio/client';
import type { SourceConfig } from '../../config/schema/source-schemas.ts';
import type { ScheduleOwner } from './schedule-owner.ts';
import { firstStart } from './first-start.ts';
import { planSchedules, type PlanOptions, type ScheduleChange } from './plan-schedules.ts';
import { removedState, returnedState } from './orphan-note.ts';
import { knowsSearchAttribute } from '../search-attribute.ts';
import { newScheduleOptions, scheduleOptions } from './schedule-options.ts';
import { UsageError } from '../../domain/errors.ts';

/**
 * Brings Temporal's schedules up to date with the configuration, and returns what it did. Existing ones keep their state: a paused
 * one stays paused, unless it was paused for being removed. None is deleted and created again.
 * @throws UsageError if Temporal refuses some, after all others are applied
 */
export async function applySchedules(
  client: Client,
  owner: ScheduleOwner,
  sources: readonly SourceConfig[],
  options: PlanOptions = {},
): Promise<ScheduleChange[]> {
  const changes = await planSchedules(client, owner, sources, options);
  const hasAttribute = (await knowsSearchAttribute(client.connection, client.options.namespace)) === true;
  const configured = new Map(sources.map((source) => [source.name, source]));
  const refused: string[] = [];
  for (const change of changes) {
    try {
      await applyChange(client, owner, change, { source: configured.get(change.source), hasAttribute });
    } catch (error) {
      // The client throws it where the server does not take the times of a schedule.
      if (!(error instanceof TypeError)) throw error;
      refused.push(`${change.schedule} (${error.message})`);
    }
  }
  if (refused.length === 0) return changes;
  throw new UsageError(
    `schedules: Temporal refuses ${refused.join(', ')}; change it in daybook.yaml; all others were applied`,
  );
}

async function applyChange(
  client: Client,
  owner: ScheduleOwner,
  change: ScheduleChange,
  { source, hasAttribute }: { readonly source: SourceConfig | undefined; readonly hasAttribute: boolean },
): Promise<void> {
  const handle = client.schedule.getHandle(change.schedule);
  switch (change.action) {
    case 'none':
    case 'foreign':
      return;
    case 'pause':
      return handle.update(({ state, ...previous }) => ({ ...previous, state: { ...state, ...removedState(state) } }));
    case 'delete':
      return handle.delete();
    case 'create':
    case 'update':
    case 'adopt': {
      const schedule = source?.schedule;
      if (!schedule) return;
      if (change.action === 'create') return create(client, owner, source, schedule, hasAttribute);
      await handle.update((previous) => ({
        ...previous,
        ...scheduleOptions(source, schedule, owner, hasAttribute),
        state: change.returns ? { ...previous.state, ...returnedState(previous.state, new Date()) } : previous.state,
      }));
    }
  }
}

async function create(
  client: Client,
  owner: ScheduleOwner,
  source: SourceConfig,
  schedule: NonNullable<SourceConfig['schedule']>,
  hasAttribute: boolean,
): Promise<void> {
  const { afterMs, isNow } = firstStart(source, schedule, new Date());
  if (afterMs > 0) await sleep(afterMs);
  try {
    await client.schedule.create(newScheduleOptions(source, schedule, owner, { hasAttribute, isNow }));
  } catch (error) {
    // Another `up` beside this one made it meanwhile.
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
