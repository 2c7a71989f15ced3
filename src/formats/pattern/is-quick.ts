import type { AST } from '@eslint-community/regexpp';

/**
 * Whether a pattern is quick by its form alone: it has at most one place at which a matcher that backtracks has a choice, and
 * where that repeats a character without a bound, the match begins at the start of the text. Most patterns of schemas are
 * such (`^[A-Z]{2}\d+$`, `^(?:a|b)$`).
 */
export function isQuick(pattern: AST.Pattern): boolean {
  const choices = choicesOf(pattern.alternatives);
  if (choices.count > 1) return false;
  return choices.isBounded || pattern.alternatives.every(({ elements }) => isStart(elements[0]));
}

interface Choices {
  readonly count: number;
  readonly isBounded: boolean;
}

/** Beyond it a bounded repetition counts as one without a bound. */
const maxRepetitions = 100;
const many: Choices = { count: Infinity, isBounded: false };

function choicesOf(alternatives: readonly AST.Alternative[]): Choices {
  const inner = alternatives.flatMap(({ elements }) => elements.map(choicesIn));
  return {
    count: inner.reduce((sum, { count }) => sum + count, alternatives.length > 1 ? 1 : 0),
    isBounded: inner.every(({ isBounded }) => isBounded),
  };
}

function choicesIn(element: AST.Element): Choices {
  switch (element.type) {
    case 'Character':
    case 'CharacterSet':
    case 'CharacterClass':
      return { count: 0, isBounded: true };
    case 'Assertion':
      return element.kind === 'lookahead' || element.kind === 'lookbehind' ? many : { count: 0, isBounded: true };
    case 'Group':
    case 'CapturingGroup':
      return choicesOf(element.alternatives);
    case 'Quantifier': {
      const isSingle = /^Character(?:Set|Class)?$/.test(element.element.type);
      if (!isSingle) return many;
      const isBounded = element.max <= maxRepetitions;
      return { count: element.min === element.max ? 0 : 1, isBounded };
    }
    default:
      return many;
  }
}

function isStart(element: AST.Element | undefined): boolean {
  return element?.type === 'Assertion' && element.kind === 'start';
}
