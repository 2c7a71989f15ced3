import { Console } from 'node:console';
import { writeSync } from 'node:fs';
import { dropSearchPathOption } from '../config/environment/search-path-option.ts';
import { runCommandLine } from './run-command-line.ts';

// A reader that has seen enough (`| head`) is not a failure. What serves continues without one: Ctrl-C ends the reader of a pipe
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

const code = await runCommandLine(process.argv.slice(2));
// What a pipe has not taken yet would be lost.
await Promise.all([process.stdout, process.stderr].map(flushed));
// A fault that no command waited for has set the exit code of the process.
process.exit(code === 0 ? Number(process.exitCode ?? 0) : code);

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
