import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExportFailed, ExportTimeout } from '../../domain/errors.ts';
import { nextLookMs, timeoutProblem, waitingNote } from '../../domain/run/export-waiting.ts';
import type { FetchPosition } from '../../domain/state/fetch-position.ts';
import { formatDuration } from '../../domain/time/duration.ts';
import { cancelJob, lookAtJob, submitJob, type Calling } from '../../sources/exports/export-client.ts';
import type { ExportDocuments } from '../../sources/exports/export-pages.ts';
import { shownJob } from '../../sources/exports/job-answer.ts';
import { retryWhenBusy } from '../../sources/http/retry-when-busy.ts';

/** A command waits no longer; a run does. */
const maxWaitMs = 600_000;

/**
 * Submits a job and waits for it, as a run does, but not as long.
 * @param say shows what is waited for
 */
export async function dryRunExport(
  calling: Calling,
  position: FetchPosition,
  say: (line: string) => void,
): Promise<ExportDocuments> {
  const { plan, signal } = calling;
  const status = { ...plan.export.status, timeoutMs: Math.min(plan.export.status.timeoutMs, maxWaitMs) };
  const submitted = await retryWhenBusy(() => submitJob(calling, position, `preview-${randomUUID()}`), signal);
  if (submitted.kind === 'rate_limited') {
    throw new ExportTimeout(
      `export: ${plan.name}: its API asks for no requests before ${submitted.notBefore.toISOString()}`,
    );
  }
  const { known } = submitted;
  const job = shownJob(known.job);
  say(`Submitted export job ${job}; waiting for it, up to ${formatDuration(status.timeoutMs)}`);
  const look = () => retryWhenBusy(() => lookAtJob(calling, known), signal);
  const startedMs = Date.now();
  let askedMs = submitted.waitMs;
  let state: string | null = null;
  for (let looks = 0; ;) {
    const ms = nextLookMs(status, Date.now() - startedMs, askedMs);
    if (ms === null) {
      await cancelJob(calling, known).catch(() => undefined);
      throw new ExportTimeout(timeoutProblem(plan.name, status, { job, looks }, state));
    }
    await sleep(ms, undefined, { signal });
    const found = await look();
    looks++;
    if (found.kind === 'failed') throw new ExportFailed(`export: ${plan.name}: job ${job} failed: ${found.message}`);
    if (found.kind === 'done') return documentsOf(found.addresses);
    [askedMs, state] = [found.waitMs, found.state];
    say(waitingNote({ job, looks }, state));
  }

  function documentsOf(addresses: readonly string[]): ExportDocuments {
    return {
      known,
      addresses: async () => addresses,
      requested: async () => {
        const found = await look();
        return found.kind === 'done' ? found.addresses : addresses;
      },
    };
  }
}
