import type { Command } from 'commander';
import { act, add } from './command.ts';

/** What works on the CSV journal. */
export function addJournal(program: Command): void {
  const choice = (command: Command) =>
    command
      .option('--source <name>', 'Only this source')
      .option('--day <day>', 'Only records of this day, UTC')
      .option('--from <time>', 'Only records since a day or an ISO 8601 time, UTC')
      .option('--to <time>', 'Only records before a day or an ISO 8601 time, UTC')
      .option('--archives', 'Include the archives of retired days');
  const replay = 'Replay the CSV journal into PostgreSQL; stored records do not change';
  choice(add(program, 'replay-csv', replay, 'replay-csv --source quakes --from 2026-11-01 --to 2026-11-08'))
    .option('--dry-run', 'Show what would be read; start nothing')
    .option('--detach', 'Return immediately; the workflow continues in the background')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('../commands/journal/replay-csv.ts')).replayCsvCommand));
  const rebuild = 'Rebuild a lost CSV journal from PostgreSQL; existing rows do not change';
  choice(add(program, 'rebuild-journal', rebuild, 'rebuild-journal --source quakes --day 2026-11-01'))
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('../commands/journal/rebuild-journal.ts')).rebuildJournalCommand));
  const exporting = 'Export the CSV journal as one CSV file, each key once';
  choice(add(program, 'export', exporting, 'export --source quakes --day 2026-11-01 > quakes.csv'))
    .option('--escape-formulas', "Put a ' before cells that a spreadsheet would read as a formula")
    .option('--output <file>', 'Write to this file, atomically')
    .action(act(async () => (await import('../commands/journal/export.ts')).exportCommand));
  const repair = 'Rewrite damaged parts of the CSV journal from the spool or from PostgreSQL';
  const part = 'quakes/2026-11-20/20261120T100000000Z-0123456789abcdef-300-0123456789abcdef.csv';
  add(program, 'repair-csv <parts...>', repair, `repair-csv ${part}`)
    .option('--json', 'Print JSON, one part per line')
    .action(act(async () => (await import('../commands/journal/repair-csv.ts')).repairCsvCommand));
  const verify = 'Compare the CSV journal with PostgreSQL for a day (keys, times, payloads); changes nothing';
  add(program, 'verify', verify, 'verify --day 2026-11-01')
    .option('--day <day>', 'A day of occurred_at, UTC')
    .option('--source <name>', 'Only this source')
    .option('--sample <rows>', 'Compare the payloads of this many random rows instead of all')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('../commands/journal/verify.ts')).verifyCommand));
}
