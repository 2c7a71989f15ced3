import { createRequire } from 'node:module';
import type * as re2 from 're2js';
import { isQuick } from './is-quick.ts';
import { parsePattern } from './parse-pattern.ts';
import { linearSyntax, type LinearSyntax } from './linear-syntax.ts';

const require = createRequire(import.meta.url);

/** A regular expression, with the flag `u`. */
export interface Pattern {
  test(text: string): boolean;
  /** The first match and its groups, as `RegExp.exec` has them. */
  exec(text: string): readonly (string | undefined)[] | null;
  /** Replaces every match, as `String.replace` does with the flag `g`. */
  replace(text: string, by: string): string;
}

/**
 * Compiles a regular expression. One that might take more than linear time is left to RE2, where RE2 means the same by it;
 * all others are those of the language.
 * @throws SyntaxError
 */
export function compilePattern(source: string): Pattern {
  const once = new RegExp(source, 'u');
  // Some faults are found only when it is used.
  once.test('');
  const all = new RegExp(source, 'gu');
  const native: Pattern = {
    test: (text) => once.test(text),
    exec: (text) => once.exec(text),
    replace: (text, by) => text.replace(all, by),
  };
  const parsed = parsePattern(source);
  const syntax = parsed === null || isQuick(parsed) ? null : linearSyntax(parsed);
  const linear = syntax && compiled(syntax);
  if (!linear) return native;
  const { sameMatches, isNullable, hasNames, seesWordEdges } = syntax;
  // RE2 reads lone surrogates in another way.
  const isAlike = (text: string) => (seesWordEdges ? !/[\ud800-\udfff]/.test(text) : text.isWellFormed());
  const by = (work: keyof Pattern, isSame: boolean) => (text: string) =>
    isSame && isAlike(text) ? linear[work] : native[work];
  const test = by('test', true);
  const exec = by('exec', sameMatches);
  const replace = by('replace', sameMatches && !isNullable && !hasNames);
  return {
    test: (text) => (test(text) as Pattern['test'])(text),
    exec: (text) => (exec(text) as Pattern['exec'])(text),
    replace: (text, replacement) => (replace(text) as Pattern['replace'])(text, replacement),
  };
}

/** Null if RE2 refuses it: it would be too large. */
function compiled({ source }: LinearSyntax): Pattern | null {
  // Few patterns need it.
  const { RE2JS } = require('re2js') as typeof re2;
  let pattern: re2.RE2JS;
  try {
    pattern = RE2JS.compile(source);
  } catch {
    return null;
  }
  return {
    test: (text) => pattern.test(text),
    exec(text) {
      const matcher = pattern.matcher(text);
      return matcher.find() ? groupsOf(matcher) : null;
    },
    replace(text, by) {
      const parts: string[] = [];
      let end = 0;
      for (const matcher = pattern.matcher(text); matcher.find(); end = matcher.end()) {
        const start = matcher.start();
        parts.push(text.slice(end, start), expanded(by, groupsOf(matcher), text, start));
      }
      return parts.join('') + text.slice(end);
    },
  };
}

function groupsOf(matcher: ReturnType<re2.RE2JS['matcher']>): (string | undefined)[] {
  return Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group) ?? undefined);
}

/** What a replacement becomes (ECMA-262 GetSubstitution). */
function expanded(by: string, groups: readonly (string | undefined)[], text: string, start: number): string {
  if (!by.includes('$')) return by;
  const [match = ''] = groups;
  return by.replaceAll(/\$(?:[$&`']|\d\d?)/g, (reference) => {
    switch (reference) {
      case '$$':
        return '$';
      case '$&':
        return match;
      case '$`':
        return text.slice(0, start);
      case "$'":
        return text.slice(start + match.length);
      default:
        return groupReference(reference, groups);
    }
  });
}

/** Of two digits the first counts alone where there are not so many groups. */
function groupReference(reference: string, groups: readonly (string | undefined)[]): string {
  const number = Number(reference.slice(1));
  if (number >= 1 && number < groups.length) return groups[number] ?? '';
  const first = Number(reference[1]);
  if (reference.length === 3 && first >= 1 && first < groups.length) return (groups[first] ?? '') + reference[2];
  return reference;
}
