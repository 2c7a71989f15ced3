/** The workflows that Daybook's worker runs, under their wire names. */
export { partitionRollover } from './partition-rollover.ts';
export { scrapeRun } from './scrape-run.ts';
export { canary } from './canary.ts';
export { backfill } from './backfill.ts';
export { replayCsv } from './replay-csv.ts';
export { rebuildJournal } from './rebuild-journal.ts';
export { deliver } from './deliver.ts';
export { replayDeadLetters } from './replay-dead-letters.ts';
export { unpause } from './unpause.ts';
