import { parseJson, type ParsedJson } from '../../domain/json.ts';

/** Assignments of a script that are looked at. */
const maxAssignments = 100;
/** How often the whole text is gone through at most, looking for the ends of what is assigned. */
const maxPasses = 4;

/**
 * The JSON in the text of an element. Most is JSON as a whole (`application/ld+json`); of a script, what it assigns
 * (`window.__STATE__ = {…};`) counts where that is JSON. Line breaks inside strings, as many sites write them, count as spaces.
 * @returns none where the text holds no JSON
 */
export function jsonInText(text: string): readonly ParsedJson[] {
  const bare = text.replace(/^\s*(?:<!--|(?:\/\/|\/\*)?\s*<!\[CDATA\[(?:\s*\*\/)?)/, '').replace(/;\s*$/, '');
  const whole = parsed(bare.replace(/(?:-->|(?:\/\/|\/\*)?\s*\]\]>(?:\s*\*\/)?)\s*$/, ''));
  return whole ? [whole] : assigned(bare);
}

function parsed(text: string): ParsedJson | null {
  for (const attempt of [text, spaced(text)]) {
    if (attempt === null) return null;
    try {
      return parseJson(attempt);
    } catch {
      // The next attempt decides.
    }
  }
  return null;
}

/** Control characters as spaces, which is what they are outside of strings; null where there are none. */
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
    if (!value || end === null) continue;
    found.push(value);
    assignment.lastIndex = end;
  }
  return found;
}

/** Where the bracket that opens at `start` closes; null where it does not. Brackets in strings do not count. */
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
