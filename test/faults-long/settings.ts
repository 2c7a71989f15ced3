/** What `npm run test:faults` is told. */

/** Whether faults are tried, too, that take long. */
export const isLong = process.env['DAYBOOK_FAULTS_LONG'] === '1';
/** Repeats the times and the order of a run. */
export const seed = Number(process.env['DAYBOOK_FAULTS_SEED'] ?? Date.now() % 1_000_000);
/** How long the soak lasts. */
export const soakMinutes = Number(process.env['DAYBOOK_FAULTS_MINUTES'] ?? (isLong ? 15 : 0.5));
