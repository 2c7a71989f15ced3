import type { Command } from 'commander';
import { act, add, collect } from './command.ts';

/** What runs sources. */
export function addServices(program: Command): void {
  const accepting = (command: Command) =>
    command.option('--accept-new-store', 'Accept a store and a database that do not belong together, and pair them');
  const service = (command: Command) =>
    accepting(command).option(
      '--strict-config',
      'Refuse to start with a broken configuration instead of using the last good one',
    );
  const up = 'Start a worker, and the servers that the environment does not configure, until Ctrl-C';
  service(add(program, 'up', up, 'up --demo')).action(
    act(async () => (await import('../commands/service/up.ts')).upCommand),
  );
  const worker = 'Run a worker against the configured servers';
  service(add(program, 'worker', worker, 'worker')).action(
    act(async () => (await import('../commands/service/worker.ts')).workerCommand),
  );
  const codecServer = "Decrypt payloads for Temporal's Web UI and CLI, until Ctrl-C";
  add(program, 'codec-server', codecServer, 'codec-server --origin https://cloud.temporal.io')
    .option('--listen <address>', 'Address to listen on', '127.0.0.1:8888')
    .option('--origin <url>', "The Web UI's URL (default: TEMPORAL_UI_URL, or the embedded one); repeatable", collect)
    .action(act(async () => (await import('../commands/service/codec-server.ts')).codecServerCommand));
  accepting(add(program, 'run [sources...]', 'Poll sources once now and print a receipt for each run', 'run quakes'))
    .option('--all', 'All sources of the configuration')
    .option('--json', 'Print JSON, one receipt per line')
    .action(act(async () => (await import('../commands/runs/run.ts')).runCommand));
}
