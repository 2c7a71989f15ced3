import { Context } from '@temporalio/activity';
import { findSource } from '../../config/file/find-source.ts';
import type { SourceConfig } from '../../config/schema/source-schemas.ts';
import { ConfigBroken, ConfigChanged, UnknownSource } from '../../domain/errors.ts';
import type { Uses } from './dependencies.ts';
import { hasOtherWorkers } from './other-workers.ts';

/** How long to wait for a worker with a newer configuration. */
const timeoutMs = 120_000;
const [firstRetryMs, retryMs] = [100, 1_000];
/** When a broken configuration is checked again. */
const [firstBrokenMs, brokenMs] = [500, 10_000];

/**
 * The source of the present configuration. If this worker does not know it, another one may: workers get a new configuration one
 * after the other.
 * @throws UnknownSource if no worker that polls knows it
 * @throws ConfigChanged if another worker may know it, for two minutes
 * @throws ConfigBroken if the last good configuration leaves it out, until the file can be read
 */
export async function findKnownSource(
  { config: file, identity }: Uses<'config' | 'identity'>,
  name: string,
): Promise<SourceConfig> {
  const { config, broken } = file.current();
  const { attempt, scheduledTimestampMs } = Context.current().info;
  try {
    return findSource(config, name);
  } catch (error) {
    if (!(error instanceof UnknownSource)) throw error;
    const leftOut = broken && config.kept?.leftOut.find(({ source }) => source === name);
    if (leftOut) {
      throw new ConfigBroken(
        `config: the source ${name} cannot run until the configuration is valid again; the last good one leaves it out because ${leftOut.reason}: ${broken.message}`,
        { retryAfterMs: doubled(firstBrokenMs, brokenMs, attempt) },
      );
    }
    if (Date.now() - scheduledTimestampMs < timeoutMs && (await hasOtherWorkers(identity))) {
      throw new ConfigChanged(
        `config: this worker has no source ${name}; another worker may have it`,
        doubled(firstRetryMs, retryMs, attempt),
      );
    }
    if (!broken) throw error;
    throw new UnknownSource(
      `config: no source "${name}"; the configuration is broken; using the last good one: ${broken.message}`,
    );
  }
}

/** Longer with each attempt: an edit, or a rollout, is often over in a moment. */
function doubled(firstMs: number, mostMs: number, attempt: number): number {
  return Math.min(mostMs, firstMs * 2 ** (attempt - 1));
}
