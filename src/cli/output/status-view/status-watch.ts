import { setTimeout as sleep } from 'node:timers/promises';
import { aborted, stopSignal } from '../../stack/stop-signal.ts';
import { terminalOf } from '../terminal/terminal.ts';
import { fit } from '../terminal/text-width.ts';

const everyMs = 2_000;
const [hideCursor, showCursor] = ['\u001b[?25l', '\u001b[?25h'];
const [clearAll, home, clearLine, clearBelow] = ['\u001b[2J', '\u001b[H', '\u001b[K', '\u001b[J'];

/**
 * Looks repeatedly until Ctrl-C, which is not a failure. On a terminal the picture is drawn over the one before, also when its
 * window changes; elsewhere one follows the other.
 * @param look the current state
 * @param draw the same as lines that fit the terminal as it is now
 */
export async function watchStatus<T>(look: () => Promise<T>, draw: (found: T) => readonly string[]): Promise<void> {
  const stop = stopSignal();
  let latest: { readonly found: T } | null = null;
  const show = () => {
    if (latest) write(draw(latest.found));
  };
  const { isTerminal } = terminalOf(process.stdout);
  if (isTerminal) process.stdout.write(hideCursor + clearAll);
  process.stdout.on('resize', show);
  try {
    while (!stop.aborted) {
      const found = await Promise.race([look(), aborted(stop)]);
      if (found === null) break;
      latest = { found };
      show();
      await sleep(everyMs, undefined, { signal: stop }).catch(() => undefined);
    }
  } finally {
    process.stdout.off('resize', show);
    if (isTerminal) process.stdout.write(showCursor);
  }
}

function write(lines: readonly string[]): void {
  const { isTerminal, rows, columns } = terminalOf(process.stdout);
  if (!isTerminal) {
    process.stdout.write(`${lines.join('\n')}\n\n`);
    return;
  }
  // The last line stays free for the cursor.
  const room = rows - 1;
  const hidden = lines.length - room + 1;
  const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), fit(`… ${hidden} more lines`, columns)];
  process.stdout.write(home + shown.map((line) => `${line}${clearLine}\n`).join('') + clearBelow);
}
