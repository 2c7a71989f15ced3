import type { Command } from 'commander';
import { act, add, group } from './command.ts';

export function addDeadLetters(program: Command): void {
  const letters = group(program, 'dead-letters').description('Manage dead letters: rejected records');
  const which = (command: Command) =>
    command
      .option('--source <name>', 'Only this source')
      .option('--reason <reason>', 'Only this reason')
      .option('--run <id>', 'Only this run (workflow id or run id)');
  which(add(letters, 'list', 'List dead letters with their reasons', 'dead-letters list --reason invalid_time'))
    .option('--discarded', 'Include discarded dead letters')
    .option('--json', 'Print JSON, one dead letter per line')
    .action(act(async () => (await import('../commands/dead-letters/dead-letters.ts')).listDeadLettersCommand));
  const replay = 'Re-extract dead letters with the current configuration and store those that pass';
  which(add(letters, 'replay [ids...]', replay, 'dead-letters replay --source quakes --reason missing_time'))
    .option('--dry-run', 'Show the result for each dead letter; store nothing')
    .option('--detach', 'Return immediately; the workflow continues in the background')
    .option('--json', 'Print JSON, one source per line')
    .action(
      act(async () => (await import('../commands/dead-letters/replay-dead-letters.ts')).replayDeadLettersCommand),
    );
  const discard = 'Hide dead letters you do not need';
  which(add(letters, 'discard [ids...]', discard, 'dead-letters discard --source quakes --reason missing_id'))
    .option('--undo', 'Show them again')
    .action(act(async () => (await import('../commands/dead-letters/dead-letters.ts')).discardDeadLettersCommand));
}
