import { messageOf } from '../../domain/errors.ts';
import { parseJson, type ParsedJson } from '../../formats/exact-json.ts';

/** Assignments of a script that are looked at. */
const maxAssignments = 100;
/** How often the whole text is gone through at most, looking for the ends of what is assigned. */
const maxPasses = 4;

/** What JSON the text of an element holds. */
export interface JsonInText {
  readonly values: readonly ParsedJson[];
  /** Why the text as a whole is not JSON; null if it is. */
  readonly problem: string | null;
}

/**
 * The JSON in the text of an element. Most is JSON as a whole (`application/ld+json`), comments, commas before a closing
 * bracket and a byte order mark aside; of a script, what it assigns (`window.__STATE__ = {…};`) counts where that is JSON.
 * Line breaks inside strings, as many sites write them, count as spaces.
 */
export function jsonInText(text: string): JsonInText {
  const start = text.trim().replace(/^(?:<!--|(?:\/\/|\/\*)?\s*<!\[CDATA\[(?:\s*\*\/)?)/, '');
  const bare = start.replace(/;\s*$/, '');
  const written = parsed(bare.replace(/(?:(?:\/\/)?-->|(?:\/\/|\/\*)?\s*\]\]>(?:\s*\*\/)?)\s*$/, ''));
  if ('value' in written) return { values: [written], problem: null };
  const lenient = withoutLastCommas(withoutComments(text.trim()).replace(/;\s*$/, ''));
  const whole = parsed(lenient.replace(/^[\s\u200b]+|[\s\u200b]+$/g, ''));
  return 'value' in whole ? { values: [whole], problem: null } : { values: assigned(bare), problem: written.problem };
}

type Parsed = ParsedJson | { readonly problem: string };

function parsed(text: string): Parsed {
  let problem = '';
  for (const attempt of [text, spaced(text)]) {
    if (attempt === null) break;
    try {
      return parseJson(attempt);
    } catch (error) {
      problem = messageOf(error);
    }
  }
  return { problem };
}

/** Without the comments of JavaScript and HTML that are outside of strings. */
function withoutComments(text: string): string {
  return without(text, /"|\/\*|\/\/|<!--/g, (opening, behind) => endOfComment(text, behind, opening));
}

/** Without trailing commas. */
function withoutLastCommas(text: string): string {
  return without(text, /"|,(?=\s*[}\]])/g, (_, behind) => behind);
}

/** Without what matches outside of strings. @param token matches a quote, too */
function without(text: string, token: RegExp, endOf: (found: string, behind: number) => number): string {
  const parts: string[] = [];
  let copied = 0;
  for (let found = token.exec(text); found; found = token.exec(text)) {
    const [opening] = found;
    const end = opening === '"' ? endOfString(text, found.index) : endOf(opening, token.lastIndex);
    if (opening !== '"') {
      parts.push(text.slice(copied, found.index));
      copied = end;
    }
    token.lastIndex = end;
  }
  return [...parts, text.slice(copied)].join(' ');
}

function endOfComment(text: string, from: number, opening: string): number {
  const closing = opening === '//' ? '\n' : opening === '/*' ? '*/' : '-->';
  const found = text.indexOf(closing, from);
  return found === -1 ? text.length : found + closing.length;
}

/** Behind the quote that closes the string which opens at `start`. */
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x5c) index++;
    else if (code === 0x22) return index + 1;
  }
  return text.length;
}

/** Control characters as spaces, which is what they are outside of strings; null if there are none. */
function spaced(text: string): string | null {
  // oxlint-disable-next-line no-control-regex
  const controls = /[\0-\x1f]/g;
  return controls.test(text) ? text.replaceAll(controls, ' ') : null;
}

function assigned(text: string): ParsedJson[] {
  const found: ParsedJson[] = [];
  const assignment = /=\s*(?=[{[])/g;
  let looked = 0;
  for (let count = 0; count < maxAssignments && looked < text.length * maxPasses; count++) {
    if (!assignment.test(text)) break;
    const start = assignment.lastIndex;
    const end = balancedEnd(text, start);
    looked += (end ?? text.length) - start;
    const value = end === null ? null : parsed(text.slice(start, end));
    if (!value || !('value' in value) || end === null) continue;
    found.push(value);
    assignment.lastIndex = end;
  }
  return found;
}

/** Where the bracket that opens at `start` closes; null if it does not. Brackets in strings do not count. */
function balancedEnd(text: string, start: number): number | null {
  let depth = 0;
  let inString = false;
  for (let index = start; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === 0x5c) index++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) depth++;
    else if ((code === 0x7d || code === 0x5d) && --depth === 0) return index + 1;
  }
  return null;
}
