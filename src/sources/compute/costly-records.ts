import type { NewDeadLetter } from '../../domain/dead-letters/dead-letter.ts';
import type { Rejection } from '../../domain/dead-letters/rejection.ts';
import { markOfHash, textMark } from '../extraction/record-marks.ts';

/** Records that are remembered, of all sources together. */
const maxRecords = 1_000;
/** How long a record is refused without being tried again, in milliseconds. */
const keptMs = 3_600_000;

interface CostlyRecord {
  /** Key of its source's definition: another configuration may take less. */
  readonly source: string;
  readonly mark: string;
  readonly rejection: Rejection;
  readonly untilMs: number;
}

/** Records that took too much: a source that sends one at each poll must not cost a trial each time. */
export class CostlyRecords {
  readonly #records = new Map<string, CostlyRecord>();

  of(source: string): (readonly [mark: string, rejection: Rejection])[] {
    if (this.#records.size === 0) return [];
    const now = Date.now();
    const own = [...this.#records.values()].filter((record) => record.source === source && record.untilMs > now);
    return own.map(({ mark, rejection }) => [mark, rejection]);
  }

  add(source: string, { recordText, sha256, reason, message }: NewDeadLetter): void {
    const mark = sha256 === undefined ? textMark(recordText) : markOfHash(sha256);
    const key = `${source} ${mark}`;
    if ((this.#records.get(key)?.untilMs ?? 0) > Date.now()) return;
    this.#records.delete(key);
    this.#records.set(key, { source, mark, rejection: { reason, message }, untilMs: Date.now() + keptMs });
    const [oldest] = this.#records.keys();
    if (this.#records.size > maxRecords && oldest !== undefined) this.#records.delete(oldest);
  }
}
