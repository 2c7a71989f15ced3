/** What a probe of a group of sources is asked to do. */
export interface ProbeGroupInput {
  readonly everyMs: number;
  readonly shard: number;
  readonly shards: number;
}

/** What became of the sources of a group, each counted once. */
export interface ProbeCounts {
  /** Sent a request. */
  readonly asked: number;
  /** Nothing has changed, or the source has said that nothing will have yet. */
  readonly unchanged: number;
  /** Started a run because the source has changed. */
  readonly changed: number;
  /** Started a run because what the source sent last is not known, or has to be read again. */
  readonly due: number;
  /** Started a run because the request failed, or took too long. */
  readonly failed: number;
  /** Left out: a run is open, the source backs off or asked not to be called yet. */
  readonly waiting: number;
  /** Left out: paused. */
  readonly paused: number;
}

/** A probe as its workflow ends with it. */
export interface ProbeResult extends ProbeCounts {
  /** The time that the ids of the started runs have. */
  readonly at: string;
  /** Sources whose runs were started. */
  readonly started: readonly string[];
}

export const noneProbed: ProbeCounts = {
  asked: 0,
  unchanged: 0,
  changed: 0,
  due: 0,
  failed: 0,
  waiting: 0,
  paused: 0,
};

export function addProbed(a: ProbeCounts, b: ProbeCounts): ProbeCounts {
  return {
    asked: a.asked + b.asked,
    unchanged: a.unchanged + b.unchanged,
    changed: a.changed + b.changed,
    due: a.due + b.due,
    failed: a.failed + b.failed,
    waiting: a.waiting + b.waiting,
    paused: a.paused + b.paused,
  };
}
