import { Context } from '@temporalio/activity';
import { findSource } from '../config/find-source.ts';
import type { SourceConfig } from '../config/source-schemas.ts';
import { ConfigChanged, UnknownSource } from '../domain/errors.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { hasOtherWorkers } from './other-workers.ts';

/** How long a worker with a newer configuration is waited for. */
const patienceMs = 120_000;
const retryMs = 1_000;

/**
 * The source of the configuration as it stands now. Where this worker does not know it, another one may: workers get a new
 * configuration one after the other.
 * @throws UnknownSource where no worker that polls knows it
 * @throws ConfigChanged where another worker may know it, for two minutes
 */
export async function findKnownSource(
  { config: file, identity }: Pick<ActivityDependencies, 'config' | 'identity'>,
  name: string,
): Promise<SourceConfig> {
  const { config, broken } = file.current();
  try {
    return findSource(config, name);
  } catch (error) {
    if (!(error instanceof UnknownSource)) throw error;
    const { scheduledTimestampMs } = Context.current().info;
    if (Date.now() - scheduledTimestampMs < patienceMs && (await hasOtherWorkers(identity))) {
      throw new ConfigChanged(
        `config: this worker knows no source ${name}, expected another worker to know it`,
        retryMs,
      );
    }
    if (!broken) throw error;
    const leftOut = config.kept?.leftOut.find(({ source }) => source === name);
    const without = leftOut ? `; the source is left out, for ${leftOut.reason}` : '';
    throw new UnknownSource(
      `config: found no source "${name}"; the configuration is broken, the last good one is used${without}: ${broken.message}`,
    );
  }
}
