import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, ScheduleAlreadyRunning } from '@temporalio/client';
import type { SourceConfig } from '../../config/schema/source-schemas.ts';
import type { ScheduleOwner } from './schedule-owner.ts';
import { firstStart } from './first-start.ts';
import { planSchedules } from './plan-schedules.ts';
import type { PlanOptions, ScheduleChange } from './schedule-change.ts';
import { applyToGroup, applyToProbed } from './apply-probes.ts';
import { removedState, returnedState, type ScheduleState } from './orphan-note.ts';
import { knowsSearchAttribute } from '../search-attribute.ts';
import { newScheduleOptions, scheduleOptions } from './schedule-options.ts';
import { inParallel } from '../../domain/in-parallel.ts';
import { UsageError } from '../../domain/errors.ts';
import { formatPauseNote } from '../../domain/run/pause-note.ts';
import { probeGroups } from '../../config/schedule/probe-groups.ts';

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
  const groups = new Map(probeGroups(sources).map((group) => [owner.instance.probeId(group.name), group]));
  const refused: string[] = [];
  const isCrowd = changes.filter(({ action }) => action === 'create').length > crowd;
  const apply = async (change: ScheduleChange) => {
    const { source: name, schedule } = change;
    const source = name === null ? undefined : configured.get(name);
    const group = groups.get(schedule);
    try {
      if (name === null) await applyToGroup(client, owner, change, group);
      else if (change.probed) await applyToProbed(client, owner, name, change);
      else await applyChange(client, owner, change, { source, hasAttribute, isCrowd });
    } catch (error) {
      // The client throws it where the server does not take the times of a schedule.
      if (!(error instanceof TypeError)) throw error;
      refused.push(`${schedule} (${error.message})`);
    }
  };
  await inParallel(changes, concurrency, apply);
  if (refused.length === 0) return changes;
  throw new UsageError(
    `schedules: Temporal refuses ${refused.join(', ')}; change it in daybook.yaml; all others were applied`,
  );
}

/** How many schedules are changed at once. */
const concurrency = 10;
/** More new sources than this do not all begin at once: those whose first slot is near begin with that. */
const crowd = 50;
const nearMs = 60_000;

/** What is the same for all sources. */
interface Conditions {
  readonly hasAttribute: boolean;
  readonly isCrowd: boolean;
}

async function applyChange(
  client: Client,
  owner: ScheduleOwner,
  change: ScheduleChange,
  { source, ...conditions }: Conditions & { readonly source: SourceConfig | undefined },
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
      if (change.action === 'create') return create(client, owner, source, schedule, conditions);
      // As long as the source was probed, its pause was in the store.
      const pause = change.returns ? await owner.pauses.read(source.name) : null;
      const returned = (state: ScheduleState) =>
        pause ? { paused: true, note: formatPauseNote(pause) } : returnedState(state, new Date());
      await handle.update((previous) => ({
        ...previous,
        ...scheduleOptions(source, schedule, owner, conditions.hasAttribute),
        state: change.returns ? { ...previous.state, ...returned(previous.state) } : previous.state,
      }));
      if (pause) await owner.pauses.end(source.name);
    }
  }
}

async function create(
  client: Client,
  owner: ScheduleOwner,
  source: SourceConfig,
  schedule: NonNullable<SourceConfig['schedule']>,
  { hasAttribute, isCrowd }: Conditions,
): Promise<void> {
  const pause = await owner.pauses.read(source.name);
  const first = firstStart(source, schedule, new Date());
  // By their offsets such sources begin one after the other.
  const waits = isCrowd && schedule.every !== undefined && schedule.every <= nearMs;
  const { afterMs, isNow } = waits ? { afterMs: 0, isNow: false } : first;
  if (afterMs > 0) await sleep(afterMs);
  try {
    const options = newScheduleOptions(source, schedule, owner, { hasAttribute, isNow });
    const state = pause ? { paused: true, note: formatPauseNote(pause) } : options.state;
    await client.schedule.create({ ...options, ...(state ? { state } : {}) });
    if (pause) await owner.pauses.end(source.name);
  } catch (error) {
    // Another `up` beside this one made it meanwhile.
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
