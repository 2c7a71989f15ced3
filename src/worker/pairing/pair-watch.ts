import { alertFields } from '../../domain/monitoring/alert.ts';
import { ForeignStore, messageOf } from '../../domain/errors.ts';
import type { PairSide } from '../../domain/storage/store-pair.ts';
import { withTimeout } from '../../formats/timeout.ts';
import { holdsData, readIdentity, writeIdentity, type StoreIdentity } from '../../store/identity.ts';
import { settleRestoredAlert } from '../../store/alerts/restored-alert.ts';
import type { Logger } from '../logger.ts';
import { countPair, inspectPair, settleRestored, type Pair, type PairFound } from './pair.ts';

/** How often store and database are compared: a disk may be unmounted, or a dump be restored, while workers run. */
const lookMs = 30_000;
/** The same while the database could not be asked yet. */
const defaultRetryMs = 5_000;
/** How long the two may take to answer. */
const answerMs = 15_000;

export interface PairWatchOptions {
  readonly pair: Pair;
  /** Joins the two although they are foreign, once. */
  readonly accept: boolean;
  /** How soon a database is asked again that could not be asked. @default 5 s */
  readonly retryMs?: number | undefined;
  readonly logger: Logger;
  /** Called with the reason why no work is allowed; null = the two belong together, as far as is known. */
  readonly onForeign: (problem: string | null) => void;
}

/** Watches whether the worker's store and its database belong together, and counts with them. */
export class PairWatch {
  readonly #options: PairWatchOptions;
  #foreign: string | null = null;
  /** Whether this worker has counted since it started. */
  #hasCounted = false;
  #known: StoreIdentity | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #said = '';

  constructor(options: PairWatchOptions) {
    this.#options = options;
  }

  /** Why no work is allowed; null = it is. */
  get foreign(): string | null {
    return this.#foreign;
  }

  /**
   * Compares the two, and counts; if the database is unavailable, that is done later.
   * @throws ForeignStore if they do not belong together
   */
  async start(): Promise<void> {
    const counted = await this.#ask(() => this.#count(this.#options.accept));
    // A role that may not count may look.
    const found = counted ?? (await this.#ask(() => this.#look()));
    if (found?.kind === 'foreign') {
      const why = this.#options.accept ? `; they could not be paired: ${this.#said}` : '';
      throw new ForeignStore(`worker: ${found.message}${why}`);
    }
    this.#note(found);
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Lets both count, as each rollover does. Where that fails, the next one does it. */
  async count(): Promise<void> {
    this.#note(await this.#ask(async () => (await this.#lostStore()) ?? this.#count(false)));
  }

  /** Notes that an operator has handled a restored side. */
  async settle(side: PairSide): Promise<void> {
    const { pair, logger } = this.#options;
    if (!(await settleRestored(pair, side))) return;
    this.#known = await readIdentity(pair.store);
    for (const alert of await settleRestoredAlert(pair.store, null)) logger.info(alertFields(alert), 'Alert resolved');
  }

  #schedule(): void {
    if (this.#isStopped) return;
    const look = async () => {
      this.#note(await this.#ask(() => this.#look()));
      this.#schedule();
    };
    const { retryMs = defaultRetryMs } = this.#options;
    this.#timer = setTimeout(() => void look(), this.#hasCounted ? lookMs : retryMs);
    this.#timer.unref();
  }

  async #look(): Promise<PairFound> {
    const { pair } = this.#options;
    const lost = await this.#lostStore();
    if (lost !== null) return lost;
    const found = await inspectPair(pair);
    // An acceptance at the start takes effect once the database is available.
    if (found.kind === 'foreign' && this.#options.accept && !this.#hasCounted) return this.#count(true);
    if (found.kind !== 'together') return found;
    const isNews = found.restored !== null && this.#known?.restored === null;
    return this.#hasCounted && found.isJoined && !isNews ? found : this.#count(this.#options.accept);
  }

  async #count(accept: boolean): Promise<PairFound> {
    const { pair, logger } = this.#options;
    const found = await countPair(pair, { accept: accept && !this.#hasCounted });
    if (found.kind !== 'together') return found;
    this.#hasCounted = true;
    if (found.isFresh) {
      logger.warn(
        { database: pair.names.database, store: pair.names.store },
        'The database is empty, but the store is not: sources are fetched again from scratch; ./daybook replay-csv stores the records of the journal',
      );
    }
    this.#known = await readIdentity(pair.store);
    for (const alert of await settleRestoredAlert(pair.store, found.restored)) {
      logger.warn(alertFields(alert), alert.state === 'open' ? 'Alert' : 'Alert resolved');
    }
    return found;
  }

  /** A store that had an id has none: its disk is not mounted, or the file was deleted. */
  async #lostStore(): Promise<PairFound | null> {
    const { store, names } = this.#options.pair;
    const [known, now] = [this.#known, await readIdentity(store)];
    if (now) this.#known = now;
    if (now || !known) return null;
    if (!(await holdsData(store))) {
      const message = `the store ${names.store} has no store.json, expected the one with the id ${known.id}; mount its file system again`;
      return { kind: 'foreign', message };
    }
    await writeIdentity(store, known);
    return null;
  }

  /** @returns null if the two could not be asked */
  async #ask(work: () => Promise<PairFound>): Promise<PairFound | null> {
    try {
      return await withTimeout(answerMs, work());
    } catch (error) {
      const message = messageOf(error);
      if (message !== this.#said) {
        this.#options.logger.warn({ error: message }, 'Store and database cannot be compared now');
      }
      this.#said = message;
      return null;
    }
  }

  #note(found: PairFound | null): void {
    // No answer of the database is not a finding.
    if (found === null || found.kind === 'unknown') return;
    const foreign = found.kind === 'foreign' ? found.message : null;
    if (foreign === this.#foreign) return;
    const { logger, onForeign } = this.#options;
    if (foreign === null) logger.info('Store and database are a pair again');
    else logger.error({ error: foreign }, 'Store and database are not a pair; this worker does nothing');
    this.#foreign = foreign;
    onForeign(foreign);
  }
}
