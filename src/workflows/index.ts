/** The workflows that Daybook's worker runs, under their wire names. */
export { partitionRollover } from './rollover/partition-rollover.ts';
export { scrapeRun } from './scrape-run/scrape-run.ts';
export { probe } from './probe/probe.ts';
export { canary } from './canary/canary.ts';
export { backfill } from './backfill/backfill.ts';
export { replayCsv } from './journal/replay-csv.ts';
export { rebuildJournal } from './journal/rebuild-journal.ts';
export { deliver } from './delivery/deliver.ts';
export { sinkWatch } from './delivery/sink-watch.ts';
export { replayDeadLetters } from './dead-letters/replay-dead-letters.ts';
export { unpause } from './schedules/unpause.ts';
