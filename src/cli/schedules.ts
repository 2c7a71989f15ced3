import { createContext, loadConfig, requireTemporal, type CommonOptions } from './context.ts';
import { print, printJson } from './output.ts';
import { applySchedules } from './schedules/apply-schedules.ts';
import { applyOwnSchedules, planOwnSchedules, type OwnScheduleChange } from './schedules/own-schedules.ts';
import { planSchedules, type PlanOptions, type ScheduleChange } from './schedules/plan-schedules.ts';
import { withTemporal } from './temporal-client.ts';

type SchedulesOptions = CommonOptions & PlanOptions & { readonly json?: boolean };

/** `daybook schedules diff`: how the server's schedules differ from the configuration. Changes nothing. */
export async function diffSchedulesCommand(options: SchedulesOptions): Promise<void> {
  const context = createContext(options);
  const { sources } = loadConfig(context);
  const { changes, own } = await withTemporal(requireTemporal(context), async (client) => ({
    own: await planOwnSchedules(client),
    changes: await planSchedules(client, sources, options),
  }));
  showOwn(own, options, 'is missing');
  show(changes, options, {
    ...{ create: 'is missing', update: 'differs', adopt: 'would be adopted', pause: 'would be paused' },
    delete: 'would be deleted',
  });
}

/** `daybook schedules apply`: makes the server's schedules what the configuration wants. */
export async function applySchedulesCommand(options: SchedulesOptions): Promise<void> {
  const context = createContext(options);
  const { sources } = loadConfig(context);
  const { changes, own } = await withTemporal(requireTemporal(context), async (client) => ({
    own: await applyOwnSchedules(client),
    changes: await applySchedules(client, sources, options),
  }));
  showOwn(own, options, 'created');
  show(changes, options, {
    ...{ create: 'created', update: 'updated', adopt: 'adopted', pause: 'paused: its source is gone from the file' },
    delete: 'deleted: its source is gone from the file',
  });
}

function showOwn(changes: readonly OwnScheduleChange[], { json }: SchedulesOptions, word: string): void {
  if (json) return changes.forEach(printJson);
  for (const { schedule, action } of changes) if (action === 'create') print(`${schedule}  ${word}`);
}

type Words = Readonly<Record<Exclude<ScheduleChange['action'], 'none' | 'foreign'>, string>>;

function show(changes: readonly ScheduleChange[], { json }: SchedulesOptions, words: Words): void {
  if (json) return changes.forEach(printJson);
  for (const { source, action, differences, returns } of changes) {
    if (action === 'none') continue;
    const word =
      action === 'foreign' ? 'was made by hand and is left as it is; take it over with --adopt' : words[action];
    print(`scrape-${source}  ${word}${returns ? '; its source is back' : ''}`);
    for (const difference of differences) print(`  ${difference}`);
  }
  const same = changes.filter(({ action }) => action === 'none').length;
  if (same > 0) print(`${same} schedule${same === 1 ? ' is' : 's are'} as the configuration wants`);
  if (changes.length === 0) print('no source has a schedule');
}
