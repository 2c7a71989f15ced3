import { relative } from 'node:path';
import { ConfigProblems, formatProblem } from '../config/problem.ts';
import { createContext, loadConfig, type CommonOptions } from './context.ts';
import { print, printJson, say } from './output.ts';

/** `daybook check`: reads the configuration and says everything that is wrong with it. */
export function checkCommand(options: CommonOptions & { readonly json?: boolean }): void {
  const context = createContext(options);
  const file = context.environment.configFile;
  try {
    const { sources } = loadConfig(context);
    const scheduled = sources.filter((source) => source.schedule).length;
    if (options.json) printJson({ file, ok: true, problems: [] });
    else print(`${shortPath(file)}: ${count(sources.length, 'source')}, ${scheduled} with a schedule: all fine`);
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    const { problems } = error;
    if (options.json) printJson({ file, ok: false, problems: problems.map((problem) => ({ ...problem })) });
    else for (const problem of problems) say(formatProblem(shortPath(file), problem));
    say(`${count(problems.length, 'problem')} in ${shortPath(file)}`);
    process.exitCode = 2;
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : short;
}
