import type { NewDeadLetter } from '../../domain/dead-letters/dead-letter.ts';
import { filteredOf, type FetchCounts } from '../../domain/run/receipt.ts';
import type { AcceptedRecord } from '../../domain/run/record.ts';
import { addWarnings, type Warning, type WarningCode } from '../../domain/run/warning.ts';
import type { Collected } from '../collect/collect.ts';

/** Warnings about the configuration: each chain notices them again. */
const ofConfiguration: ReadonlySet<WarningCode> = new Set(['arithmetic_path', 'paginator_proposed', 'parent_replaced']);

/** What the chains of a fetch have brought together. */
export class ChainSum {
  readonly accepted: AcceptedRecord[] = [];
  readonly deadLetters: NewDeadLetter[] = [];
  readonly duplicates: NewDeadLetter[] = [];
  readonly notes: string[] = [];
  counts: FetchCounts = { fetched: 0, accepted: 0, rejected: 0, unchanged: 0, repaired: 0, pages: 0 };
  bytes = 0;
  warnings: readonly Warning[] = [];

  add({ counts, accepted, deadLetters, duplicates, notes, warnings }: Collected): void {
    for (const record of accepted) {
      this.accepted.push(record);
      this.bytes += Buffer.byteLength(record.payload);
    }
    for (const letter of deadLetters) this.#keep(letter);
    for (const letter of duplicates) this.duplicates.push(letter);
    for (const note of notes) this.notes.push(note);
    const isKnown = ({ code, message }: Warning) =>
      ofConfiguration.has(code) && this.warnings.some((one) => one.code === code && one.message === message);
    this.warnings = addWarnings(
      this.warnings,
      warnings.filter((warning) => !isKnown(warning)),
    );
    this.#count(counts);
  }

  /** A parent that failed counts as one record that was rejected. */
  addFailed(letter: NewDeadLetter): void {
    this.#keep(letter);
    this.#count({ fetched: 1, accepted: 0, rejected: 1, unchanged: 0, repaired: 0, pages: 0 });
  }

  #keep(letter: NewDeadLetter): void {
    this.deadLetters.push(letter);
    this.bytes += letter.recordText.length;
  }

  #count(more: FetchCounts): void {
    const { fetched, accepted, rejected, unchanged, repaired, pages } = this.counts;
    const filtered = filteredOf(this.counts) + filteredOf(more);
    this.counts = {
      ...(filtered > 0 ? { filtered } : {}),
      fetched: fetched + more.fetched,
      accepted: accepted + more.accepted,
      rejected: rejected + more.rejected,
      unchanged: unchanged + more.unchanged,
      repaired: repaired + more.repaired,
      pages: pages + more.pages,
    };
  }
}
