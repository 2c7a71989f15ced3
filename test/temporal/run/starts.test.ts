import { noPauses } from '../../support/no-pauses.ts';
import { Client, Connection, type ScheduleDescription } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { evenOffset } from '../../../src/config/schedule/even-offset.ts';
import { applySchedules } from '../../../src/temporal/schedules/apply-schedules.ts';
import { planSchedules } from '../../../src/temporal/schedules/plan-schedules.ts';
import { newScheduleOptions } from '../../../src/temporal/schedules/schedule-options.ts';
import { Instance } from '../../../src/domain/instance.ts';
import { judgeStarts, type Starts } from '../../../src/domain/monitoring/schedule-starts.ts';
import { listScheduleStatus, readScheduleStatus } from '../../../src/status/schedules.ts';
import type { ScheduleStatus } from '../../../src/status/schedule-status.ts';
import { knownSources } from '../../../src/status/known-sources.ts';
import { file, parse, daybookYaml } from '../../unit/config/daybook-yaml.ts';
import { until } from '../../support/until.ts';

// No worker polls the task queue here: started runs stay open.
const config = parse(
  daybookYaml([
    file('name: starts-old', 'schedule: { every: 2s, jitter: 0s, overlap: allow_all }'),
    file('name: starts-skipped', 'schedule: { every: 1s }'),
  ]),
);
const owner = { instance: new Instance(), storeId: null, knows: async () => true, pauses: noPauses };
const [moved, skipped] = config.sources;
const { sources: known } = knownSources(config, null);
let client: Client;
const describeIt = (name: string) => client.schedule.getHandle(`scrape-${name}`).describe();

beforeAll(async () => {
  client = new Client({ connection: await Connection.connect({ address: inject('temporalAddress') }) });
  // Some of its starts are skipped while the other schedule starts.
  if (skipped) await applySchedules(client, owner, [skipped]);
});
afterAll(async () => {
  for (const { name } of config.sources)
    await client.schedule
      .getHandle(`scrape-${name}`)
      .delete()
      .catch(() => undefined);
  for await (const { workflowId } of client.workflow.list({
    query: `WorkflowType = 'scrapeRun' AND ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH 'scrape-starts-'`,
  })) {
    await client.workflow
      .getHandle(workflowId)
      .terminate('the test is over')
      .catch(() => undefined);
  }
  await client.connection.close();
});

/** The slots of the latest starts, as the server names their runs. */
function slotsOf({ info }: ScheduleDescription): number[] {
  return info.recentActions.map(({ action }) => Date.parse(action.workflow.workflowId.slice(-20)));
}

describe('a schedule of 0.2.0', () => {
  test('gets the offset of its source, and its next start less than two intervals after the one before', async () => {
    if (!moved?.schedule) throw new Error('expected a schedule');
    const everyMs = 2_000;
    const offsetMs = evenOffset(moved.name, everyMs);
    expect(offsetMs).toBeGreaterThan(0);
    const { state: _, ...options } = newScheduleOptions(moved, moved.schedule, owner, {
      hasAttribute: true,
      isNow: false,
    });
    await client.schedule.create({ ...options, spec: { intervals: [{ every: everyMs }] } });
    await until('it has started twice', async () => slotsOf(await describeIt(moved.name)).length >= 2);
    await client.schedule.getHandle(`scrape-${moved.name}`).pause('by hand');
    expect(await planSchedules(client, owner, config.sources, {})).toMatchObject([
      { action: 'update', differences: [`offset: not set, expected ${offsetMs / 1_000}s`] },
      { action: 'none', differences: [] },
    ]);
    await client.schedule.getHandle(`scrape-${moved.name}`).unpause('it continues');
    await applySchedules(client, owner, config.sources);
    const slots = await until('it has started by its offset', async () => {
      const found = slotsOf(await describeIt(moved.name));
      return found.filter((slot) => slot % everyMs === offsetMs).length >= 3 ? found : null;
    });
    expect(await planSchedules(client, owner, config.sources, {})).toMatchObject([
      { action: 'none', differences: [] },
      { action: 'none', differences: [] },
    ]);
    const first = slots.findIndex((slot) => slot % everyMs === offsetMs);
    expect(slots.slice(0, first).every((slot) => slot % everyMs === 0)).toBe(true);
    expect(slots.slice(first).every((slot) => slot % everyMs === offsetMs)).toBe(true);
    const gaps = slots.slice(1).map((slot, index) => slot - (slots[index] ?? 0));
    expect(gaps[first - 1]).toBeLessThan(2 * everyMs);
    expect(gaps.slice(first).every((gap) => gap === everyMs)).toBe(true);
  });
});

describe('starts that are skipped during a run', () => {
  test('are counted as the server counts them, from a description and from the list', async () => {
    if (!skipped) throw new Error('expected a source');
    await until('some were skipped', async () => (await describeIt(skipped.name)).info.numActionsSkippedOverlap >= 4);
    const judge = (status: ScheduleStatus | undefined): Starts | null =>
      status
        ? judgeStarts(
            {
              recent: status.recent,
              nextMs: status.nextRunAt === null ? null : Date.parse(status.nextRunAt),
              grid: { everyMs: 1_000, offsetMs: 0 },
              lastEndMs: null,
              notPausedSinceMs: status.notPausedSinceMs,
            },
            new Date(),
          )
        : null;
    const counted = async (read: typeof readScheduleStatus) => {
      const before = (await describeIt(skipped.name)).info.numActionsSkippedOverlap;
      const found = judge((await read(client, owner, known, new Map())).sources.get(skipped.name))?.skipped ?? -1;
      const after = (await describeIt(skipped.name)).info.numActionsSkippedOverlap;
      return { before, found, after };
    };
    for (const read of [readScheduleStatus, listScheduleStatus]) {
      // The list is a moment behind, and the first run began by hand, beside the slots: its own slot may count.
      const { before, found, after } = await counted(read);
      expect(found).toBeGreaterThanOrEqual(before - 3);
      expect(found).toBeLessThanOrEqual(after + 1);
    }
  });

  test('show the run and since when, until it is terminated', async () => {
    if (!skipped) throw new Error('expected a source');
    const schedule = client.schedule.getHandle(`scrape-${skipped.name}`);
    await schedule.pause('by hand');
    const { info } = await schedule.describe();
    const workflowId = info.recentActions.at(-1)?.action.workflow.workflowId ?? '';
    const began = info.recentActions.at(-1)?.takenAt.getTime() ?? 0;
    const running = async (read: typeof readScheduleStatus) =>
      (await read(client, owner, known, new Map())).sources.get(skipped.name)?.running;
    for (const read of [readScheduleStatus, listScheduleStatus]) {
      const found = await running(read);
      expect(found?.workflowId).toBe(workflowId);
      expect(Math.abs(Date.parse(found?.since ?? '') - began)).toBeLessThan(5_000);
    }
    await client.workflow.getHandle(workflowId).terminate('hangs');
    for (const read of [readScheduleStatus, listScheduleStatus]) {
      await until('it is listed no more', async () => (await running(read)) === null);
    }
  });
});
