import { readConfig } from '../../config/file/config-file.ts';
import type { Config } from '../../config/file/parse-config.ts';
import { ConfigProblems } from '../../config/file/problem.ts';
import type { Context } from './context.ts';

/** @throws ConfigProblems */
export function loadConfig({ environment }: Context): Config {
  return readConfig(environment.configFile, environment.lookUp);
}

/** The configuration of those who do not take a variable without a value. @throws ConfigProblems, of each of them too */
export function loadWholeConfig(context: Context): Config {
  const config = loadConfig(context);
  const problems = config.unset.map(({ problem }) => problem);
  if (problems.length > 0) throw new ConfigProblems(context.environment.configFile, problems);
  return config;
}
