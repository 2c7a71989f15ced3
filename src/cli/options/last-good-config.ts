import { existsSync } from 'node:fs';
import { openConfigFile, type ConfigFile, type CurrentConfig } from '../../config/file/config-file.ts';
import { leftOutText, openKeptConfig } from '../../config/file/kept-config.ts';
import type { Config } from '../../config/file/parse-config.ts';
import { shownPath } from '../../config/file/remote-files.ts';
import { ConfigProblems } from '../../config/file/problem.ts';
import { readKeptConfig } from '../../store/kept-configs.ts';
import { openStoreToRead, type Context } from './context.ts';
import { printInfo } from '../output/output.ts';
import type { PairOptions } from './store-pair.ts';

/** Options of those that run on with the last good configuration. */
export interface ServiceOptions extends PairOptions {
  /** Start only with a file that is good. */
  readonly strictConfig?: boolean;
}

/**
 * Opens the configuration for a service: where the file is broken, with the last good one that a worker kept in the store.
 * @throws ConfigProblems if there is none, or the options forbid it
 */
export async function openServiceConfig(context: Context, { strictConfig }: ServiceOptions): Promise<ConfigFile> {
  const { configFile, lookUp } = context.environment;
  try {
    return openConfigFile(configFile, lookUp);
  } catch (error) {
    if (!(error instanceof ConfigProblems) || strictConfig) throw error;
    const kept = await lastGoodConfig(context);
    if (kept === null) throw error;
    return openConfigFile(configFile, lookUp, kept);
  }
}

export async function lastGoodConfig(context: Context): Promise<Config | null> {
  const kept = await readKeptConfig(openStoreToRead(context), context.instance.name);
  if (kept === null) return null;
  // A name that leads nowhere is more likely wrong than the file is lost, unless it was there before.
  if (!existsSync(context.environment.configFile) && kept.file !== shownPath(context.environment.configFile))
    return null;
  try {
    return openKeptConfig(kept, context.environment.configFile, context.environment.lookUp);
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    printInfo(`store: the last good configuration, of ${kept.savedAt}, cannot be used: ${error.message}`);
    return null;
  }
}

/** Says which configuration is used instead of a broken one, since when it is kept, and what is wrong; null = the file. */
export function brokenNote({ config: { kept }, broken }: CurrentConfig, file: string): string | null {
  if (!broken) return null;
  const [first, ...more] = broken.message.split('\n');
  const problem = `${first}${more.length === 0 ? '' : ` (and ${more.length} more, see ./daybook check)`}`;
  if (!kept) return `the configuration is broken; using the last good one: ${problem}`;
  const other = kept.file === shownPath(file) ? '' : `, read from ${kept.file}`;
  const without = kept.leftOut.length === 0 ? '' : `; left out: ${leftOutText(kept.leftOut)}`;
  return `the configuration is broken; using the last good one of ${kept.savedAt}${other} from the store: ${problem}${without}`;
}
