/** What a canary does, in order; both sinks at once. */
export type CanaryStep =
  'fetch' | 'write to CSV' | 'write to PostgreSQL' | 'confirm in CSV' | 'confirm in PostgreSQL' | 'clean up' | 'report';

/** Milliseconds, waiting for a worker included. */
export type CanaryDurations = Partial<Record<CanaryStep, number>>;

interface CanaryRun {
  readonly workflowId: string;
  readonly runId: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Of the steps that were done. */
  readonly durationsMs: CanaryDurations;
}

/** A record made it end to end: the workflow's result, and what `smoke --json` prints. */
export interface CanaryResult extends CanaryRun {
  readonly ok: true;
  /** From the scrape to the confirmation in both sinks. */
  readonly lagMs: number;
}

/** It did not make it: the first detail of the workflow's failure. */
export interface FailedCanary extends CanaryRun {
  readonly ok: false;
  readonly step: CanaryStep;
  readonly error: { readonly type: string; readonly message: string };
}

/** The result of the last canary, kept for status. */
export interface CanaryReport {
  /** When it ended. ISO 8601. */
  readonly at: string;
  readonly ok: boolean;
  readonly workflowId: string;
  /** Null if it failed. */
  readonly lagMs: number | null;
  readonly error: { readonly step: CanaryStep; readonly type: string; readonly message: string } | null;
  /** When one last passed; null = never. */
  readonly succeededAt: string | null;
}

/** What to do about a step that failed, where its message does not say so. */
const remedies: Readonly<Record<CanaryStep, string>> = {
  fetch: 'check that DAYBOOK_STORE is writable, and see the log of the worker',
  'write to CSV': 'check that DAYBOOK_DATA, or the bucket, is writable and has free space',
  'write to PostgreSQL': 'run ./daybook doctor',
  'confirm in CSV': 'check that all workers share DAYBOOK_DATA, or have the same DAYBOOK_STORE',
  'confirm in PostgreSQL': 'check that PG_HOST and PG_PORT lead to one database, the primary',
  'clean up': 'the next canary deletes the rest',
  report: 'check that DAYBOOK_STORE is writable',
};

/** A failure in one line: the step, what was found, what to do. */
export function describeFailure({ step, error }: Pick<FailedCanary, 'step' | 'error'>): string {
  const message = error.message.replaceAll(/\s+/g, ' ');
  // Daybook's own messages put what to do behind a semicolon.
  return `${step}: ${message}${message.includes('; ') ? '' : `; ${remedies[step]}`}`;
}
