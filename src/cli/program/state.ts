import type { Command } from 'commander';
import { act, add, group } from './command.ts';

export function addState(program: Command): void {
  const state = group(program, 'state').description('Manage what sources remember between runs');
  add(state, 'show <source>', 'Show the state of a source', 'state show quakes')
    .option('--json', 'Print JSON')
    .action(act(async () => (await import('../commands/source/state.ts')).showStateCommand));
  add(state, 'reset <source>', 'Restart the next run from scratch', 'state reset quakes').action(
    act(async () => (await import('../commands/source/state.ts')).resetStateCommand),
  );
  const rewind = 'Make the next run fetch everything since a time';
  add(state, 'rewind <source>', rewind, 'state rewind quakes --to 2026-11-01')
    .option('--to <time>', 'A day or an ISO 8601 time, UTC')
    .action(act(async () => (await import('../commands/source/state.ts')).rewindStateCommand));
}
