import type { ScheduleSummary } from '@temporalio/client';
import type { PausedBy } from '../domain/run/pause-note.ts';
import type { ScheduleOwner } from '../temporal/schedules/schedule-owner.ts';
import type { KnownSource } from './known-sources.ts';
import { scheduleStatusOf, type ScheduleStatus } from './schedule-status.ts';

/** The schedule status of sources that are probed: that of their group, and their own pauses. */
export class ProbedStatus {
  /** Ids of the groups' schedules. */
  readonly scheduleIds: ReadonlySet<string>;
  readonly #groups: ReadonlyMap<string, string>;
  readonly #pauses: ReadonlyMap<string, PausedBy>;
  readonly #found = new Map<string, ScheduleStatus>();

  private constructor(groups: ReadonlyMap<string, string>, pauses: ReadonlyMap<string, PausedBy>) {
    this.#groups = groups;
    this.#pauses = pauses;
    this.scheduleIds = new Set(groups.values());
  }

  static async of({ instance, pauses }: ScheduleOwner, known: readonly KnownSource[]): Promise<ProbedStatus> {
    const groups = new Map<string, string>();
    for (const { name, probe } of known) if (probe !== null) groups.set(name, instance.probeId(probe));
    return new ProbedStatus(groups, groups.size === 0 ? new Map() : await pauses.readAll());
  }

  has(source: string): boolean {
    return this.#groups.has(source);
  }

  /** @returns whether the schedule is that of a group */
  take(scheduleId: string, { state, info }: Pick<ScheduleSummary, 'state' | 'info'>): boolean {
    if (!this.scheduleIds.has(scheduleId)) return false;
    this.#found.set(scheduleId, scheduleStatusOf(state, info));
    return true;
  }

  /** By source; one whose group has no schedule yet is not among them. */
  statuses(): ReadonlyMap<string, ScheduleStatus> {
    const statuses = new Map<string, ScheduleStatus>();
    for (const [name, scheduleId] of this.#groups) {
      const group = this.#found.get(scheduleId);
      const paused = this.#pauses.get(name);
      if (group) statuses.set(name, paused ? { ...group, paused, nextRunAt: null, recent: [] } : group);
    }
    return statuses;
  }
}
