import type { Command } from 'commander';
import { act, add, group } from './command.ts';

export function addSchedules(program: Command): void {
  const schedules = group(program, 'schedules').description("Manage the sources' schedules in Temporal");
  const diff = 'Show how the schedules on the server differ from the configuration; changes nothing';
  const managed = (command: Command) =>
    command
      .option('--prune', 'Delete schedules whose source is no longer configured, instead of pausing them')
      .option('--adopt', 'Take over existing schedules with the same id (created by hand or by another store)')
      .option('--json', 'Print JSON, one schedule per line');
  managed(add(schedules, 'diff', diff, 'schedules diff')).action(
    act(async () => (await import('../commands/service/schedules.ts')).diffSchedulesCommand),
  );
  const apply = "Update the server's schedules to match the configuration; paused ones stay paused";
  managed(add(schedules, 'apply', apply, 'schedules apply --prune')).action(
    act(async () => (await import('../commands/service/schedules.ts')).applySchedulesCommand),
  );
}

export function addDeployment(program: Command): void {
  const deployment = group(program, 'deployment').description('Route work between builds of a worker deployment');
  const current = 'Route all work to a build (default: that of this installation)';
  add(deployment, 'current [build]', current, 'deployment current')
    .option('--none', 'Route all work to workers without DAYBOOK_DEPLOYMENT')
    .action(act(async () => (await import('../commands/service/deployment.ts')).currentDeploymentCommand));
  const ramp = 'Route a part of the work to a build; 0 ends it';
  add(deployment, 'ramp <percent> [build]', ramp, 'deployment ramp 10').action(
    act(async () => (await import('../commands/service/deployment.ts')).rampDeploymentCommand),
  );
  add(deployment, 'status', 'Show the builds, and which of them get work', 'deployment status')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('../commands/service/deployment.ts')).deploymentStatusCommand));
}

export function addBackfill(program: Command): void {
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
    .action(act(async () => (await import('../commands/runs/backfill.ts')).backfillCommand));
}

export function addPause(program: Command): void {
  const pause = 'Pause a source: its schedule and active runs';
  add(program, 'pause <source>', pause, "pause quakes --reason 'API maintenance' --until 2026-12-01T06:00Z")
    .option('--reason <text>', 'Reason, shown to other users')
    .option('--until <time>', 'A day or an ISO 8601 time, UTC, or a duration such as 2h (default: until resume)')
    .action(act(async () => (await import('../commands/source/pause.ts')).pauseCommand));
  add(program, 'resume <source>', 'Resume a paused source', 'resume quakes').action(
    act(async () => (await import('../commands/source/pause.ts')).resumeCommand),
  );
}
