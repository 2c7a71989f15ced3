/** Texts, literals and quoted names of an expression. */
const quoted = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/gs;

function bareOf(expression: string): string {
  return expression.replaceAll(quoted, (text) => text.charAt(0).repeat(2));
}

/**
 * What is valid JMESPath, but means something else than it says; null if it is nothing of the kind. `null` without backticks is fine: it
 * is a field that no record has, and so has no value.
 */
export function conditionProblem(expression: string): string | null {
  const bare = bareOf(expression);
  // JMESPath takes it as the name of a field, and ignores it.
  if (!/\blet\s+\$/.test(bare) && /(?<![=!<>])=(?!=)/.test(bare)) return 'expected == to compare';
  const [, before, after] = /\b(true|false)\s*[=!]=|[=!]=\s*(true|false)\b(?!["'(.])/.exec(bare) ?? [];
  const word = before ?? after;
  return word === undefined
    ? null
    : `expected \`${word}\` in backticks: without them it is the field ${word}, which no record has`;
}

/** The same for a text in double quotes, which are for names. */
export function quotedTextProblem(expression: string): string | null {
  const [, text] = /[=!]=\s*"((?:[^"\\]|\\.)*)"\s*(?:$|[\])&|])/s.exec(expression) ?? [];
  return text === undefined
    ? null
    : `expected the text in single quotes: '${text}'; in double quotes it is the field ${text}, which is written @."${text}" here`;
}

/** What an expression in the manner of other languages would be in JMESPath, as the end of a message; null where nothing is known. */
export function conditionHint(expression: string): string | null {
  const bare = bareOf(expression);
  if (/===|!==/.test(bare)) return '; == and != compare';
  if (bare.includes('<>')) return '; != compares';
  if (/[=<>]\s*-?\d/.test(bare)) return '; numbers are in backticks: `10`';
  if (/[=<>]\s*``/.test(bare)) return "; a text is in single quotes: 'open'";
  if (/\s(?:and|or)\s|^not\s/i.test(bare)) return '; and, or and not are written &&, || and !';
  if (/\s(?:in|like|is)\s/i.test(bare)) return '; see contains(), starts_with() and == `null`';
  return null;
}
