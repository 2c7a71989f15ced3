import type { AST } from '@eslint-community/regexpp';
import {
  complementOf,
  digits,
  lineTerminators,
  unionOf,
  whiteSpace,
  wordCharacters,
  type CodePoints,
} from './code-points.ts';

/** A regular expression of ECMAScript as RE2 writes it. */
export interface LinearSyntax {
  readonly source: string;
  /** Where both find a match, they find the same one, with the same groups. */
  readonly sameMatches: boolean;
  /** Whether it can match the empty text. */
  readonly isNullable: boolean;
  /** Groups have names. */
  readonly hasNames: boolean;
  /** It looks for edges of words (`\b`, `\B`), which V8 finds also within a character of two code units. */
  readonly seesWordEdges: boolean;
}

/** Meets what RE2 does not have, or has with another meaning. */
class Untranslatable extends Error {}

/**
 * Writes a pattern, as `new RegExp(source, 'u')` takes it, in the syntax of RE2. Null if RE2 has not the same: references to
 * groups, looking ahead and behind, properties of Unicode (of another version), lone surrogates. Both agree on which texts match;
 * that they agree on what matched is known only where nothing is repeated that may be empty or holds a group.
 */
export function linearSyntax(pattern: AST.Pattern): LinearSyntax | null {
  try {
    const writer = new Writer();
    return { source: writer.alternatives(pattern), ...writer, isNullable: isNullable(pattern) };
  } catch (error) {
    // A pattern that nests too deep for a recursive reader is one for RE2 least of all.
    if (error instanceof Untranslatable || error instanceof RangeError) return null;
    throw error;
  }
}

class Writer {
  sameMatches = true;
  hasNames = false;
  seesWordEdges = false;

  alternatives({ alternatives }: { readonly alternatives: readonly AST.Alternative[] }): string {
    return alternatives.map(({ elements }) => elements.map((element) => this.#element(element)).join('')).join('|');
  }

  #element(element: AST.Element): string {
    switch (element.type) {
      case 'Character':
      case 'CharacterSet':
      case 'CharacterClass':
        return written(setOf(element));
      case 'Group':
        if (element.modifiers) throw new Untranslatable();
        return `(?:${this.alternatives(element)})`;
      case 'CapturingGroup':
        this.hasNames ||= element.name !== null;
        return `(${this.alternatives(element)})`;
      case 'Assertion':
        this.seesWordEdges ||= element.kind === 'word';
        return assertion(element);
      case 'Quantifier':
        return this.#quantifier(element);
      default:
        throw new Untranslatable();
    }
  }

  #quantifier({ element, min, max, greedy }: AST.Quantifier): string {
    if (element.type === 'Assertion') throw new Untranslatable();
    // ECMAScript gives an empty repetition up, and forgets groups at each one.
    if (isNullable(element) || holdsGroup(element, max > 1)) this.sameMatches = false;
    const count = max === Infinity ? `{${min},}` : `{${min},${max}}`;
    return `(?:${this.#element(element)})${count}${greedy ? '' : '?'}`;
  }
}

function assertion(element: AST.Assertion): string {
  switch (element.kind) {
    case 'start':
      return String.raw`\A`;
    case 'end':
      return String.raw`\z`;
    case 'word':
      return element.negate ? String.raw`\B` : String.raw`\b`;
    default:
      throw new Untranslatable();
  }
}

function written(set: CodePoints): string {
  // No code point at all, as `[]`: RE2 has no such class.
  if (set.length === 0) throw new Untranslatable();
  return `[${set.map(([first, last]) => `${escape(first)}-${escape(last)}`).join('')}]`;
}

function escape(codePoint: number): string {
  return String.raw`\x{${codePoint.toString(16)}}`;
}

function setOf(element: AST.Character | AST.CharacterSet | AST.CharacterClass | AST.CharacterClassElement): CodePoints {
  switch (element.type) {
    case 'Character':
      return range(element.value, element.value);
    case 'CharacterClassRange':
      return range(element.min.value, element.max.value);
    case 'CharacterSet':
      return characterSet(element);
    case 'CharacterClass': {
      const set = unionOf(element.elements.map(setOf));
      return element.negate ? complementOf(set) : set;
    }
    default:
      throw new Untranslatable();
  }
}

function range(first: number, last: number): CodePoints {
  if (first <= 0xdfff && last >= 0xd800 && (first >= 0xd800 || last <= 0xdfff)) throw new Untranslatable();
  return [[first, last]];
}

function characterSet(element: AST.CharacterSet): CodePoints {
  switch (element.kind) {
    case 'any':
      return complementOf(lineTerminators);
    case 'digit':
      return element.negate ? complementOf(digits) : digits;
    case 'space':
      return element.negate ? complementOf(whiteSpace) : whiteSpace;
    case 'word':
      return element.negate ? complementOf(wordCharacters) : wordCharacters;
    default:
      throw new Untranslatable();
  }
}

/** Whether something can match without a single character. */
function isNullable(node: AST.Pattern | AST.Element): boolean {
  switch (node.type) {
    case 'Pattern':
    case 'Group':
    case 'CapturingGroup':
      return node.alternatives.some(({ elements }) => elements.every(isNullable));
    case 'Quantifier':
      return node.min === 0 || isNullable(node.element);
    case 'Assertion':
      return true;
    default:
      return false;
  }
}

/** Whether something that is repeated holds a group: on its own it may be one, its last repetition counts in both. */
function holdsGroup(element: AST.Element, inside: boolean): boolean {
  if (element.type === 'Quantifier') return inside && holdsGroup(element.element, true);
  if (element.type !== 'Group' && element.type !== 'CapturingGroup') return false;
  return inside && element.alternatives.some(({ elements }) => elements.some(isOrHoldsGroup));
}

function isOrHoldsGroup(element: AST.Element): boolean {
  if (element.type === 'CapturingGroup') return true;
  if (element.type === 'Quantifier') return isOrHoldsGroup(element.element);
  return element.type === 'Group' && element.alternatives.some(({ elements }) => elements.some(isOrHoldsGroup));
}
