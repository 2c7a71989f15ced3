import type { ScheduleChange } from './schedule-change.ts';

/** Ids that a line names. */
const maxListed = 3;

/** Why a schedule is left alone, and what to do about it; null if another line says so, or it is not. */
export function foreignNote({ schedule, action, why = 'by_hand' }: ScheduleChange): string | null {
  if (action !== 'foreign' || why === 'instance') return null;
  if (why === 'by_hand') return 'was made by hand and is not changed; adopt it with --adopt';
  const whose = 'is not changed: it may belong to another Daybook (this store has no run of its source)';
  if (why === 'unknown_source') {
    return `${whose}, and daybook.yaml has no schedule for it; delete it if unused: temporal schedule delete --schedule-id ${schedule}`;
  }
  return `${whose}; if it is yours, adopt it with ./daybook schedules apply --adopt; otherwise give this Daybook its own name:  DAYBOOK_INSTANCE=…`;
}

/** Why a schedule that is paused or deleted is not needed. */
export function uselessBecause({ source, probed }: ScheduleChange): string {
  if (source === null) return 'no source belongs to it';
  return probed ? 'its source is probed together with others' : 'its source is no longer in the configuration';
}

/** A line for each other instance in the namespace that has schedules. */
export function instanceNotes(changes: readonly ScheduleChange[]): string[] {
  const schedules = new Map<string, string[]>();
  for (const { schedule, why, instance } of changes) {
    if (why !== 'instance') continue;
    // One of our ids may have the mark of another instance.
    const name = instance ?? 'another one';
    schedules.set(name, [...(schedules.get(name) ?? []), schedule]);
  }
  return [...schedules].map(([instance, found]) => {
    const ids = found.toSorted();
    const named = `${ids.slice(0, maxListed).join(', ')}${ids.length > maxListed ? ', …' : ''}`;
    return ids.length === 1
      ? `instance ${instance}: 1 schedule is not changed (${named})`
      : `instance ${instance}: ${ids.length} schedules are not changed (${named})`;
  });
}
