import type { FailedReceipt, Receipt } from '../domain/receipt.ts';

/** A receipt on one line, for people; each of its warnings on a further one. */
export function receiptLine(receipt: Receipt | FailedReceipt): string {
  const { source, outcome, fetched, rejected, unchanged, csv, postgres, finishedAt } = receipt;
  const time = finishedAt.slice(11, 19);
  const head = `${time}  ${source.padEnd(16)} ${outcome.padEnd(12)}`;
  const warnings = (receipt.warnings ?? []).map(({ code, message }) => `\n          warning ${code}: ${message}`);
  if (receipt.outcome === 'failed') {
    return `${head} ${receipt.error.type}: ${receipt.error.message}${warnings.join('')}`;
  }
  const counts = [
    `fetched ${fetched}`,
    `new ${postgres.written}`,
    ...(postgres.duplicate > 0 ? [`known ${postgres.duplicate}`] : []),
    ...(unchanged > 0 ? [`unchanged ${unchanged}`] : []),
    ...(rejected > 0 ? [`rejected ${rejected}`] : []),
    ...(postgres.refused > 0 ? [`refused ${postgres.refused}`] : []),
    ...(postgres.expired > 0 ? [`expired ${postgres.expired}`] : []),
    ...(postgres.deferred + csv.deferred > 0 ? [`deferred ${Math.max(postgres.deferred, csv.deferred)}`] : []),
    `csv ${csv.written}`,
  ];
  return `${head} ${counts.join('  ')}${warnings.join('')}`;
}
