import type { YAMLError } from 'yaml';
import { counted } from '../../domain/text/counted.ts';
import { secretName } from '../../domain/secrets/url-secrets.ts';
import { keysOfSource } from '../schema/source-schemas.ts';
import { unclosedBracket, writtenValues, type WrittenValue } from './yaml-values.ts';

/** What is wrong with a YAML text, where, and what to do. */
export interface YamlFault {
  readonly offset: number;
  readonly message: string;
}

/** What is known of the first error of a text. */
interface Scene {
  readonly text: string;
  readonly error: YAMLError;
  readonly at: number;
  readonly line: string;
  readonly lineStart: number;
  /** The value that the error lies in. */
  readonly value: WrittenValue | null;
  /** Its text. */
  readonly written: string;
}

type Rule = (scene: Scene) => YamlFault | string | null;

/** The first rule that fits says what is wrong; a text without an offset refers to the position of the error. */
const rules: readonly Rule[] = [
  mergeMarks,
  otherLanguage,
  indentation,
  openQuote,
  reference,
  specialBeginning,
  textBehindQuotes,
  brackets,
  colonWithin,
  missingSpace,
  listOnLineOfKey,
  openBracket,
  byCode,
];

/** Describes the first error in the author's terms; later errors may be its consequence. */
export function yamlFault(text: string, errors: readonly YAMLError[]): YamlFault | null {
  if (text.includes('\0')) return { offset: 0, message: 'found UTF-16, expected UTF-8: save the file as UTF-8' };
  const [error] = errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
  if (!error) return null;
  const at = error.pos[0];
  const lineStart = text.lastIndexOf('\n', at - 1) + 1;
  const line = lineAt(text, lineStart);
  const values = writtenValues(text);
  const value = values.findLast(({ start }) => start <= at) ?? null;
  const own = value && at <= value.end ? value : null;
  const scene = { text, error, at, line, lineStart, value: own, written: own ? text.slice(own.start, own.end) : '' };
  for (const rule of rules) {
    const fault = rule(scene);
    if (fault !== null) return typeof fault === 'string' ? { offset: at, message: fault } : fault;
  }
  return { offset: at, message: plainMessage(error) };
}

function mergeMarks({ text }: Scene): YamlFault | null {
  const mark = /^(?:<{7}|>{7})(?: |$)/m.exec(text);
  if (!mark) return null;
  return {
    offset: mark.index,
    message: `found ${mark[0].trim()}, a marker of an unfinished merge: keep one of the two versions`,
  };
}

function otherLanguage({ text }: Scene): YamlFault | null {
  const fence = /^\s*```/.exec(text);
  return fence && { offset: 0, message: 'found a ``` fence, expected only the lines inside it' };
}

function indentation({ text, error, at, line, lineStart, value, written }: Scene): YamlFault | null {
  const hidden = /^[ ]*([\t\u00a0\u2000-\u200b\u3000\ufeff])/.exec(line);
  if (hidden) {
    const what = hidden[1] === '\t' ? 'a tab' : 'an unusual space character';
    return {
      offset: lineStart + hidden[0].length - 1,
      message: `found ${what} before the text of the line, expected spaces`,
    };
  }
  if (error.code === 'TAB_AS_INDENT')
    return { offset: at, message: 'found a tab before the text of the line, expected spaces' };
  const own = keyColumn(line);
  const before = previousLine(text, lineStart);
  if (own !== null && before && line.slice(0, at - lineStart).trim() === '') {
    const expected = keyColumn(before.line);
    const isBehindItem = /^\s*- /.test(before.line) && own < (expected ?? 0) && !line.trimStart().startsWith('- ');
    if (expected !== null && own !== expected && (isBehindItem || isAboutIndent(error))) {
      return misplaced(lineStart, own, expected, before.line);
    }
  }
  if (error.code !== 'BLOCK_AS_IMPLICIT_KEY' || !value || value.isInFlow || hasColonWithin(written)) return null;
  // The value continues where a line below it is indented further.
  const nextStart = lineStart + line.length + 1;
  const next = lineAt(text, nextStart);
  const [column, expected] = [keyColumn(next), keyColumn(line)];
  if (column === null || expected === null || column <= expected) return null;
  return misplaced(nextStart, column, expected, line);
}

function isAboutIndent({ code, message }: YAMLError): boolean {
  return code === 'BAD_INDENT' || message.startsWith('Sequence item without - indicator');
}

function misplaced(lineStart: number, found: number, expected: number, above: string): YamlFault {
  return {
    offset: lineStart + found,
    message: `found ${counted(found, 'space')} before this key, expected ${expected}, so that it is below "${keyOf(above)}"`,
  };
}

function openQuote({ text, error, value, written }: Scene): YamlFault | null {
  const swallows = value !== null && /^["']/.test(written) && /\n\s*(?:- )?[\w-]+:\s/.test(written);
  const open = writtenValues(text).find((one) => isOpenQuote(text.slice(one.start, one.end)));
  const start = swallows ? value.start : error.message.startsWith('Missing closing') ? open?.start : undefined;
  if (start === undefined) return null;
  return {
    offset: start,
    message: `found ${text[start]} that is not closed, expected another one at the end of the value`,
  };
}

function isOpenQuote(written: string): boolean {
  return /^"(?:[^"\\]|\\.)*$/s.test(written) || /^'(?:[^']|'')*$/.test(written);
}

function reference({ value, written }: Scene): YamlFault | null {
  if (!value?.isInFlow || /^["']/.test(written)) return null;
  const [found] = /\$\{[^}\n]*\}?/.exec(written) ?? [];
  if (found === undefined) return null;
  const whole = /^(?:(?:Bearer|Basic|Token|token) )?\$\{[^}\n]*\}$/.test(written) ? `"${written}"` : `"…${found}…"`;
  return {
    offset: value.start,
    message: `found ${found} without quotes within { … } or [ … ], expected quotes around the whole value: ${whole}`,
  };
}

function specialBeginning({ value, written }: Scene): YamlFault | null {
  const first = written[0] ?? '';
  if (!value || !/^[*&!%@`]/.test(written)) return null;
  if (/^\*(?:\/\d+)?(?:\s+\S+){3,6}$/.test(written) || (first === '*' && value.key === 'cron')) {
    return {
      offset: value.start,
      message: `found a cron line that begins with * without quotes, expected cron: "${written}"`,
    };
  }
  return {
    offset: value.start,
    message: `found a value that begins with ${first}, expected quotes around it${example(value, written)}`,
  };
}

function textBehindQuotes({ value, written }: Scene): YamlFault | null {
  const first = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')/s.exec(written)?.[0];
  if (!value || first === undefined || first === written) return null;
  const doubled = written.startsWith("'") ? "; within '…' write '' for one '" : '';
  return {
    offset: value.start,
    message: `found text after the closing quote, expected one pair of quotes around the whole value${doubled}`,
  };
}

function brackets({ value, written }: Scene): YamlFault | null {
  const found = /[[{]/.exec(written)?.[0];
  if (!value?.isInFlow || found === undefined || hasColonWithin(written)) return null;
  return {
    offset: value.start,
    message: `found ${found} in a value within { … } or [ … ], expected quotes around the value${example(value, written)}`,
  };
}

function colonWithin({ value, written }: Scene): YamlFault | null {
  if (!value || !hasColonWithin(written)) return null;
  const [, next] = /\s"?([\w-]+)"?\s*:(?:\s|$)/.exec(written) ?? [];
  const comma = value.isInFlow && next !== undefined ? `a comma before "${next}", or ` : '';
  return {
    offset: value.start,
    message: `found a colon and a space within a value, expected ${comma}quotes around the value`,
  };
}

function missingSpace({ error, line, lineStart }: Scene): YamlFault | null {
  if (error.code !== 'MULTILINE_IMPLICIT_KEY') return null;
  const [, lead = '', key, sign] = /^(\s*(?:- +)*)([\w-]+)(\s*=|:)\S?/.exec(line) ?? [];
  if (key === undefined) return null;
  const message =
    sign === ':'
      ? `no space after the colon of ${shown(key)}, expected one before the value`
      : `found = after ${shown(key)}, expected a colon and a space`;
  return { offset: lineStart + lead.length, message };
}

function listOnLineOfKey({ error }: Scene): string | null {
  if (!error.message.startsWith('Unexpected block-seq-ind')) return null;
  return 'found a list that begins on the line of its key, expected "- " on the next line';
}

function openBracket({ text, error, at }: Scene): YamlFault | null {
  const open = unclosedBracket(text);
  if (!/must be sufficiently indented|^Missing , or/.test(error.message) || open === null || open > at) return null;
  const closing = text[open] === '[' ? ']' : '}';
  return { offset: open, message: `found ${text[open]} that is not closed, expected ${closing} at its end` };
}

function byCode({ text, error, at }: Scene): string | null {
  switch (error.code) {
    case 'DUPLICATE_KEY':
      return `found the key "${keyOf(text.slice(at))}" a second time, expected it once`;
    case 'MULTIPLE_DOCS':
      return 'found a second document after ---, expected one: put its sources into the first list, or into another file';
    case 'BAD_DQ_ESCAPE':
      return `found ${text.slice(at, at + 2)} within "…", expected '…' instead: in single quotes \\ is an ordinary character`;
    case 'UNEXPECTED_TOKEN':
      return /flow-(?:seq|map)-end/.test(error.message) ? `found ${text[at]} without an opening one` : null;
    case 'MISSING_CHAR':
      return error.message.startsWith('Missing , or') ? 'missing comma before this value' : null;
    default:
      return null;
  }
}

/** For all other errors the library's own words. Some of them end with the text of the file, which may be a secret. */
function plainMessage({ message }: YAMLError): string {
  return message.replace(/: .*$/s, '');
}

/** `: key: "value"`, if the value cannot be a secret. */
function example({ key }: WrittenValue, written: string): string {
  if (key === null || !shownKeys.test(key) || secretName.test(key) || written.includes('\n')) return '';
  return `: ${key}: ${quoted(written)}`;
}

/** Keys whose values say where or when something is. */
const shownKeys =
  /^(?:id|occurred_at|path|records|selector|attr|json|regex|pattern|cursor|format|param_format|timezone|cron|every|delimiter|quote|comment|\w+_path)$/;

function quoted(text: string): string {
  if (!/["\\]/.test(text)) return `"${text}"`;
  return `'${text.replaceAll("'", "''")}'`;
}

/** A word that is not a key may be part of a secret. */
function shown(word: string): string {
  return ['version', 'sources', 'defaults', ...keysOfSource(null)].includes(word) ? `"${word}"` : 'this key';
}

function hasColonWithin(written: string): boolean {
  return (
    !/^["'[{]/.test(written) &&
    /:(?:\s|$)/.test(written.replaceAll(/"[^"\n]*"|'[^'\n]*'/g, (part) => part.replaceAll(':', '.')))
  );
}

/** The column of a line's first key, behind dashes; null if it has none. */
function keyColumn(line: string): number | null {
  return /^(\s*(?:- +)*)["']?[\w-]+["']?\s*:(?:\s|$)/.exec(line)?.[1]?.length ?? null;
}

function keyOf(line: string): string {
  return /["']?([\w-]+)["']?\s*:/.exec(line.split('\n')[0] ?? '')?.[1] ?? '…';
}

function lineAt(text: string, start: number): string {
  return text.slice(start).split(/\r?\n/, 1)[0] ?? '';
}

/** The nearest line above that is not empty. */
function previousLine(text: string, lineStart: number): { readonly line: string } | null {
  const line = text
    .slice(0, lineStart)
    .split(/\r?\n/)
    .findLast((one) => /^\s*[^\s#]/.test(one));
  return line === undefined ? null : { line };
}
