import { probedEvery } from '../../config/schedule/probe-groups.ts';
import { ConfigProblems } from '../../config/file/problem.ts';
import { storedPauses } from '../../store/run/pauses.ts';
import { openStoreToRead, type Context } from './context.ts';
import { lastGoodConfig } from './last-good-config.ts';
import { loadConfig } from './load-config.ts';

/** Whether a probe may start a run of a source: it is probed, and not paused. Where the file is broken, the last good one counts. */
export function probedUnlessPaused(context: Context): (source: string) => Promise<boolean> {
  const pauses = storedPauses(openStoreToRead(context));
  let probed: ReadonlySet<string> | null = null;
  return async (source) => {
    probed ??= await probedSources(context);
    return probed.has(source) && (await pauses.read(source)) === null;
  };
}

async function probedSources(context: Context): Promise<ReadonlySet<string>> {
  const config = await configOf(context);
  const sources = config?.sources ?? [];
  return new Set(sources.filter((source) => probedEvery(source) !== null).map(({ name }) => name));
}

async function configOf(context: Context) {
  try {
    return loadConfig(context);
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    return lastGoodConfig(context);
  }
}
