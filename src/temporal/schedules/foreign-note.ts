import type { ScheduleChange } from './plan-schedules.ts';

/** Ids that a line names. */
const mostNamed = 3;

/** Why a schedule is left alone, and what to do about it; null where another line says so, or it is not. */
export function foreignNote({ schedule, action, why = 'by_hand' }: ScheduleChange): string | null {
  if (action !== 'foreign' || why === 'instance') return null;
  if (why === 'by_hand') return 'was made by hand and is left as it is; take it over with --adopt';
  const whose = 'is left as it is: it may be of another Daybook, for this store remembers no run of its source';
  if (why === 'unknown_source') {
    return `${whose}, nor has daybook.yaml a schedule for it; if nobody needs it: temporal schedule delete --schedule-id ${schedule}`;
  }
  return `${whose}; if it is yours, ./daybook schedules apply --adopt takes it over; else give this Daybook a name of its own: DAYBOOK_INSTANCE=…`;
}

/** A line for each other instance in the namespace that has schedules. */
export function instanceNotes(changes: readonly ScheduleChange[]): string[] {
  const schedules = new Map<string, string[]>();
  for (const { schedule, why, instance } of changes) {
    if (why !== 'instance') continue;
    // An id of ours may bear the mark of another instance.
    const name = instance ?? 'another one';
    schedules.set(name, [...(schedules.get(name) ?? []), schedule]);
  }
  return [...schedules].map(([instance, ids]) => {
    const named = `${ids.slice(0, mostNamed).join(', ')}${ids.length > mostNamed ? ', …' : ''}`;
    return ids.length === 1
      ? `instance ${instance}: 1 schedule is left as it is (${named})`
      : `instance ${instance}: ${ids.length} schedules are left as they are (${named})`;
  });
}
