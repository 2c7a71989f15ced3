import { Command } from 'commander';
import { version } from '../config/version.ts';
import { addAlerts } from './program/alerts.ts';
import { common } from './program/command.ts';
import { addDatabase, addRepair } from './program/database.ts';
import { addDeadLetters } from './program/dead-letters.ts';
import { addInspection } from './program/inspection.ts';
import { addJournal } from './program/journal.ts';
import { addBackfill, addDeployment, addPause, addSchedules } from './program/scheduling.ts';
import { addServices } from './program/services.ts';
import { addState } from './program/state.ts';
import { addStore } from './program/store.ts';

/** The command line: every command with its options and an example. It throws instead of ending the process. */
export function buildProgram(): Command {
  const program = common(new Command('daybook').exitOverride())
    .description(
      'Fetch records from configured sources into CSV and a daily-partitioned PostgreSQL table, each exactly once.',
    )
    .version(version, '-V, --version', 'Show the version')
    .helpCommand(false);
  addServices(program);
  addInspection(program);
  addDatabase(program);
  addRepair(program);
  addAlerts(program);
  addDeadLetters(program);
  addState(program);
  addSchedules(program);
  addDeployment(program);
  addBackfill(program);
  addJournal(program);
  addStore(program);
  addPause(program);
  return program;
}
