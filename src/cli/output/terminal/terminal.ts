import { styleText } from 'node:util';
import { lineWidth } from '../../../config/environment/line-width.ts';

/** What is to be known of where text goes. */
export interface Terminal {
  readonly isTerminal: boolean;
  /** Columns of a line; infinite where nothing says how many there are. */
  readonly columns: number;
  /** Lines that are seen at once. */
  readonly rows: number;
  readonly hasColour: boolean;
}

/** No terminal has fewer columns that can be used. */
const minColumns = 20;
const usualRows = 24;

type Stream = Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'rows' | 'getColorDepth'>;

/** A stream as it is now: a window may change its size. Node knows whether there are colours: NO_COLOR and TERM=dumb say no. */
export function terminalOf(stream: Stream, named = lineWidth()): Terminal {
  const columns = stream.isTTY && stream.columns > 0 ? stream.columns : named;
  return {
    isTerminal: stream.isTTY,
    columns: columns === null ? Infinity : Math.max(minColumns, columns),
    rows: stream.isTTY && stream.rows > 0 ? stream.rows : usualRows,
    hasColour: stream.isTTY && stream.getColorDepth() > 1,
  };
}

/** What a text catches the eye for. */
export type Tone = 'good' | 'bad' | 'warning' | 'quiet' | 'strong';

const styles = { good: 'green', bad: 'red', warning: 'yellow', quiet: 'dim', strong: 'bold' } as const;

/** Paints a text whose width is settled already. */
export function paint({ hasColour }: Pick<Terminal, 'hasColour'>, tone: Tone | null, text: string): string {
  return hasColour && tone !== null && text !== '' ? styleText(styles[tone], text, { validateStream: false }) : text;
}
