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
