/** `*`, `?`, `[abc]`, `{a,b}`, `{1..9}` and `@(a|b)`; parentheses alone are ordinary in a name. */
const globCharacter = /(?<!\\)(?:[*?]|\[[^\]]+\]|\{[^{}]*(?:,|\.\.)[^{}]*\}|[@+!]\()/;

/** Whether a path names files by a pattern. */
export function isGlob(path: string): boolean {
  return globCharacter.test(path);
}

/** The folder of a pattern, as it is written, and the pattern within it. */
export function splitPattern(path: string): { readonly prefix: string; readonly rest: string } {
  const split = path.lastIndexOf('/', path.search(globCharacter)) + 1;
  return { prefix: path.slice(0, split), rest: path.slice(split) };
}

/** A pattern in which parentheses that belong to no `@(a|b)` are literal, and so is `!` at its beginning. */
export function literalParentheses(pattern: string): string {
  return pattern.replaceAll(/(?<![@+!*?\\])\(([^()]*)\)/g, '\\($1\\)').replace(/^!(?!\()/, '\\!');
}
