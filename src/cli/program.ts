import { Command } from 'commander';
import { version } from '../config/version.ts';
import { checkCommand } from './check.ts';
import { listDeadLettersCommand } from './dead-letters.ts';
import { envCommand } from './env.ts';
import { migrateCommand } from './migrate.ts';
import { ensurePartitionsCommand, listPartitionsCommand } from './partitions.ts';
import { previewCommand } from './preview.ts';
import { resetCommand } from './reset.ts';
import { runCommand } from './run.ts';
import { sqlCommand } from './sql.ts';
import { resetStateCommand, rewindStateCommand, showStateCommand } from './state.ts';
import { statusCommand } from './status.ts';
import { upCommand } from './up.ts';
import { workerCommand } from './worker.ts';

/** Commands that later versions bring. */
export const comingCommands: ReadonlySet<string> = new Set([
  ...['init', 'schedules', 'pause', 'resume', 'backfill', 'replay-csv', 'verify', 'restore', 'forget', 'export'],
  ...['smoke', 'doctor'],
]);

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
  return program;
}

function addServices(program: Command): void {
  add(program, 'up', 'run everything that the environment does not name, until Ctrl-C', 'up --demo').action(
    act(upCommand),
  );
  add(program, 'worker', 'run a worker for the servers that the environment names', 'worker').action(
    act(workerCommand),
  );
  add(program, 'run [sources...]', 'poll sources once, now, and print their receipts', 'run quakes')
    .option('--all', 'all sources of the configuration')
    .option('--json', 'print JSON, one receipt a line')
    .action(act(runCommand));
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
    .action(act(checkCommand));
  const preview = 'fetch the beginning of a source and show what would be stored; writes nothing';
  add(program, 'preview <source>', preview, 'preview quakes --limit 5')
    .option('--limit <records>', 'records to show', '20')
    .option('--json', 'print JSON, one record a line')
    .action(act(previewCommand));
  add(program, 'status', 'show whether data flows', 'status --check')
    .option('--check', 'exit with 1 while an alert is open')
    .option('--json', 'print JSON')
    .action(act(statusCommand));
  add(program, 'env', 'print the addresses in use for a shell to evaluate', 'env').action(act(envCommand));
}

function addStorage(program: Command): void {
  add(
    program,
    'sql <statement>',
    'run SQL on the PostgreSQL in use',
    'sql "select source, count(*) from raw_events group by 1"',
  )
    .option('--json', 'print JSON, one row a line')
    .action(act(sqlCommand));
  add(program, 'migrate', 'bring the database to the newest schema', 'migrate').action(act(migrateCommand));
  add(program, 'reset', 'empty the tables and let the sources begin afresh; CSV stays', 'reset --drop')
    .option('--drop', 'drop the partitions, too')
    .option('--keep-state', 'let the sources go on where they were')
    .action(act(resetCommand));
  const partitions = program.command('partitions').description('the days of raw_events');
  add(partitions, 'list', 'list the days that have a partition', 'partitions list')
    .option('--json', 'print JSON, one partition a line')
    .action(act(listPartitionsCommand));
  const ensure = 'make the partitions of the coming days, or of the days named';
  add(partitions, 'ensure', ensure, 'partitions ensure --from 2026-11-01 --to 2026-12-01')
    .option('--day <day>', 'one day, UTC')
    .option('--from <day>', 'first day, UTC')
    .option('--to <day>', 'end, exclusive')
    .action(act(ensurePartitionsCommand));
  const letters = program.command('dead-letters').description('records that were refused');
  add(letters, 'list', 'list refused records with their reasons', 'dead-letters list --reason invalid_time')
    .option('--source <name>', 'of one source')
    .option('--reason <reason>', 'with one reason')
    .option('--run <id>', 'of one run: its workflow id or run id')
    .option('--json', 'print JSON, one dead letter a line')
    .action(act(listDeadLettersCommand));
}

function addState(program: Command): void {
  const state = program.command('state').description('what sources remember between runs');
  add(state, 'show <source>', 'show what a source remembers', 'state show quakes')
    .option('--json', 'print JSON')
    .action(act(showStateCommand));
  add(state, 'reset <source>', 'let the next run begin afresh', 'state reset quakes').action(act(resetStateCommand));
  const rewind = 'let the next run ask again for everything since a time';
  add(state, 'rewind <source>', rewind, 'state rewind quakes --to 2026-11-01')
    .option('--to <time>', 'a day or an ISO 8601 time, UTC')
    .action(act(rewindStateCommand));
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

/** Calls a command with its arguments and all options, wherever on the line they stood. */
// oxlint-disable-next-line typescript/no-explicit-any -- commander's own type of an action
function act(run: (...args: any[]) => void | Promise<void>) {
  return async (...args: unknown[]): Promise<void> => {
    const command = args.at(-1) as Command;
    await run(...args.slice(0, -2), command.optsWithGlobals());
  };
}
