/** Strings that go over the wire to Temporal, besides ids: those an `Instance` makes. They are public: never rename one. */

/** Search attribute (Keyword) that every workflow of a source upserts. */
export const sourceSearchAttribute = 'DaybookSource';

/** The same as a key of the Temporal SDK. */
export const sourceAttributeKey = { name: sourceSearchAttribute, type: 'KEYWORD' } as const;

/** Reserved for the canary; no configured source may have this name. */
export const canarySource = 'daybook-canary';

/** The source of alerts that concern no source. */
export const noSource = 'daybook';

/** Key of the memo that marks a schedule as made by Daybook. */
export const scheduleMemoKey = 'daybook';

/** Key of the memo that says which instance a schedule is of. Those of 0.2.0 have none. */
export const instanceMemoKey = 'daybook-instance';

/** Key of the memo that says whose store a schedule was made with, if that was known. */
export const storeMemoKey = 'daybook-store';

/** Key of the memo that keeps the cron line of a schedule as it was written. */
export const cronMemoKey = 'daybook-cron';

export const scrapeRunType = 'scrapeRun';

export const probeType = 'probe';

export const backfillType = 'backfill';

export const rolloverType = 'partitionRollover';

export const canaryType = 'canary';

export const deliverType = 'deliver';

/** Signals a deliverer that there may be more. */
export const deliverSignalName = 'deliver';

/** What the same signal carries where it comes from the watch of the sink. */
export const sinkAnswers = { sinkAnswers: true } as const;

export const sinkWatchType = 'sinkWatch';

/** Says to the watch of a sink that a deliverer waits for it. */
export const watchSignalName = 'watch';

export const replayCsvType = 'replayCsv';

export const rebuildJournalType = 'rebuildJournal';

export const unpauseType = 'unpause';

export const replayLettersType = 'replayDeadLetters';
