import { log, sleep } from '@temporalio/workflow';
import type { JobState } from '../../activities/run/look-at-export.ts';
import type { NotSubmitted } from '../../activities/run/submit-export.ts';
import { ExportFailed, ExportTimeout } from '../../domain/errors.ts';
import type { ExportPlan } from '../../domain/plan/export-plan.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { RunRef } from '../../domain/run/batch.ts';
import { nextLookMs, timeoutProblem, waitingNote } from '../../domain/run/export-waiting.ts';
import { withoutMarks } from '../../domain/secrets/hidden-marks.ts';
import type { ExportJob, ExportProgress } from '../../domain/state/export-progress.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import { cancelExportActivities, exportActivities } from '../export-activities.ts';
import { workflowFailure } from '../support/failure.ts';
import type { RunDisplay } from './run-display.ts';

/**
 * The export of a run: a job that is submitted, and waited for by timers of the workflow, with one short activity for each look at its
 * status. Each step is one timer or one activity, so that a pause or a new history may come between them.
 */
export class RunExport {
  readonly #ref: RunRef;
  readonly #plan: SourcePlan;
  readonly #export: ExportPlan;
  readonly #window: TimeRangeText | null;
  readonly #display: RunDisplay;
  #progress: ExportProgress | null;
  /** What the API called the state of the job last. */
  #state: string | null = null;
  /** Of the next job that is submitted. */
  readonly #number: number;

  /** @param before the job that was submitted by an earlier segment of the run, or before it was planned again */
  constructor(
    ref: RunRef,
    plan: SourcePlan & { readonly export: ExportPlan },
    window: TimeRangeText | null,
    before: ExportProgress | null,
    display: RunDisplay,
  ) {
    this.#ref = ref;
    this.#plan = plan;
    this.#export = plan.export;
    this.#window = window;
    this.#display = display;
    const isFitting = before?.fingerprint === plan.fetchFingerprint;
    this.#progress = isFitting ? before : null;
    this.#number = before === null ? 0 : before.number + 1;
    if (before && !isFitting) {
      log.warn('Export job no longer fits the configuration; another one is submitted', { job: before.job });
    }
  }

  get progress(): ExportProgress | null {
    return this.#progress;
  }

  /** The job whose documents can be read; null while there is none. */
  get done(): ExportJob | null {
    return this.#progress?.isDone === true ? jobOf(this.#progress) : null;
  }

  /**
   * @param waitedMs how long the host has kept the run waiting
   * @returns why nothing was submitted; null if something was done
   * @throws ApplicationFailure if the job failed, or its time is up
   */
  async step(state: SourceState, waitedMs: number): Promise<NotSubmitted | null> {
    const progress = this.#progress;
    if (!progress) return this.#submit(state, waitedMs);
    const leftMs = progress.dueMs - Date.now();
    await (leftMs > 0 ? this.#wait(progress, leftMs) : this.#look(progress));
    return null;
  }

  /** Cancels a job that will not be read. Never rejects where it is not cancelled itself. */
  async abandon(): Promise<void> {
    const progress = this.#progress;
    if (!progress || progress.isDone || !this.#export.cancel) return;
    this.#progress = null;
    try {
      const input = { run: this.#ref, plan: this.#plan, job: jobOf(progress) };
      await cancelExportActivities(this.#plan).cancelExport(input);
    } catch {
      log.warn('Export job could not be cancelled', { job: progress.job });
    }
  }

  async #submit(state: SourceState, waitedMs: number): Promise<NotSubmitted | null> {
    const submitted = await exportActivities(this.#plan).submitExport({
      run: this.#ref,
      plan: this.#plan,
      state,
      number: this.#number,
      ...(this.#window ? { window: this.#window } : {}),
      ...(waitedMs > 0 ? { waitedMs } : {}),
    });
    if (submitted.kind !== 'submitted') return submitted;
    const { job, submittedAt, waitMs = 0 } = submitted;
    const begun = { number: this.#number, fingerprint: this.#plan.fetchFingerprint, job, submittedAt };
    this.#continue({ ...begun, looks: 0, waitedMs: 0, dueMs: 0, isDone: false }, waitMs);
    return null;
  }

  async #wait(progress: ExportProgress, ms: number): Promise<void> {
    const begunMs = Date.now();
    const { job, looks } = progress;
    await sleep(this.#display.beginWait(`export job ${withoutMarks(job)}`, `asked ${looks} times`, ms));
    this.#display.endWait();
    // A clock that is a millisecond behind would cost another timer.
    this.#progress = { ...progress, dueMs: 0, waitedMs: progress.waitedMs + Date.now() - begunMs };
  }

  async #look(progress: ExportProgress): Promise<void> {
    const begunMs = Date.now();
    const input = { run: this.#ref, plan: this.#plan, job: jobOf(progress) };
    const found = await exportActivities(this.#plan).lookAtExport(input);
    const looks = progress.looks + (found.kind === 'busy' ? 0 : 1);
    this.#judge({ ...progress, looks, waitedMs: progress.waitedMs + Date.now() - begunMs }, found);
  }

  #judge(progress: ExportProgress, found: JobState): void {
    switch (found.kind) {
      case 'done':
        this.#progress = { ...progress, isDone: true };
        this.#display.enter('fetching');
        return;
      case 'failed': {
        // There is nothing left to be cancelled.
        this.#progress = null;
        throw workflowFailure(new ExportFailed(found.message));
      }
      case 'pending':
        this.#state = found.state ?? null;
        return this.#continue(progress, found.waitMs ?? 0);
      case 'busy':
        return this.#continue(progress, found.waitMs);
    }
  }

  /** @param askedMs how long the API asked not to be called */
  #continue(progress: ExportProgress, askedMs: number): void {
    this.#progress = progress;
    const { status } = this.#export;
    const ms = nextLookMs(status, progress.waitedMs, askedMs);
    if (ms === null)
      throw workflowFailure(new ExportTimeout(timeoutProblem(this.#plan.name, status, progress, this.#state)));
    this.#progress = { ...progress, dueMs: Date.now() + ms };
    this.#display.enter('fetching', waitingNote(progress, this.#state));
  }
}

function jobOf({ number, job, submittedAt }: ExportProgress): ExportJob {
  return { number, job, submittedAt };
}
