import { resolve } from 'node:path';
import type { FilePlan } from '../../../domain/plan/source-plan.ts';
import { LinkWalk } from './walk-links.ts';

/** `*`, `?`, `[abc]`, `{a,b}`, `{1..9}` and `@(a|b)`; parentheses alone are ordinary in a name. */
const globCharacter = /(?<!\\)(?:[*?]|\[[^\]]+\]|\{[^{}]*(?:,|\.\.)[^{}]*\}|[@+!]\()/;

/** Whether a path names files by a pattern. */
export function isGlob(path: string): boolean {
  return globCharacter.test(path);
}

export interface FileList {
  /** Relative to the configuration as the pattern is, `/` between their parts, in the order of code units. */
  readonly paths: readonly string[];
  /** Folders that could not be read, and links that may not be followed: their files are missing here. */
  readonly errors: readonly unknown[];
  /** Links that lead nowhere, as `paths`. */
  readonly dangling: readonly string[];
}

/** The files that a glob matches. Names that begin with a dot only where the pattern says so. */
export async function listFiles(
  { name, path, followSymlinks }: FilePlan,
  resolvePath: (path: string) => string,
): Promise<FileList> {
  const split = path.lastIndexOf('/', path.search(globCharacter)) + 1;
  const prefix = path.slice(0, split);
  const folder = resolve(resolvePath(prefix === '' ? '.' : prefix));
  const walk = await LinkWalk.open({ subject: name, folder, follow: followSymlinks === true });
  // Only a source that has one loads what matches it.
  const { glob } = await import('tinyglobby');
  const found = await glob(literalParentheses(path.slice(split)), {
    cwd: folder,
    expandDirectories: false,
    fs: { readdir: walk.readdir },
  });
  const paths: string[] = [];
  const dangling: string[] = [];
  for (const file of found.sort()) {
    const verdict = await walk.judge(file);
    if (verdict === 'read') paths.push(prefix + file);
    if (verdict === 'leads nowhere') dangling.push(prefix + file);
  }
  return { paths, errors: walk.errors, dangling };
}

/** A pattern in which parentheses that belong to no `@(a|b)` are literal, and so is `!` at its beginning. */
function literalParentheses(pattern: string): string {
  return pattern.replaceAll(/(?<![@+!*?\\])\(([^()]*)\)/g, '\\($1\\)').replace(/^!(?!\()/, '\\!');
}
