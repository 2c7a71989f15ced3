import { formatDuration } from '../../../domain/time/duration.ts';
import { visibleText } from '../../../domain/text/visible-text.ts';
import { terminalOf, type Terminal } from './terminal.ts';
import { fit } from './text-width.ts';

/** How far something has come. */
export interface Progress {
  readonly text: string;
  /** Parts of the work, such as windows; null if no one knows how many there are. */
  readonly done: number;
  readonly total: number | null;
}

/** Elsewhere than on a terminal a line is written at most this often: a log is not a place for a bar. */
const plainEveryMs = 10_000;
const [toStart, clearLine] = ['\r', '\u001b[K'];

/**
 * Shows how something goes: on a terminal as one line that is written repeatedly, with percent and the time that is left; elsewhere
 * as few plain lines.
 */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  readonly #now: () => number;
  #shown = '';
  #writtenMs = Number.NEGATIVE_INFINITY;
  #first: { readonly done: number; readonly ms: number } | null = null;

  constructor(stream: NodeJS.WriteStream = process.stderr, now = () => performance.now()) {
    this.#stream = stream;
    this.#now = now;
  }

  show({ text, done, total }: Progress): void {
    const now = this.#now();
    this.#first ??= { done, ms: now };
    const share = total === null || total === 0 ? null : done / total;
    const left = share === null ? null : timeLeft(this.#first, { done, ms: now }, total ?? 0);
    const percent = share === null ? '' : `${Math.floor(share * 100)} %  `;
    const line = visibleText(`${percent}${text}${left === null ? '' : `; about ${left} left`}`);
    const terminal = terminalOf(this.#stream);
    if (terminal.isTerminal) this.#draw(line, terminal);
    else this.#tell(visibleText(percent + text), now);
  }

  /** Ends the line, so that what follows is below it. */
  end(): void {
    if (terminalOf(this.#stream).isTerminal && this.#shown !== '') this.#stream.write('\n');
    this.#shown = '';
  }

  #draw(line: string, { columns }: Terminal): void {
    const cut = fit(line, columns - 1);
    if (cut === this.#shown) return;
    this.#stream.write(toStart + cut + clearLine);
    this.#shown = cut;
  }

  #tell(line: string, now: number): void {
    if (line === this.#shown || now - this.#writtenMs < plainEveryMs) return;
    this.#stream.write(`${line}\n`);
    this.#shown = line;
    this.#writtenMs = now;
  }
}

interface Point {
  readonly done: number;
  readonly ms: number;
}

/** How long the rest takes at the pace so far; null while there is no pace, or nothing is left. */
export function timeLeft(first: Point, latest: Point, total: number): string | null {
  const [gained, tookMs] = [latest.done - first.done, latest.ms - first.ms];
  if (gained <= 0 || tookMs <= 0 || latest.done >= total) return null;
  const leftMs = ((total - latest.done) / gained) * tookMs;
  const unit = leftMs > 3_600_000 ? 60_000 : 1_000;
  return formatDuration(Math.max(unit, Math.round(leftMs / unit) * unit));
}
