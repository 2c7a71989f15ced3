import { Command } from 'commander';
import { version } from '../config/version.ts';

/** The command line: every command with its options and an example. It throws instead of ending the process. */
export function buildProgram(): Command {
  const program = common(new Command('daybook').exitOverride())
    .description(
      'Fetch records from configured sources into CSV and a daily-partitioned PostgreSQL table, each exactly once.',
    )
    .version(version, '-V, --version', 'Show the version')
    .helpCommand(false);
  addServices(program);
  addLooking(program);
  addStorage(program);
  addState(program);
  addOperations(program);
  return program;
}

function addServices(program: Command): void {
  const accepting = (command: Command) =>
    command.option('--accept-new-store', 'Pair a store with a database that was paired with another one');
  const service = (command: Command) =>
    accepting(command).option(
      '--strict-config',
      'Refuse to start with a broken configuration instead of using the last good one',
    );
  const up = 'Start a worker, and the servers that the environment does not configure, until Ctrl-C';
  service(add(program, 'up', up, 'up --demo')).action(
    act(async () => (await import('./commands/service/up.ts')).upCommand),
  );
  const worker = 'Run a worker against the configured servers';
  service(add(program, 'worker', worker, 'worker')).action(
    act(async () => (await import('./commands/service/worker.ts')).workerCommand),
  );
  accepting(add(program, 'run [sources...]', 'Poll sources once, now, and print their receipts', 'run quakes'))
    .option('--all', 'All sources of the configuration')
    .option('--json', 'Print JSON, one receipt per line')
    .action(act(async () => (await import('./commands/runs/run.ts')).runCommand));
}

function addLooking(program: Command): void {
  add(program, 'check', 'Validate the configuration and list every problem', 'check --config daybook.yaml')
    .alias('validate')
    .option('--json', 'Print JSON')
    .option('--verbose', 'Show when each source starts next')
    .action(act(async () => (await import('./commands/source/check.ts')).checkCommand));
  const init = 'Inspect a URL or file and print a source configuration for it; writes nothing';
  add(program, 'init <address>', init, 'init https://example.com/feed.xml > daybook.yaml')
    .option('--name <name>', 'Name of the source')
    .option('--header <header>', "Header to send, such as 'X-Key: ${env:KEY}'; repeatable", collect)
    .option(
      '--auth <credentials>',
      'Credentials: bearer:${env:NAME}, basic:USER:${env:NAME} or api_key:HEADER:${env:NAME}, in single quotes',
    )
    .action(act(async () => (await import('./commands/source/init.ts')).initCommand));
  const preview = 'Fetch the beginning of a source and show what would be stored; writes nothing';
  add(program, 'preview <source>', preview, 'preview quakes --limit 5')
    .option('--limit <records>', 'Number of records to show', '20')
    .option('--verbose', 'Show requests, responses and pages')
    .option('--json', 'Print JSON, one record per line')
    .action(act(async () => (await import('./commands/source/preview.ts')).previewCommand));
  add(program, 'status [source]', 'Show whether data flows, or details of one source', 'status --problems')
    .option('--check', 'Exit with 1 while an alert is open or maintenance is late')
    .option('--problems', 'Show only problems, in full')
    .option('--watch', 'Refresh until Ctrl-C')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('./commands/runs/status.ts')).statusCommand));
  add(program, 'runs <source>', 'List past runs of a source, newest first; needs no server', 'runs quakes --failed')
    .option('--day <day>', 'Only runs that ended on this day, UTC')
    .option('--failed', 'Only failed runs')
    .option('--limit <runs>', 'Maximum number of runs (default: 50; with --json all)')
    .option('--json', 'Print JSON, one receipt per line')
    .action(act(async () => (await import('./commands/runs/runs.ts')).runsCommand));
  const doctor = 'Check the environment and report what is missing';
  add(program, 'doctor', doctor, 'doctor')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('./commands/service/doctor.ts')).doctorCommand));
  const smoke = 'Send one test record end to end (scrape, insert, verify in PostgreSQL and CSV), then delete it';
  add(program, 'smoke', smoke, 'smoke')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('./commands/runs/smoke.ts')).smokeCommand));
  add(program, 'env', 'Print the server addresses as shell exports', 'env').action(
    act(async () => (await import('./commands/database/env.ts')).envCommand),
  );
}

function addStorage(program: Command): void {
  add(
    program,
    'sql <statement>',
    'Run an SQL statement on the configured PostgreSQL',
    'sql "select source, count(*) from raw_events group by 1"',
  )
    .option('--json', 'Print JSON, one row per line')
    .action(act(async () => (await import('./commands/database/sql.ts')).sqlCommand));
  add(program, 'migrate', 'Migrate the database to the latest schema', 'migrate --roles')
    .option('--roles', 'Grant PG_USER only the rights to store; PG_OWNER_USER owns the tables')
    .option('--reader <role>', 'Grant a role read access only')
    .option('--processor <role>', 'Grant a role the rights to read rows and mark them as processed')
    .option('--dry-run', 'Print the grants; change nothing')
    .action(act(async () => (await import('./commands/database/migrate.ts')).migrateCommand));
  add(program, 'reset', 'Empty the tables and restart sources from scratch; CSV stays', 'reset --drop --yes')
    .option('--drop', 'Also drop the partitions')
    .option('--keep-state', 'Keep source state')
    .option('--yes', 'Do not ask for confirmation')
    .action(act(async () => (await import('./commands/database/reset.ts')).resetCommand));
  const partitions = group(program, 'partitions').description('Manage the daily partitions of raw_events');
  add(partitions, 'list', 'List the days that have a partition, and partitions made by hand', 'partitions list')
    .option('--json', 'Print JSON, one partition per line')
    .action(act(async () => (await import('./commands/database/partitions.ts')).listPartitionsCommand));
  const ensure = 'Create partitions for the coming days or for the given days';
  add(partitions, 'ensure', ensure, 'partitions ensure --from 2026-11-01 --to 2026-12-01')
    .option('--day <day>', 'One day, UTC')
    .option('--from <day>', 'First day, UTC')
    .option('--to <day>', 'End, exclusive')
    .action(act(async () => (await import('./commands/database/partitions.ts')).ensurePartitionsCommand));
  const maintain = 'Run the daily rollover now: create partitions, maintain past ones, clean the spool';
  add(partitions, 'maintain', maintain, 'partitions maintain --dry-run')
    .option('--dry-run', 'Show what would be done; change nothing')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('./commands/database/maintain.ts')).maintainPartitionsCommand));
  addRepair(program);
  addAlerts(program);
  const letters = group(program, 'dead-letters').description('Manage dead letters: rejected records');
  const which = (command: Command) =>
    command
      .option('--source <name>', 'Only this source')
      .option('--reason <reason>', 'Only this reason')
      .option('--run <id>', 'Only this run (workflow id or run id)');
  which(add(letters, 'list', 'List dead letters with their reasons', 'dead-letters list --reason invalid_time'))
    .option('--discarded', 'Include discarded dead letters')
    .option('--json', 'Print JSON, one dead letter per line')
    .action(act(async () => (await import('./commands/dead-letters/dead-letters.ts')).listDeadLettersCommand));
  const replay = 'Re-extract dead letters with the current configuration and store those that pass';
  which(add(letters, 'replay [ids...]', replay, 'dead-letters replay --source quakes --reason missing_time'))
    .option('--dry-run', 'Show the result for each dead letter; store nothing')
    .option('--detach', 'Return immediately; the workflow continues in the background')
    .option('--json', 'Print JSON, one source per line')
    .action(act(async () => (await import('./commands/dead-letters/replay-dead-letters.ts')).replayDeadLettersCommand));
  const discard = 'Hide dead letters you do not need';
  which(add(letters, 'discard [ids...]', discard, 'dead-letters discard --source quakes --reason missing_id'))
    .option('--undo', 'Show them again')
    .action(act(async () => (await import('./commands/dead-letters/dead-letters.ts')).discardDeadLettersCommand));
}

function addAlerts(program: Command): void {
  const alerts = group(program, 'alerts').description('Manage alerts and the alert webhook');
  add(alerts, 'list', 'List open alerts, oldest first', 'alerts list')
    .option('--json', 'Print JSON, one alert per line, as sent to the webhook')
    .action(act(async () => (await import('./commands/runs/alerts.ts')).listAlertsCommand));
  const close = 'Close an alert of a source; it opens again if its cause persists';
  add(alerts, 'close <name> <source>', close, 'alerts close run_failed quakes')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('./commands/runs/alerts.ts')).closeAlertCommand));
  const test = 'Post a test alert to DAYBOOK_ALERT_WEBHOOK and print the response';
  add(alerts, 'test', test, 'alerts test')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('./commands/runs/alerts.ts')).testAlertsCommand));
}

function addRepair(program: Command): void {
  const restore = 'Restore a retired day from its archive and keep it';
  add(program, 'restore', restore, 'restore --day 2026-11-01')
    .option('--day <day>', 'The day, UTC')
    .option('--undo', 'Stop keeping a restored day: the next rollover retires it again')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('./commands/database/restore.ts')).restoreCommand));
  const forget = 'Delete rows and their keys, so that the next poll can store them again; archives and CSV stay';
  add(program, 'forget', forget, 'forget --day 2026-11-01 --source quakes')
    .option('--day <day>', 'Records with occurred_at on this day, UTC')
    .option('--source <name>', 'Records of this source')
    .option('--yes', 'Do not ask for confirmation')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('./commands/source/forget.ts')).forgetCommand));
  const rekey = "Move a source's stored records to new ids after a change of `id`";
  add(program, 'rekey <source>', rekey, 'rekey quakes --dry-run')
    .option('--dry-run', 'Show what would be moved; change nothing')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('./commands/source/rekey.ts')).rekeyCommand));
}

function addState(program: Command): void {
  const state = group(program, 'state').description('Manage what sources remember between runs');
  add(state, 'show <source>', 'Show the state of a source', 'state show quakes')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('./commands/source/state.ts')).showStateCommand));
  add(state, 'reset <source>', 'Restart the next run from scratch', 'state reset quakes').action(
    act(async () => (await import('./commands/source/state.ts')).resetStateCommand),
  );
  const rewind = 'Make the next run fetch everything since a time';
  add(state, 'rewind <source>', rewind, 'state rewind quakes --to 2026-11-01')
    .option('--to <time>', 'A day or an ISO 8601 time, UTC')
    .action(act(async () => (await import('./commands/source/state.ts')).rewindStateCommand));
}

function addOperations(program: Command): void {
  const schedules = group(program, 'schedules').description("Manage the sources' schedules in Temporal");
  const diff = 'Show how the schedules on the server differ from the configuration; changes nothing';
  const managed = (command: Command) =>
    command
      .option('--prune', 'Delete schedules whose sources are gone, instead of pausing them')
      .option('--adopt', 'Adopt existing schedules with the same id (made by hand or by another store)')
      .option('--json', 'Print JSON, one schedule per line');
  managed(add(schedules, 'diff', diff, 'schedules diff')).action(
    act(async () => (await import('./commands/service/schedules.ts')).diffSchedulesCommand),
  );
  const apply = "Update the server's schedules to match the configuration; paused ones stay paused";
  managed(add(schedules, 'apply', apply, 'schedules apply --prune')).action(
    act(async () => (await import('./commands/service/schedules.ts')).applySchedulesCommand),
  );
  const backfill = 'Fetch a time range again, window by window; source state is not changed';
  add(program, 'backfill <source>', backfill, 'backfill quakes --from 2026-11-01 --to 2026-11-08')
    .option('--from <time>', 'A day or an ISO 8601 time, UTC')
    .option('--to <time>', 'A day or an ISO 8601 time, UTC, exclusive')
    .option('--step <duration>', 'Length of a window, e.g. 6h (default: 1d)')
    .option('--only <which>', 'Only windows that failed, or that never ran: failed or missing')
    .option(
      '--concurrency <windows>',
      'Windows that run at once, 1 to 20 (default: 2, or that of the running backfill)',
    )
    .option('--dry-run', 'Show the windows, their results and row counts; start nothing')
    .option('--detach', 'Return immediately; the workflow continues in the background')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('./commands/runs/backfill.ts')).backfillCommand));
  addJournal(program);
  const pause = 'Pause a source: its schedule and active runs';
  add(program, 'pause <source>', pause, "pause quakes --reason 'API maintenance' --until 2026-12-01T06:00Z")
    .option('--reason <text>', 'Reason, shown to other users')
    .option('--until <time>', 'A day or an ISO 8601 time, UTC, or a duration such as 2h (default: until resume)')
    .action(act(async () => (await import('./commands/source/pause.ts')).pauseCommand));
  add(program, 'resume <source>', 'Resume a paused source', 'resume quakes').action(
    act(async () => (await import('./commands/source/pause.ts')).resumeCommand),
  );
}

/** What works on the CSV journal. */
function addJournal(program: Command): void {
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
    .action(act(async () => (await import('./commands/journal/replay-csv.ts')).replayCsvCommand));
  const rebuild = 'Rebuild a lost CSV journal from PostgreSQL; existing rows do not change';
  choice(add(program, 'rebuild-journal', rebuild, 'rebuild-journal --source quakes --day 2026-11-01'))
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('./commands/journal/rebuild-journal.ts')).rebuildJournalCommand));
  const exporting = 'Export the CSV journal as one CSV, each key once';
  choice(add(program, 'export', exporting, 'export --source quakes --day 2026-11-01 > quakes.csv'))
    .option('--escape-formulas', "Put a ' before cells that a spreadsheet would read as a formula")
    .option('--output <file>', 'Write to this file, atomically')
    .action(act(async () => (await import('./commands/journal/export.ts')).exportCommand));
  const repair = 'Rewrite damaged parts of the CSV journal from the spool or from PostgreSQL';
  const part = 'quakes/2026-11-20/20261120T100000000Z-0123456789abcdef-300-0123456789abcdef.csv';
  add(program, 'repair-csv <parts...>', repair, `repair-csv ${part}`)
    .option('--json', 'Print JSON, one part per line')
    .action(act(async () => (await import('./commands/journal/repair-csv.ts')).repairCsvCommand));
  const verify = 'Compare the CSV journal with PostgreSQL for a day (keys, times, payloads); changes nothing';
  add(program, 'verify', verify, 'verify --day 2026-11-01')
    .option('--day <day>', 'A day of occurred_at, UTC')
    .option('--source <name>', 'Only this source')
    .option('--sample <rows>', 'Compare the payloads of this many random rows instead of all')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('./commands/journal/verify.ts')).verifyCommand));
}

/** A command that has only subcommands. */
function group(program: Command, name: string): Command {
  return program.command(name).helpCommand('help [command]', 'Show the help of a command');
}

function add(parent: Command, name: string, summary: string, example: string): Command {
  return common(parent.command(name)).description(summary).addHelpText('after', `\nExample:\n  ./daybook ${example}`);
}

/** Options that may be before or after the command. */
function common(command: Command): Command {
  return command
    .helpOption('-h, --help', 'Show this help')
    .option('--config <file>', 'Configuration file (default: DAYBOOK_CONFIG, or ./daybook.yaml)')
    .option('--demo', 'Use the demo: its own home, configuration and data');
}

/**
 * Calls a command with its arguments and all options, wherever on the line they stood. Its module is loaded only now: most
 * commands need neither Temporal nor PostgreSQL.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- commander's own type of an action
function act(load: () => Promise<(...args: any[]) => void | Promise<void>>) {
  return async (...args: unknown[]): Promise<void> => {
    const command = args.at(-1) as Command;
    const run = await load();
    const options = command.optsWithGlobals();
    try {
      await run(...args.slice(0, -2), options);
    } catch (error) {
      const { withoutSecrets } = await import('./options/command-redactor.ts');
      throw withoutSecrets(error, options);
    }
  };
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
