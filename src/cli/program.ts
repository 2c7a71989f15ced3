import { Command } from 'commander';
import { version } from '../config/version.ts';

/** The command line: every command with its options and an example. It throws instead of ending the process. */
export function buildProgram(): Command {
  const program = common(new Command('daybook').exitOverride())
    .description(
      'Fetches records from configured sources into CSV and a daily-partitioned PostgreSQL table, each once.',
    )
    .version(version)
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
    command.option('--accept-new-store', 'take a store and a database together that do not belong together');
  const service = (command: Command) =>
    accepting(command).option(
      '--strict-config',
      'refuse to start with a broken configuration, instead of using the last good one',
    );
  const up = 'run everything that the environment does not name, until Ctrl-C';
  service(add(program, 'up', up, 'up --demo')).action(
    act(async () => (await import('./commands/service/up.ts')).upCommand),
  );
  const worker = 'run a worker for the servers that the environment names';
  service(add(program, 'worker', worker, 'worker')).action(
    act(async () => (await import('./commands/service/worker.ts')).workerCommand),
  );
  accepting(add(program, 'run [sources...]', 'poll sources once, now, and print their receipts', 'run quakes'))
    .option('--all', 'all sources of the configuration')
    .option('--json', 'print JSON, one receipt a line')
    .action(act(async () => (await import('./commands/runs/run.ts')).runCommand));
}

function addLooking(program: Command): void {
  add(
    program,
    'check',
    'check the configuration, and say everything that is wrong with it',
    'check --config daybook.yaml',
  )
    .alias('validate')
    .option('--json', 'print JSON')
    .option('--verbose', 'show when each source is due next')
    .action(act(async () => (await import('./commands/source/check.ts')).checkCommand));
  const init = 'look at an address or a file, and print a configuration that reads it; writes nothing';
  add(program, 'init <address>', init, 'init https://example.com/feed.xml > daybook.yaml')
    .option('--name <name>', 'what the source is to be called')
    .option('--header <header>', "a header to send, such as 'X-Key: ${env:KEY}'; may be given again", collect)
    .option(
      '--auth <credentials>',
      'bearer:${env:NAME}, basic:USER:${env:NAME} or api_key:HEADER:${env:NAME}, in single quotes',
    )
    .action(act(async () => (await import('./commands/source/init.ts')).initCommand));
  const preview = 'fetch the beginning of a source and show what would be stored; writes nothing';
  add(program, 'preview <source>', preview, 'preview quakes --limit 5')
    .option('--limit <records>', 'records to show', '20')
    .option('--verbose', 'show the requests, their answers and the pages')
    .option('--json', 'print JSON, one record a line')
    .action(act(async () => (await import('./commands/source/preview.ts')).previewCommand));
  add(program, 'status [source]', 'show whether data flows, or all that is known of a source', 'status --problems')
    .option('--check', 'exit with 1 while an alert is open, or maintenance is late')
    .option('--problems', 'show only what is wrong, in full')
    .option('--watch', 'look again and again, until Ctrl-C')
    .option('--json', 'print JSON')
    .action(act(async () => (await import('./commands/runs/status.ts')).statusCommand));
  add(program, 'runs <source>', 'list past runs of a source, the newest first; needs no server', 'runs quakes --failed')
    .option('--day <day>', 'those that ended on a day, UTC')
    .option('--failed', 'those that failed')
    .option('--limit <runs>', 'how many (default: 50; with --json all)')
    .option('--json', 'print JSON, one receipt a line')
    .action(act(async () => (await import('./commands/runs/runs.ts')).runsCommand));
  const doctor = 'look at everything around that Daybook needs, and say what is missing';
  add(program, 'doctor', doctor, 'doctor')
    .option('--json', 'print JSON')
    .action(act(async () => (await import('./commands/service/doctor.ts')).doctorCommand));
  const smoke = 'take one record the whole way: scrape, insert, confirm in PostgreSQL and CSV, and take it away again';
  add(program, 'smoke', smoke, 'smoke')
    .option('--json', 'print JSON')
    .action(act(async () => (await import('./commands/runs/smoke.ts')).smokeCommand));
  add(program, 'env', 'print the addresses in use for a shell to evaluate', 'env').action(
    act(async () => (await import('./commands/database/env.ts')).envCommand),
  );
}

function addStorage(program: Command): void {
  add(
    program,
    'sql <statement>',
    'run SQL on the PostgreSQL in use',
    'sql "select source, count(*) from raw_events group by 1"',
  )
    .option('--json', 'print JSON, one row a line')
    .action(act(async () => (await import('./commands/database/sql.ts')).sqlCommand));
  add(program, 'migrate', 'bring the database to the newest schema', 'migrate --roles')
    .option('--roles', 'grant PG_USER what storing takes, and no more; PG_OWNER_USER owns the tables')
    .option('--reader <role>', 'grant a role to read what is stored, and no more')
    .option('--processor <role>', 'grant a role to read, and to mark rows as processed')
    .option('--dry-run', 'print the grants; change nothing')
    .action(act(async () => (await import('./commands/database/migrate.ts')).migrateCommand));
  add(program, 'reset', 'empty the tables and let the sources begin afresh; CSV stays', 'reset --drop --yes')
    .option('--drop', 'drop the partitions, too')
    .option('--keep-state', 'let the sources go on where they were')
    .option('--yes', 'do not ask')
    .action(act(async () => (await import('./commands/database/reset.ts')).resetCommand));
  const partitions = program.command('partitions').description('the days of raw_events');
  add(partitions, 'list', 'list the days that have a partition, and partitions made by hand', 'partitions list')
    .option('--json', 'print JSON, one partition a line')
    .action(act(async () => (await import('./commands/database/partitions.ts')).listPartitionsCommand));
  const ensure = 'make the partitions of the coming days, or of the days named';
  add(partitions, 'ensure', ensure, 'partitions ensure --from 2026-11-01 --to 2026-12-01')
    .option('--day <day>', 'one day, UTC')
    .option('--from <day>', 'first day, UTC')
    .option('--to <day>', 'end, exclusive')
    .action(act(async () => (await import('./commands/database/partitions.ts')).ensurePartitionsCommand));
  const maintain =
    'make the coming partitions, tidy up those that are past, and sweep the spool: the daily rollover, now';
  add(partitions, 'maintain', maintain, 'partitions maintain --dry-run')
    .option('--dry-run', 'show what would be done; do nothing')
    .option('--json', 'print JSON')
    .action(act(async () => (await import('./commands/database/maintain.ts')).maintainPartitionsCommand));
  addRepair(program);
  addAlerts(program);
  const letters = program.command('dead-letters').description('records that were refused');
  const which = (command: Command) =>
    command
      .option('--source <name>', 'of one source')
      .option('--reason <reason>', 'with one reason')
      .option('--run <id>', 'of one run: its workflow id or run id');
  which(add(letters, 'list', 'list refused records with their reasons', 'dead-letters list --reason invalid_time'))
    .option('--discarded', 'also those that were discarded')
    .option('--json', 'print JSON, one dead letter a line')
    .action(act(async () => (await import('./commands/dead-letters/dead-letters.ts')).listDeadLettersCommand));
  const replay = 'extract refused records again, by the configuration as it is now, and store those that pass';
  which(add(letters, 'replay [ids...]', replay, 'dead-letters replay --source quakes --reason missing_time'))
    .option('--dry-run', 'show what would become of them; store nothing')
    .option('--detach', 'do not wait for the end')
    .option('--json', 'print JSON, one source a line')
    .action(act(async () => (await import('./commands/dead-letters/replay-dead-letters.ts')).replayDeadLettersCommand));
  const discard = 'hide refused records that need no further look';
  which(add(letters, 'discard [ids...]', discard, 'dead-letters discard --source quakes --reason missing_id'))
    .option('--undo', 'show them again')
    .action(act(async () => (await import('./commands/dead-letters/dead-letters.ts')).discardDeadLettersCommand));
}

function addAlerts(program: Command): void {
  const alerts = program.command('alerts').description('what is wrong, and who is told of it');
  add(alerts, 'list', 'list open alerts, the oldest first', 'alerts list')
    .option('--json', "print JSON, one alert a line: the body of the webhook's request")
    .action(act(async () => (await import('./commands/runs/alerts.ts')).listAlertsCommand));
  const close = 'close an alert of a source by hand; it opens again if its cause is still there';
  add(alerts, 'close <name> <source>', close, 'alerts close run_failed quakes')
    .option('--json', 'print JSON')
    .action(act(async () => (await import('./commands/runs/alerts.ts')).closeAlertCommand));
  const test = 'post a test alert to DAYBOOK_ALERT_WEBHOOK, and say what comes back';
  add(alerts, 'test', test, 'alerts test')
    .option('--json', 'print JSON')
    .action(act(async () => (await import('./commands/runs/alerts.ts')).testAlertsCommand));
}

function addRepair(program: Command): void {
  const restore = 'bring a retired day back from its archive, and keep it';
  add(program, 'restore', restore, 'restore --day 2026-11-01')
    .option('--day <day>', 'the day, UTC')
    .option('--undo', 'keep a restored day no longer: the next rollover retires it again')
    .option('--json', 'print JSON')
    .action(act(async () => (await import('./commands/database/restore.ts')).restoreCommand));
  const forget = 'remove rows and their keys, so that the next poll may bring them back; archives and CSV stay';
  add(program, 'forget', forget, 'forget --day 2026-11-01 --source quakes')
    .option('--day <day>', 'what occurred on a day, UTC')
    .option('--source <name>', 'what a source brought')
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON')
    .action(act(async () => (await import('./commands/source/forget.ts')).forgetCommand));
  const rekey = 'give what is stored of a source the ids that its `id` finds now, after `id` was changed';
  add(program, 'rekey <source>', rekey, 'rekey quakes --dry-run')
    .option('--dry-run', 'show what would be moved; change nothing')
    .option('--json', 'print JSON')
    .action(act(async () => (await import('./commands/source/rekey.ts')).rekeyCommand));
}

function addState(program: Command): void {
  const state = program.command('state').description('what sources remember between runs');
  add(state, 'show <source>', 'show what a source remembers', 'state show quakes')
    .option('--json', 'print JSON')
    .action(act(async () => (await import('./commands/source/state.ts')).showStateCommand));
  add(state, 'reset <source>', 'let the next run begin afresh', 'state reset quakes').action(
    act(async () => (await import('./commands/source/state.ts')).resetStateCommand),
  );
  const rewind = 'let the next run ask again for everything since a time';
  add(state, 'rewind <source>', rewind, 'state rewind quakes --to 2026-11-01')
    .option('--to <time>', 'a day or an ISO 8601 time, UTC')
    .action(act(async () => (await import('./commands/source/state.ts')).rewindStateCommand));
}

function addOperations(program: Command): void {
  const schedules = program.command('schedules').description("Temporal's schedules of the sources");
  const diff = 'show how the schedules on the server differ from the configuration; changes nothing';
  const managed = (command: Command) =>
    command
      .option('--prune', 'delete schedules whose sources are gone, instead of pausing them')
      .option('--adopt', 'take over schedules of the same id that were made by hand, or by another store')
      .option('--json', 'print JSON, one schedule a line');
  managed(add(schedules, 'diff', diff, 'schedules diff')).action(
    act(async () => (await import('./commands/service/schedules.ts')).diffSchedulesCommand),
  );
  const apply = 'make the schedules on the server what the configuration wants; paused ones stay paused';
  managed(add(schedules, 'apply', apply, 'schedules apply --prune')).action(
    act(async () => (await import('./commands/service/schedules.ts')).applySchedulesCommand),
  );
  const backfill = 'fetch a range of time again, window by window; what the source remembers is left alone';
  add(program, 'backfill <source>', backfill, 'backfill quakes --from 2026-11-01 --to 2026-11-08')
    .option('--from <time>', 'a day or an ISO 8601 time, UTC')
    .option('--to <time>', 'the same, exclusive')
    .option('--step <duration>', 'length of a window, e.g. 6h (default: 1d)')
    .option('--only <which>', 'failed or missing windows only')
    .option('--concurrency <windows>', 'windows that run at once, 1 to 20 (default: 2, or as the one under way)')
    .option('--dry-run', 'show the windows, what became of them and how many rows they have; start nothing')
    .option('--detach', 'do not wait for the end')
    .option('--json', 'print JSON')
    .action(act(async () => (await import('./commands/runs/backfill.ts')).backfillCommand));
  addJournal(program);
  const pause = 'pause a source: its schedule, and its runs under way';
  add(program, 'pause <source>', pause, "pause quakes --reason 'API maintenance' --until 2026-12-01T06:00Z")
    .option('--reason <text>', 'why, for whoever finds it paused')
    .option('--until <time>', 'a day or an ISO 8601 time, UTC, or a duration such as 2h; default: until resume')
    .action(act(async () => (await import('./commands/source/pause.ts')).pauseCommand));
  add(program, 'resume <source>', 'let a paused source go on', 'resume quakes').action(
    act(async () => (await import('./commands/source/pause.ts')).resumeCommand),
  );
}

/** What works on the CSV journal. */
function addJournal(program: Command): void {
  const choice = (command: Command) =>
    command
      .option('--source <name>', 'of one source')
      .option('--day <day>', 'records of one day, UTC')
      .option('--from <time>', 'records since a day or an ISO 8601 time, UTC')
      .option('--to <time>', 'records before it')
      .option('--archives', 'also the archives of retired days');
  const replay = 'write records of the CSV journal into PostgreSQL again; what is stored already stays as it is';
  choice(add(program, 'replay-csv', replay, 'replay-csv --source quakes --from 2026-11-01 --to 2026-11-08'))
    .option('--dry-run', 'show what would be read; start nothing')
    .option('--detach', 'do not wait for the end')
    .option('--json', 'print JSON')
    .action(act(async () => (await import('./commands/journal/replay-csv.ts')).replayCsvCommand));
  const rebuild = 'write the CSV journal again from PostgreSQL, where it was lost; what it has already stays as it is';
  choice(add(program, 'rebuild-journal', rebuild, 'rebuild-journal --source quakes --day 2026-11-01'))
    .option('--json', 'print JSON')
    .action(act(async () => (await import('./commands/journal/rebuild-journal.ts')).rebuildJournalCommand));
  const exporting = 'print records of the CSV journal as CSV, each key once';
  choice(add(program, 'export', exporting, 'export --source quakes --day 2026-11-01 > quakes.csv'))
    .option('--escape-formulas', "put a ' before cells that a spreadsheet would take for a formula")
    .option('--output <file>', 'write to a file, which is there whole or not at all')
    .action(act(async () => (await import('./commands/journal/export.ts')).exportCommand));
  const repair = 'write damaged parts of the CSV journal again, from the spool or from PostgreSQL';
  const part = 'quakes/2026-11-20/20261120T100000000Z-0123456789abcdef-300-0123456789abcdef.csv';
  add(program, 'repair-csv <parts...>', repair, `repair-csv ${part}`)
    .option('--json', 'print JSON, one part a line')
    .action(act(async () => (await import('./commands/journal/repair-csv.ts')).repairCsvCommand));
  const verify = 'compare the CSV journal with PostgreSQL for a day: keys, times and payloads; changes nothing';
  add(program, 'verify', verify, 'verify --day 2026-11-01')
    .option('--day <day>', 'a day of occurred_at, UTC')
    .option('--source <name>', 'of one source')
    .option('--sample <rows>', 'compare the payloads of so many rows, picked at random, instead of all')
    .option('--json', 'print JSON')
    .action(act(async () => (await import('./commands/journal/verify.ts')).verifyCommand));
}

function add(parent: Command, name: string, summary: string, example: string): Command {
  return common(parent.command(name)).description(summary).addHelpText('after', `\nExample:\n  ./daybook ${example}`);
}

/** Options that stand before or after the command. */
function common(command: Command): Command {
  return command
    .option('--config <file>', 'the configuration (default: DAYBOOK_CONFIG, or ./daybook.yaml)')
    .option('--demo', 'work on the demo: its own home, configuration and data');
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
