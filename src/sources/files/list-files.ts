import { readdir } from 'node:fs';
import { glob } from 'tinyglobby';
import type { FilePlan } from '../../domain/source.ts';
import { fileError } from './file-error.ts';

/** `*`, `?`, `[abc]`, `{a,b}`, `{1..9}` and `@(a|b)`; parentheses alone are ordinary in a name. */
const globCharacter = /(?<!\\)(?:[*?]|\[[^\]]+\]|\{[^{}]*(?:,|\.\.)[^{}]*\}|[@+!]\()/;

/** Whether a path names files by a pattern. */
export function isGlob(path: string): boolean {
  return globCharacter.test(path);
}

export interface FileList {
  /** Relative to the configuration as the pattern is, `/` between their parts, in the order of code units. */
  readonly paths: readonly string[];
  /** Folders that could not be read: their files are missing here. */
  readonly errors: readonly unknown[];
}

/** The files that a glob matches. Names that begin with a dot only where the pattern says so. */
export async function listFiles({ name, path }: FilePlan, resolvePath: (path: string) => string): Promise<FileList> {
  const split = path.lastIndexOf('/', path.search(globCharacter)) + 1;
  const folder = path.slice(0, split);
  const errors: unknown[] = [];
  const found = await glob(literalParentheses(path.slice(split)), {
    cwd: resolvePath(folder === '' ? '.' : folder),
    expandDirectories: false,
    fs: { readdir: noting(name, errors) },
  });
  return { paths: found.map((file) => folder + file).sort(), errors };
}

/** A pattern in which parentheses that belong to no `@(a|b)` stand for themselves, and so does `!` at its beginning. */
function literalParentheses(pattern: string): string {
  return pattern.replaceAll(/(?<![@+!*?\\])\(([^()]*)\)/g, '\\($1\\)').replace(/^!(?!\()/, '\\!');
}

/** The library passes over folders that it cannot read, without a word. */
function noting(subject: string, errors: unknown[]): typeof readdir {
  const read = (path: string, options: { withFileTypes: true }, done: Parameters<typeof readdir>[2]) => {
    readdir(path, options, (error, entries) => {
      const isGone = error?.code === 'ENOENT' || error?.code === 'ENOTDIR';
      if (error && !isGone) errors.push(fileError(subject, path, error));
      (done as (error: NodeJS.ErrnoException | null, entries: unknown) => void)(error, entries);
    });
  };
  return read as unknown as typeof readdir;
}
