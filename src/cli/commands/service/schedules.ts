import { counted } from '../../../domain/text/counted.ts';
import { scheduleOwner } from '../../../temporal/schedules/schedule-owner.ts';
import type { Config } from '../../../config/file/parse-config.ts';
import { warningLine } from '../../../domain/run/warning.ts';
import {
  createContext,
  openStoreToRead,
  requireTemporal,
  type CommonOptions,
  type Context,
} from '../../options/context.ts';
import { loadConfig } from '../../options/load-config.ts';
import { idChanges } from '../../output/id-changes.ts';
import { print, printJson, printInfo } from '../../output/output.ts';
import { applySchedules } from '../../../temporal/schedules/apply-schedules.ts';
import { foreignNote, instanceNotes, uselessBecause } from '../../../temporal/schedules/foreign-note.ts';
import {
  createSystemSchedules,
  planSystemSchedules,
  type SystemScheduleChange,
} from '../../../temporal/schedules/system-schedules.ts';
import { planSchedules } from '../../../temporal/schedules/plan-schedules.ts';
import type { PlanOptions, ScheduleChange } from '../../../temporal/schedules/schedule-change.ts';
import { requireOwnWork } from '../../options/own-work.ts';
import { withTemporal } from '../../../temporal/connect.ts';

type SchedulesOptions = CommonOptions & PlanOptions & { readonly json?: boolean };

/** `daybook schedules diff`: how the server's schedules differ from the configuration. Changes nothing. */
export async function diffSchedulesCommand(options: SchedulesOptions): Promise<void> {
  const context = createContext(options);
  const config = loadConfig(context);
  const { sources } = config;
  const owner = await scheduleOwner(context.instance, openStoreToRead(context));
  const { changes, own } = await withTemporal(requireTemporal(context), async (client) => ({
    own: await planSystemSchedules(client, owner),
    changes: await planSchedules(client, owner, sources, options),
  }));
  show(own, changes, options, {
    create: 'is missing',
    update: 'differs',
    adopt: 'would be adopted',
    pause: 'would be paused',
    delete: 'would be deleted',
  });
  await sayIdChanges(context, config);
}

/** `daybook schedules apply`: brings the server's schedules up to date with the configuration. */
export async function applySchedulesCommand(options: SchedulesOptions): Promise<void> {
  const context = createContext(options);
  const config = loadConfig(context);
  const { sources } = config;
  const owner = await scheduleOwner(context.instance, openStoreToRead(context));
  const { changes, own } = await withTemporal(requireTemporal(context), async (client) => {
    await requireOwnWork(context, options, client);
    return {
      own: await createSystemSchedules(client, owner),
      changes: await applySchedules(client, owner, sources, options),
    };
  });
  show(own, changes, options, {
    create: 'created',
    update: 'updated',
    adopt: 'adopted',
    pause: 'paused',
    delete: 'deleted',
  });
  await sayIdChanges(context, config);
}

/** What the next runs will do because an `id` was changed; on stderr. */
async function sayIdChanges(context: Context, config: Config): Promise<void> {
  for (const { source, ...warning } of await idChanges(context, config))
    printInfo(`${source}: ${warningLine(warning)}`);
}

type Words = Readonly<Record<Exclude<ScheduleChange['action'], 'none' | 'foreign'>, string>>;

function show(
  own: readonly SystemScheduleChange[],
  changes: readonly ScheduleChange[],
  { json }: SchedulesOptions,
  words: Words,
): void {
  if (json) return [...own, ...changes].forEach((change) => printJson(change));
  for (const { schedule, action } of own) if (action !== 'none') print(`${schedule}  ${words[action]}`);
  for (const change of changes) {
    const { schedule, action, differences, returns } = change;
    const word = action === 'none' ? null : action === 'foreign' ? foreignNote(change) : words[action];
    if (word === null) continue;
    const why = action === 'pause' || action === 'delete' ? `: ${uselessBecause(change)}` : '';
    print(
      `${schedule}  ${word}${why}${returns ? `; its ${change.source === null ? 'sources are' : 'source is'} back` : ''}`,
    );
    for (const difference of differences) print(`  ${difference}`);
  }
  for (const note of instanceNotes(changes)) print(note);
  const same = changes.filter(({ action }) => action === 'none').length;
  if (same > 0) print(`${counted(same, 'schedule')} up to date`);
  if (changes.length === 0) print('no source has a schedule');
}
