import type { Command } from 'commander';
import { act, add } from './command.ts';
import { addInit } from './init.ts';

/** What looks, and changes nothing. */
export function addInspection(program: Command): void {
  add(program, 'check', 'Validate the configuration and list every problem', 'check --config daybook.yaml')
    .alias('validate')
    .option('--json', 'Print JSON')
    .option('--verbose', 'Show when each source starts next')
    .action(act(async () => (await import('../commands/source/check.ts')).checkCommand));
  addInit(program);
  const preview = 'Fetch the beginning of a source and show what would be stored; writes nothing';
  add(program, 'preview <source>', preview, 'preview quakes --limit 5')
    .option('--limit <records>', 'Number of records to show', '20')
    .option('--verbose', 'Show requests, responses and pages')
    .option('--json', 'Print JSON, one record per line')
    .action(act(async () => (await import('../commands/source/preview.ts')).previewCommand));
  add(program, 'status [source]', 'Show whether data flows, or details of one source', 'status --problems')
    .option('--check', 'Exit with 1 while an alert is open, a file is damaged or maintenance is late')
    .option('--problems', 'Show only problems, in full')
    .option('--watch', 'Refresh until Ctrl-C')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('../commands/runs/status.ts')).statusCommand));
  add(program, 'runs <source>', 'List past runs of a source, newest first; needs no server', 'runs quakes --failed')
    .option('--day <day>', 'Only runs that ended on this day, UTC')
    .option('--failed', 'Only failed runs')
    .option('--limit <runs>', 'Maximum number of runs (default: 50; with --json all)')
    .option('--json', 'Print JSON, one receipt per line')
    .action(act(async () => (await import('../commands/runs/runs.ts')).runsCommand));
  const doctor = 'Check the environment and report what is missing';
  add(program, 'doctor', doctor, 'doctor')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('../commands/service/doctor.ts')).doctorCommand));
  const cost = 'Show what polls cost in a month: requests to a bucket, Temporal actions, list prices';
  add(program, 'cost', cost, 'cost --sources 500 --every 1m')
    .option('--sources <count>', 'Number of sources (default: those of the configuration, with their schedules)')
    .option('--every <duration>', 'Interval of --sources (default: 1m)')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('../commands/source/cost.ts')).costCommand));
  const smoke = 'Send one test record end to end (scrape, insert, verify in PostgreSQL and CSV), then delete it';
  add(program, 'smoke', smoke, 'smoke')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('../commands/runs/smoke.ts')).smokeCommand));
  add(program, 'env', 'Print the server addresses as shell exports', 'env').action(
    act(async () => (await import('../commands/database/env.ts')).envCommand),
  );
}
