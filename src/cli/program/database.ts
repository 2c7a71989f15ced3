import type { Command } from 'commander';
import { act, add, group } from './command.ts';

/** What works on PostgreSQL. */
export function addDatabase(program: Command): void {
  add(
    program,
    'sql <statement>',
    'Run an SQL statement on the configured PostgreSQL',
    'sql "select source, count(*) from raw_events group by 1"',
  )
    .option('--json', 'Print JSON, one row per line')
    .action(act(async () => (await import('../commands/database/sql.ts')).sqlCommand));
  add(program, 'migrate', 'Migrate the database to the latest schema', 'migrate --roles')
    .option('--roles', 'Grant PG_USER only the rights to store; PG_OWNER_USER owns the tables')
    .option('--reader <role>', 'Grant a role read access only')
    .option('--processor <role>', 'Grant a role the rights to read rows and mark them as processed')
    .option('--dry-run', 'Print the grants; change nothing')
    .action(act(async () => (await import('../commands/database/migrate.ts')).migrateCommand));
  add(program, 'reset', 'Empty the tables and restart sources from scratch; CSV files stay', 'reset --drop --yes')
    .option('--drop', 'Also drop the partitions')
    .option('--keep-state', 'Keep source state')
    .option('--yes', 'Do not ask for confirmation')
    .action(act(async () => (await import('../commands/database/reset.ts')).resetCommand));
  const partitions = group(program, 'partitions').description('Manage the daily partitions of raw_events');
  add(partitions, 'list', 'List the days that have a partition, and partitions created by hand', 'partitions list')
    .option('--json', 'Print JSON, one partition per line')
    .action(act(async () => (await import('../commands/database/partitions.ts')).listPartitionsCommand));
  const ensure = 'Create partitions for the coming days or for the given days';
  add(partitions, 'ensure', ensure, 'partitions ensure --from 2026-11-01 --to 2026-12-01')
    .option('--day <day>', 'One day, UTC')
    .option('--from <day>', 'First day, UTC')
    .option('--to <day>', 'End, exclusive')
    .action(act(async () => (await import('../commands/database/partitions.ts')).ensurePartitionsCommand));
  const maintain = 'Run the daily rollover now: create partitions, maintain past ones, clean the spool';
  add(partitions, 'maintain', maintain, 'partitions maintain --dry-run')
    .option('--dry-run', 'Show what would be done; change nothing')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('../commands/database/maintain.ts')).maintainPartitionsCommand));
}

/** What brings rows back, takes them out or moves them. */
export function addRepair(program: Command): void {
  const restore = 'Restore a retired day from its archive, and do not retire it again';
  add(program, 'restore', restore, 'restore --day 2026-11-01')
    .option('--day <day>', 'The day, UTC')
    .option('--undo', 'Let the next rollover retire a restored day again')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('../commands/database/restore.ts')).restoreCommand));
  const forget = 'Delete rows and their keys, so that the next poll can store them again; archives and CSV files stay';
  add(program, 'forget', forget, 'forget --day 2026-11-01 --source quakes')
    .option('--day <day>', 'Records with occurred_at on this day, UTC')
    .option('--source <name>', 'Records of this source')
    .option('--yes', 'Do not ask for confirmation')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('../commands/source/forget.ts')).forgetCommand));
  const rekey = "Move a source's stored records to new ids after a change of `id`";
  add(program, 'rekey <source>', rekey, 'rekey quakes --dry-run')
    .option('--dry-run', 'Show what would be moved; change nothing')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('../commands/source/rekey.ts')).rekeyCommand));
}
