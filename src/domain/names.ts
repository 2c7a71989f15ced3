/** Every string that goes over the wire to Temporal. They are public: never rename one. */

export const taskQueue = 'daybook';

/** Search attribute (Keyword) that every workflow of a source upserts. */
export const sourceSearchAttribute = 'DaybookSource';

/** Reserved for the canary; no source of a configuration may bear it. */
export const canarySource = 'daybook-canary';

/** What alerts that concern no source bear in its place. */
export const noSource = 'daybook';

/** Key of the memo that marks a schedule as made by Daybook. */
export const scheduleMemoKey = 'daybook';

/** Key of the memo that keeps the cron line of a schedule as it was written. */
export const cronMemoKey = 'daybook-cron';

export const scrapeRunType = 'scrapeRun';

export function scrapeScheduleId(source: string): string {
  return `scrape-${source}`;
}

/** Temporal appends `-<time>` to it at each start. */
export function scheduledRunId(source: string): string {
  return `scrape-${source}`;
}

export const backfillType = 'backfill';

export function backfillId(source: string): string {
  return `backfill-${source}`;
}

/** @param window name of the window */
export function backfillWindowId(source: string, window: string): string {
  return `backfill-${source}/${window}`;
}

export const rolloverType = 'partitionRollover';

/** Id of the schedule, and how the ids of its workflows begin. */
export const rolloverId = 'partition-rollover';

export const canaryType = 'canary';

/** The same of the canary. */
export const canaryId = 'canary';

export function commandCanaryId(at: Date): string {
  return `${canaryId}-${at.toISOString()}`;
}

export const deliverType = 'deliver';

/** Says to a deliverer that there may be more. */
export const deliverSignalName = 'deliver';

export function deliverId(sink: string, source: string): string {
  return `deliver-${sink}-${source}`;
}

export const replayCsvType = 'replayCsv';

export function replayCsvId(at: Date): string {
  return `replay-csv-${at.toISOString()}`;
}

export const unpauseType = 'unpause';

export function unpauseId(source: string): string {
  return `unpause-${source}`;
}

export const replayLettersType = 'replayDeadLetters';

export function replayLettersId(source: string, at: Date): string {
  return `replay-dead-letters-${source}-${at.toISOString()}`;
}

/** Whether a workflow id is that of a replay of a source's dead letters: names may begin alike. */
export function isReplayOf(source: string, workflowId: string): boolean {
  const prefix = `replay-dead-letters-${source}-`;
  return workflowId.startsWith(prefix) && /^\d{4}-\d\d-\d\dT/.test(workflowId.slice(prefix.length));
}

/** Whether a workflow id is that of a scheduled or commanded run of a source: names may begin alike. */
export function isRunOf(source: string, workflowId: string): boolean {
  const prefix = `scrape-${source}-`;
  return workflowId.startsWith(prefix) && /^(?:run-)?\d{4}-\d\d-\d\dT/.test(workflowId.slice(prefix.length));
}

export function commandRunId(source: string, at: Date): string {
  return `scrape-${source}-run-${at.toISOString()}`;
}
