import { CommanderError } from 'commander';
import { DaybookError, messageOf, isUsageFailure } from '../domain/errors.ts';
import { exitCodeOf } from './output/exit-code.ts';
import { printInfo } from './output/output.ts';
import { buildProgram } from './program.ts';

/** Runs a command line; returns the exit code: 0 done, 1 failed, 2 wrong usage or configuration. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    return await exitCodeOf(() => buildProgram().parseAsync(args, { from: 'user' }));
  } catch (error) {
    return report(error);
  }
}

/** Says what went wrong. Only for what Daybook does not know, a fault of its own, a stack trace is of use. */
function report(error: unknown): number {
  // Commander has already printed its message.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof DaybookError) {
    printInfo(`daybook: ${error.message}`);
    return isUsageFailure(error) ? 2 : 1;
  }
  printInfo(`daybook: unexpected error: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`);
  return 1;
}
