import { Console } from 'node:console';
import { writeSync } from 'node:fs';
import { CommanderError } from 'commander';
import { dropSearchPathOption } from '../config/environment/search-path-option.ts';
import { DaybookError, messageOf } from '../domain/errors.ts';
import { printInfo } from './output/output.ts';
import { buildProgram } from './program.ts';
import { isUsageFailure } from '../domain/usage-error.ts';

// A reader that has seen enough (`| head`) is no failure. What serves continues without one: Ctrl-C ends the reader of a pipe
// first, and the parts are still to be stopped. Nor does a log whose disk is full end it: then its work would stop, too.
const serves = process.argv.slice(2).some((arg) => arg === 'up' || arg === 'worker');
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (serves) return;
    const isClosed = (error as { code?: string }).code === 'EPIPE';
    if (!isClosed) reportOutput(error);
    process.exit(isClosed ? 0 : 1);
  });
}

// What modules of sources, and libraries, say is no part of what was asked for.
globalThis.console = new Console(process.stderr);

dropSearchPathOption();

const code = await main(process.argv.slice(2));
// What a pipe has not taken yet would be lost.
await Promise.all([process.stdout, process.stderr].map(flushed));
process.exit(code);

/** There may be nowhere left to say it. */
function reportOutput(error: Error): void {
  try {
    writeSync(2, `daybook: output could not be written: ${error.message}\n`);
  } catch {
    // The exit code says it.
  }
}

async function flushed(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength > 0) await new Promise<void>((resolve) => stream.write('', () => resolve()));
}

/** Runs a command line; returns the exit code: 0 done, 1 failed, 2 wrong usage or configuration. */
async function main(args: readonly string[]): Promise<number> {
  try {
    await buildProgram().parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error);
  }
}

/** Says what went wrong. Only for what Daybook does not know, a fault of its own, a stack trace is of use. */
function report(error: unknown): number {
  // Commander has printed its message by itself.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof DaybookError) {
    printInfo(`daybook: ${error.message}`);
    return isUsageFailure(error) ? 2 : 1;
  }
  printInfo(`daybook: unexpected error: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`);
  return 1;
}
