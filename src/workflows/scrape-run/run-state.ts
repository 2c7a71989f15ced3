import type { FinishRunInput } from '../../activities/run/finish-run.ts';
import type { PollEnd, StatePatch } from '../../domain/state/fetch-position.ts';
import { isRoutine } from '../../domain/state/poll.ts';
import { isSameState, markSinks, noteNews } from '../../domain/state/settled-state.ts';
import { nextBackoff } from '../../domain/state/failure-backoff.ts';
import type { RunFailure } from '../../domain/run/run-failure.ts';
import { sinks, type Sink } from '../../domain/run/sink.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import { storeActivities } from '../activities.ts';

/** The state of a source during a run, and what of it is saved. */
export class RunState {
  readonly #source: string;
  readonly #isSaved: boolean;
  /** What the run began with; null = not known any more. */
  readonly #begun: SourceState | null;
  #current: SourceState;
  #saved: SourceState;
  /** New records when the time of the last one was noted. */
  #notedNews = -1;

  /**
   * @param saved false for a window: it neither reads nor changes the state of the source
   * @param isFirst whether the run begins with this state
   */
  constructor(source: string, state: SourceState, saved: boolean, isFirst: boolean) {
    this.#isSaved = saved;
    this.#source = source;
    this.#begun = isFirst ? state : null;
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

  /** Notes that a run failed: the source backs off where others did before. */
  noteFailure({ type, message }: RunFailure): void {
    this.apply({ failures: nextBackoff(this.#current.failures, `${type}: ${message}`, new Date()) });
  }

  /** See `markSinks`. */
  markSinks(up: ReadonlySet<Sink>, down: ReadonlySet<Sink>): void {
    this.#current = markSinks(this.#current, up, down, new Date());
  }

  /** @param written new records of the run so far; see `noteNews` */
  noteNews(written: number): void {
    if (written === this.#notedNews) return;
    const noted = noteNews(this.#current, written, new Date());
    if (noted === this.#current) return;
    this.#notedNews = written;
    this.#current = noted;
  }

  /**
   * Saves the state if it changed: a poll that found nothing new costs nothing.
   * @param over whether the poll has reached its end
   */
  async save(over: boolean): Promise<void> {
    const state = this.unsaved();
    if (!state) return;
    await storeActivities(this.#source).saveState({ source: this.#source, state, clean: over });
    this.#saved = state;
  }

  /** What the last step of a run that did not fail needs: see `FinishRunInput`. @param isScheduled no user asked for the run */
  ending(end: PollEnd | null, isScheduled: boolean): Pick<FinishRunInput, 'state' | 'sameState' | 'alertsSince'> {
    const state = this.unsaved();
    const changed = state ? { state } : {};
    const begun = this.#begun;
    if (!this.#isSaved || !isScheduled || begun === null || end === null || !isRoutine(begun, end)) return changed;
    const same = !state && isSameState(this.#current, begun) ? { sameState: begun } : {};
    return { ...changed, ...same, alertsSince: begun.receiptAt ?? null };
  }

  /** The state where it is to be saved, else null. */
  unsaved(): SourceState | null {
    return !this.#isSaved || isSameState(this.#current, this.#saved) ? null : this.#current;
  }
}
