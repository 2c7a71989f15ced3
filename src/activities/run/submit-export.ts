import { log } from '@temporalio/activity';
import { HostBusy, messageOf } from '../../domain/errors.ts';
import { maxWaitMs } from '../../domain/plan/host-budget.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { RunRef } from '../../domain/run/batch.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import { cancelJob, submitJob, type Calling, type KnownJob } from '../../sources/exports/export-client.ts';
import { shownJob } from '../../sources/exports/job-answer.ts';
import { firstPositionOf } from '../../sources/open-source.ts';
import { adapterContext } from '../support/adapter-context.ts';
import { redactorFor } from '../support/source-secrets.ts';
import { openExport, type ExportTools } from './export-tools.ts';

export interface SubmitExportInput {
  readonly run: RunRef;
  readonly plan: SourcePlan;
  /** What the poll starts from: its times are in the request. */
  readonly state: SourceState;
  /** Counts the jobs of the run. */
  readonly number: number;
  readonly window?: TimeRangeText;
  /** How long the run has waited for the host. */
  readonly waitedMs?: number;
}

export type NotSubmitted =
  /** The host's next slot is so far away. */
  | { readonly kind: 'busy'; readonly waitMs: number }
  /** The host asked not to be called before then. ISO 8601. */
  | { readonly kind: 'rate_limited'; readonly notBefore: string };

export interface SubmittedExport {
  readonly kind: 'submitted';
  /** Its id, as it may be shown. */
  readonly job: string;
  readonly submittedAt: string;
  /** How long the API asks not to be called. Absent = it does not. */
  readonly waitMs?: number;
}

/**
 * Submits the job of an export. Safe to repeat because a job whose id is stored is not submitted again: after a kill before that there may
 * be two, and only the second is read.
 */
export function createSubmitExport(dependencies: ExportTools) {
  return async function submitExport(input: SubmitExportInput): Promise<SubmittedExport | NotSubmitted> {
    const { run, number, state, window = null, waitedMs = 0 } = input;
    const { jobs, hide, ...opened } = await openExport(dependencies, input);
    const kept = await jobs.job(number);
    if (kept) return { kind: 'submitted', job: hide(shownJob(kept.job)), submittedAt: kept.submittedAt };
    adapterContext().signal.throwIfAborted();
    // A submission that has begun is finished: the id of its job is needed to cancel it.
    const calling = { ...opened.calling, signal: new AbortController().signal };
    try {
      const position = firstPositionOf({ plan: calling.plan, state, window }, new Date());
      const submitted = await submitJob(calling, position, run.firstRunId);
      if (submitted.kind === 'rate_limited') {
        return { kind: 'rate_limited', notBefore: submitted.notBefore.toISOString() };
      }
      const { waitMs, ...own } = submitted;
      const first = await jobs.keepJob(number, own.known);
      const isOwn = first.job === own.known.job;
      // Another attempt, which the server had given up, was faster.
      if (!isOwn) await cancelSecond(dependencies, calling, own.known);
      const { job, submittedAt } = first;
      return { kind: 'submitted', job: hide(shownJob(job)), submittedAt, ...(waitMs > 0 && isOwn ? { waitMs } : {}) };
    } catch (error) {
      if (!(error instanceof HostBusy)) throw error;
      if (waitedMs + error.waitMs <= maxWaitMs) return { kind: 'busy', waitMs: error.waitMs };
      return { kind: 'rate_limited', notBefore: new Date(Date.now() + error.waitMs).toISOString() };
    }
  };
}

async function cancelSecond(access: ExportTools, calling: Calling, known: KnownJob): Promise<void> {
  const redact = redactorFor(calling.plan.name, access);
  await cancelJob(calling, known).catch((error: unknown) => {
    log.warn('Export job could not be cancelled', {
      job: redact(shownJob(known.job)),
      error: redact(messageOf(error)),
    });
  });
}
