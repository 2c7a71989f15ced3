import { SinkMisconfigured } from '../../../domain/errors.ts';
import type { SpooledRecord } from '../../../domain/run/record.ts';
import type { RefusedRecord } from '../../storage-writer.ts';
import type { PostgresError } from '../connection/sql-state.ts';

/** From this many refused rows on, the same refusal for over half of a batch counts as a fault of configuration. */
const alikeFloor = 20;
/** Below this many rows each is tried: it costs little, and the message has the exact number. */
const smallBatch = 100;
/** This share of the rest is assumed to be like a sample that is refused entirely. */
const likeTheSample = 0.8;

interface Refusal extends RefusedRecord {
  readonly code: string | undefined;
}

/** The rows of a batch that PostgreSQL refuses, and whether that is their fault. */
export class Refusals {
  readonly #total: number;
  readonly #found: Refusal[] = [];
  /** Refused alike, one after the other, since a new row was stored. */
  #inSuccession = 0;

  /** @param total rows of the batch */
  constructor(total: number) {
    this.#total = total;
  }

  get count(): number {
    return this.#found.length;
  }

  /** In the order of the batch. */
  get all(): readonly RefusedRecord[] {
    return this.#found.toSorted((a, b) => a.index - b.index);
  }

  add(index: number, record: SpooledRecord, { code, message }: PostgresError): void {
    this.#inSuccession = this.#found.at(-1)?.code === code ? this.#inSuccession + 1 : 1;
    this.#found.push({ index, record, code, message: `PostgreSQL refuses the record: ${message} (${code})` });
  }

  /** Forgets what was found after this number. */
  cutTo(count: number): void {
    this.#found.length = count;
    this.#inSuccession = 0;
  }

  /** Notes that a new row was stored. */
  stored(): void {
    this.#inSuccession = 0;
  }

  /**
   * Whether so many were refused in succession that all may be: then a few others are tried before the rest. Asked after each
   * refusal.
   * @param untried rows of the batch
   */
  mayBeAll(untried: number): boolean {
    if (this.#total <= smallBatch || this.#inSuccession === 0 || this.#inSuccession % alikeFloor !== 0) return false;
    this.assertSingle();
    const alike = this.#alike(this.#found.at(-1)?.code).length;
    return untried >= alikeFloor && (alike + untried * likeTheSample) * 2 > this.#total;
  }

  /** Every other row that was tried was refused alike: it concerns all of them. */
  allAlike(tried: number): SinkMisconfigured {
    const all = this.#inSuccession + tried;
    return this.#misconfigured(`all ${all} tried records of a batch of ${this.#total}`, this.#found.at(-1));
  }

  /** @throws SinkMisconfigured if over half of the batch was refused alike */
  assertSingle(): void {
    for (const code of new Set(this.#found.map((refusal) => refusal.code))) {
      const alike = this.#alike(code);
      if (alike.length < alikeFloor || alike.length * 2 <= this.#total) continue;
      throw this.#misconfigured(`${alike.length} of ${this.#total} records of a batch`, alike[0]);
    }
  }

  #alike(code: string | undefined): readonly Refusal[] {
    return this.#found.filter((refusal) => refusal.code === code);
  }

  #misconfigured(which: string, example: Refusal | undefined): SinkMisconfigured {
    return new SinkMisconfigured(
      `postgres: ${which} were refused with the same error, which is not the fault of single records: ${example?.message ?? ''}`,
    );
  }
}

/** Rows of a sample: if all of them are refused, over half of the batch is, but for once in a million. */
export const sampleRows = alikeFloor;
