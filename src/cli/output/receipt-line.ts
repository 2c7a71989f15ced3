import { warningLine } from '../../domain/run/warning.ts';
import type { FailedReceipt, Receipt } from '../../domain/run/receipt.ts';

/** A receipt on one line, for people, and each of its warnings on a further one. */
export function receiptLines(receipt: Receipt | FailedReceipt): string[] {
  return [receiptLine(receipt), ...(receipt.warnings ?? []).map((warning) => `          ${warningLine(warning)}`)];
}

function receiptLine(receipt: Receipt | FailedReceipt): string {
  const { source, outcome, finishedAt } = receipt;
  const time = finishedAt.slice(11, 19);
  const head = `${time}  ${source.padEnd(16)} ${outcome.padEnd(12)}`;
  if (receipt.outcome === 'failed') {
    return `${head} ${receipt.error.type}: ${receipt.error.message}`;
  }
  return `${head} ${countsOf(receipt).join('  ')}`;
}

/** What a run did, in words; what it did nothing of is left out. */
export function countsOf({
  fetched,
  rejected,
  unchanged,
  filtered = 0,
  csv,
  postgres,
}: Receipt | FailedReceipt): string[] {
  return [
    `fetched ${fetched}`,
    `new ${postgres.written}`,
    ...(postgres.duplicate > 0 ? [`known ${postgres.duplicate}`] : []),
    ...(unchanged > 0 ? [`unchanged ${unchanged}`] : []),
    ...(filtered > 0 ? [`filtered ${filtered}`] : []),
    ...(rejected > 0 ? [`rejected ${rejected}`] : []),
    ...(postgres.refused > 0 ? [`refused ${postgres.refused}`] : []),
    ...(postgres.expired > 0 ? [`expired ${postgres.expired}`] : []),
    ...(postgres.deferred + csv.deferred > 0 ? [`deferred ${Math.max(postgres.deferred, csv.deferred)}`] : []),
    `csv ${csv.written}`,
  ];
}
