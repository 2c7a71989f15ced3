import { emptyTally, type FailedReceipt, type Receipt } from '../../../src/domain/run/receipt.ts';

/** A receipt of a run that found nothing, with whatever a test wants otherwise. */
export function aReceipt(part: Partial<Receipt> = {}): Receipt {
  return {
    ...emptyTally,
    source: 'quakes',
    outcome: 'ok',
    resume: { watermark: null },
    workflowId: 'scrape-quakes-1',
    runId: 'run-1',
    startedAt: '2026-11-01T08:59:00.000Z',
    finishedAt: '2026-11-01T09:00:00.000Z',
    ...part,
  };
}

export function aFailedReceipt(error: FailedReceipt['error']): FailedReceipt {
  return { ...aReceipt(), outcome: 'failed', error };
}
