/**
 * Names with hyphens and slashes in JMESPath, where they would be arithmetic: `order-id` is a name, `a - b` a subtraction.
 * The text alone decides, never a record: a record that lacks the name has no value there.
 */

/** Quoted names, literals and raw strings; variables; then words of letters, digits and `_` with `-` or `/` between them. */
const token = /"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|'(?:[^'\\]|\\.)*'|\$\w+|\w+(?:(?:-+|\/)\w+)+/gs;

const wholeNumbers = /^[\d-]+$/;
const bareNames = /^[A-Za-z_][\w-]*(?:\/[A-Za-z_][\w-]*)+$/;
const bareName = /^[A-Za-z_]\w*$/;
const hyphenatedName = /^\w+(?:-+\w+)+$/;

/** The expression with such names in quotes, as JMESPath wants them. */
export function quoteNames(expression: string): string {
  return expression.replaceAll(token, (word: string, at: number) => {
    if (!/^\w/.test(word)) return word;
    const before = expression.slice(0, at).trimEnd().at(-1);
    const after = expression[at + word.length];
    return quoteWord(word, before, after);
  });
}

function quoteWord(word: string, before: string | undefined, after: string | undefined): string {
  if (!word.includes('/')) return isName(word, before, after) ? `"${word}"` : word;
  // A path continues, or a function is called: `a.x/b.x` divides.
  if (bareNames.test(word) && !['.', '[', '('].includes(after ?? '')) return `"${word}"`;
  const parts = word.split('/');
  return parts
    .map((part, index) => {
      const isFirst = index === 0;
      const isLast = index === parts.length - 1;
      return isName(part, isFirst ? before : '/', isLast ? after : '/') ? `"${part}"` : part;
    })
    .join('/');
}

function isName(word: string, before: string | undefined, after: string | undefined): boolean {
  if (!word.includes('-')) return false;
  // `a-length(b)` subtracts: there is no function of such a name.
  if (after === '(') return false;
  return !wholeNumbers.test(word) || (before !== '[' && before !== ':');
}

/** The keys of an expression that is a path of plain names, such as `data.order-id`; null if it is more than that. */
export function keysOfPath(expression: string): readonly string[] | null {
  const keys = expression.split('.');
  return keys.every((key) => bareName.test(key) || hyphenatedName.test(key)) ? keys : null;
}

/** A path whose names are quoted where JMESPath wants it: `"unit price".x`. */
export function quotedNames(text: string): string {
  return text
    .split('.')
    .map((name) => (/^(?:[A-Za-z_]\w*|"[^"]*")(?:\[[^\]]*\])*$/.test(name) || name === '' ? name : `"${name}"`))
    .join('.');
}
