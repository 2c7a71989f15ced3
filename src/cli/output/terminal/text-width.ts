import { createRequire } from 'node:module';
import type * as widths from 'string-width';

const require = createRequire(import.meta.url);

/** Columns that a text takes on a terminal: wide characters take two, marks above letters none. */
export function textWidth(text: string): number {
  return isPlain.test(text) ? text.length : widthOf(text);
}

/** Its tables of characters are loaded where a text needs them. */
function widthOf(text: string): number {
  const { default: stringWidth } = require('string-width') as typeof widths;
  return stringWidth(text);
}

const isPlain = /^[\u0020-\u007e]*$/;
let segmenter: Intl.Segmenter | null = null;

function segments(text: string): Intl.Segments {
  return (segmenter ??= new Intl.Segmenter()).segment(text);
}

/** A text of at most `columns`; where it is longer, `…` ends it. No character is cut in two. */
export function fit(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  return columns < 1 ? '' : `${beginning(text, columns - 1).trimEnd()}…`;
}

/** The same, but cut in the middle: the ends of names tell them apart as well. */
export function fitMiddle(text: string, columns: number): string {
  if (textWidth(text) <= columns || columns < 5) return fit(text, columns);
  const end = [...segments(text)].map(({ segment }) => segment).slice(-Math.floor((columns - 1) / 3));
  const behind = beginning(end.join(''), Math.floor((columns - 1) / 2));
  return `${beginning(text, columns - 1 - textWidth(behind))}…${behind}`;
}

/** A text with spaces behind it, or before it, up to `columns`. */
export function pad(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, columns - textWidth(text)));
  return side === 'right' ? space + text : text + space;
}

/** What of wrapped text is shown. */
export interface Wrapping {
  /** Columns by which further lines are indented. */
  readonly indent?: number;
  /** Lines at most; `…` ends the last one where there would be more. */
  readonly most?: number;
}

/** Breaks a line between words into lines of at most `columns`; a word that is longer is broken where it has to be. */
export function wrap(text: string, columns: number, { indent = 0, most = Infinity }: Wrapping = {}): string[] {
  if (textWidth(text) <= columns) return [text];
  const lines: string[] = [];
  const space = ' '.repeat(Math.min(indent, Math.max(0, columns - 8)));
  let rest = text;
  for (let before = ''; rest !== ''; before = space) {
    const room = columns - before.length;
    if (lines.length === most - 1) return [...lines, before + fit(rest, room)];
    const part = firstLine(rest, room);
    lines.push((before + part).trimEnd());
    rest = rest.slice(part.length).trimStart();
  }
  return lines;
}

/** As many words as fit; of a word that does not, what does. */
function firstLine(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  const most = beginning(text, Math.max(1, columns));
  if (text[most.length] === ' ') return most;
  const space = most.lastIndexOf(' ');
  // A long word, such as an address, fills its line rather than leaving most of it empty.
  return space > most.length / 2 ? most.slice(0, space + 1) : most;
}

/** As many whole characters as fit; one at least, where there is any room. */
function beginning(text: string, columns: number): string {
  let taken = '';
  let used = 0;
  for (const { segment } of segments(text)) {
    used += textWidth(segment);
    if (used > columns && (taken !== '' || columns < 1)) break;
    taken += segment;
    if (used > columns) break;
  }
  return taken;
}
