import type { StatePatch } from '../../domain/run/fetch-position.ts';
import { sinks, type Sink } from '../../domain/run/sink.ts';
import type { SourceState } from '../../domain/run/source-state.ts';
import { storeActivities } from '../activities.ts';

/** The state of a source during a run, and what of it is saved. */
export class RunState {
  readonly #source: string;
  readonly #isSaved: boolean;
  #current: SourceState;
  #saved: SourceState;
  /** New records when the time of the last one was noted. */
  #notedNews = -1;

  /** @param saved false for a window: it neither reads nor changes the state of the source */
  constructor(source: string, state: SourceState, saved: boolean) {
    this.#isSaved = saved;
    this.#source = source;
    this.#current = state;
    this.#saved = state;
  }

  get current(): SourceState {
    return this.#current;
  }

  /** Sinks that were down when the state was last saved. */
  get sinksDown(): ReadonlySet<Sink> {
    return new Set(sinks.filter((sink) => this.#current.sinkDownSince[sink] !== undefined));
  }

  apply(patch: StatePatch): void {
    this.#current = { ...this.#current, ...patch };
  }

  /** Notes since when a sink is down; one that accepted a batch is up, unless it failed at another. */
  markSinks(up: ReadonlySet<Sink>, down: ReadonlySet<Sink>): void {
    const since: Partial<Record<Sink, string>> = {};
    for (const sink of sinks) {
      const before = this.#current.sinkDownSince[sink];
      if (down.has(sink)) since[sink] = before ?? new Date().toISOString();
      else if (before !== undefined && !up.has(sink)) since[sink] = before;
    }
    this.#current = { ...this.#current, sinkDownSince: since };
  }

  /**
   * A source is stale once it has had nothing new for long; for one that was never polled the time starts now.
   * @param written new records of the run so far
   */
  noteNews(written: number): void {
    if ((written === 0 && this.#current.lastNewAt !== null) || written === this.#notedNews) return;
    this.#notedNews = written;
    this.apply({ lastNewAt: new Date().toISOString() });
  }

  /**
   * Saves the state if it changed: a poll that found nothing new costs nothing.
   * @param over whether the poll has reached its end
   */
  async save(over: boolean): Promise<void> {
    const state = this.#current;
    if (!this.#isSaved || JSON.stringify(state) === JSON.stringify(this.#saved)) return;
    await storeActivities(this.#source).saveState({ source: this.#source, state, clean: over });
    this.#saved = state;
  }
}
