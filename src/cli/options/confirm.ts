import { createInterface } from 'node:readline/promises';
import { visibleText } from '../../domain/text/visible-text.ts';
import { UsageError } from '../../domain/errors.ts';

/**
 * Asks before a command destroys what cannot be had again.
 * @param what would be done, e.g. `forget 2 rows of quakes`
 * @param yes whether `--yes` says so already
 * @throws UsageError without `--yes`, and without a terminal on which someone says y
 */
export async function requireConfirmation(what: string, yes: boolean | undefined): Promise<void> {
  if (yes || (canAsk() && (await isConfirmed(what)))) return;
  throw new UsageError(`${what}: confirm with --yes (or y on a terminal); nothing was removed`);
}

/** Whether there is anybody to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

async function isConfirmed(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${visibleText(question)}? [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
