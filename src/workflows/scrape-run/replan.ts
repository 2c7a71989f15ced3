import { log, patched, sleep } from '@temporalio/workflow';
import type { ResolvedSource } from '../../activities/run/resolve-source.ts';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import { storeActivities } from '../activities.ts';
import { failureOf, isUnstarted, workflowFailure } from '../support/failure.ts';

/** How long to wait for a worker whose configuration fits the plan. */
const timeoutMs = 120_000;
/** Waits between two plans: 1, 2, 4, 8, 10, 10 … s. */
const maxWaitMs = 10_000;

/**
 * Plans a run again where a worker has another configuration than it was planned by: the file was edited while the run was
 * open, or workers get a new one one after the other.
 */
export class Replanning {
  readonly #source: string;
  readonly #window: TimeRangeText | null;
  #sinceMs: number | null = null;
  #tries = 0;

  constructor(source: string, window: TimeRangeText | null) {
    this.#source = source;
    this.#window = window;
  }

  /**
   * Whether a fetch failed because of that, or no worker with the label of the source has started it: only those fetches have such a
   * limit. Histories of 0.2.0 fail then.
   */
  isNeeded(error: unknown): boolean {
    if (isUnstarted(error)) return true;
    return failureOf(error, 'fetch').type === 'ConfigChanged' && patched('plan-again');
  }

  /**
   * The source by a worker's present configuration; everything in flight has to be settled before.
   * @throws ApplicationFailure ConfigChanged where no worker has fitted for two minutes
   */
  async resolve(error: unknown): Promise<ResolvedSource> {
    // A worker with the label may come at any time.
    if (isUnstarted(error)) this.fitted();
    this.#sinceMs ??= Date.now();
    if (Date.now() - this.#sinceMs > timeoutMs) throw workflowFailure(failureOf(error, 'fetch'));
    const why = isUnstarted(error)
      ? 'No worker with its label has fetched'
      : 'The configuration of the source has changed';
    log.info(`${why}; the run is planned again`, { source: this.#source });
    if (this.#tries > 0) await sleep(Math.min(maxWaitMs, 500 * 2 ** this.#tries));
    this.#tries++;
    const window = this.#window ? { window: this.#window } : {};
    const input = { source: this.#source, ...window };
    // A poll that begins again is not asked for.
    return storeActivities(this.#source).resolveSource(input) as Promise<ResolvedSource>;
  }

  /** A worker has fetched by the plan. */
  fitted(): void {
    this.#sinceMs = null;
    this.#tries = 0;
  }
}
