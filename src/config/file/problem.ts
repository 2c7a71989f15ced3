import { DaybookError } from '../../domain/errors.ts';
import { shownPath } from './remote-files.ts';

/** Something wrong in a configuration: what was found, what was expected, what to do. */
export interface Problem {
  readonly message: string;
  /** Keys and indexes from the file's root, e.g. `['sources', 0, 'url']`. */
  readonly path: readonly (string | number)[];
  /** 1-based; absent if the problem has no position in the file. */
  readonly line?: number;
  readonly column?: number;
}

/** All problems of a configuration at once. Exit code 2. */
export class ConfigProblems extends DaybookError {
  readonly type = 'InvalidConfig';
  readonly next = 'never';
  readonly file: string;
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    super(problems.map((problem) => formatProblem(file, problem)).join('\n'));
    this.file = file;
    this.problems = problems;
  }
}

/** `daybook.yaml:12:5: sources[0].url: found …` */
export function formatProblem(file: string, problem: Problem): string {
  const shown = shownPath(file);
  const place = problem.line === undefined ? shown : `${shown}:${problem.line}:${problem.column ?? 1}`;
  const path = formatPath(problem.path);
  return `${place}: ${path === '' ? '' : `${path}: `}${problem.message}`;
}

function formatPath(path: readonly (string | number)[]): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
}
