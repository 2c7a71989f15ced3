import type { DayRanges } from '../../domain/time/day-set.ts';
import type { DateOrder } from '../../domain/plan/plan-parts.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { Micros } from '../../domain/time/timestamp.ts';
import type { DocumentFormat, Remembered } from '../extraction/document-format.ts';
import type { ReplayableDeadLetter } from '../extraction/replay-dead-letter.ts';
import type { StoredVerdict } from '../extraction/stored-check.ts';
import type { JsonFile, ReadJsonFile } from '../files/json-document.ts';
import type { HttpResponse } from '../http/http-client.ts';
import type { KnownItem, PageItem } from '../extraction/page.ts';
import { writeDeepJson } from '../../formats/exact-json.ts';
import type { NextPage } from '../../domain/state/fetch-position.ts';
import type { CheckedPage, CheckedWithDays } from '../extraction/checked-page.ts';
import type { Compute } from './compute.ts';
import type {
  CheckOptions,
  DetailJob,
  Job,
  JobKind,
  DeadLettersResult,
  ReadJob,
  ReadResult,
  ResponseWire,
  ResultOf,
} from './job.ts';
import { packItems, unpackItems } from './packed-items.ts';
import { unpackPage } from './packed-page.ts';
import { defineSource, limitsOf, type SourceDefinition } from './source-definition.ts';
import { itemFromWire } from './wire-item.ts';

/** A page whose records are to be checked. */
export interface UncheckedPage {
  readonly items: readonly (PageItem | KnownItem)[];
  readonly fetchedAt: Date;
}

/** Reads what one source sends. Its expressions, patterns and schema are computed in another thread, within limits. */
export class SourceReader {
  readonly plan: SourcePlan;
  readonly #source: SourceDefinition;
  readonly #compute: Compute;
  readonly #signal: AbortSignal | null;
  /** How the records of documents are checked as soon as these are read; null = they are handed out unchecked. */
  checksDocuments: CheckOptions | null = null;

  /** @param schema text of the source's JSON Schema; null = it has none */
  constructor(plan: SourcePlan, schema: string | null, compute: Compute, signal: AbortSignal | null = null) {
    this.plan = plan;
    this.#source = defineSource(plan, schema);
    this.#compute = compute;
    this.#signal = signal;
  }

  /**
   * A kind of document that is read elsewhere.
   * @param recall what the source remembers of earlier ones
   */
  format(accept: string, recall: (() => Promise<Remembered>) | null = null): DocumentFormat {
    return {
      accept,
      read: async (response, fetchedAt, { place }) => {
        const remembered = recall ? { remembered: await recall() } : {};
        const asked = { check: this.checksDocuments, ...remembered };
        const { items, checked, ...rest } = await this.#read(response, fetchedAt, place, asked);
        return { ...rest, items: items.map(itemFromWire), ...(checked ? { checked: unpackPage(checked) } : {}) };
      },
    };
  }

  /** Reads a document: its items are handed out unchecked, and may name pages of their own. */
  async readDocument(
    response: HttpResponse,
    fetchedAt: Date,
    place: NextPage,
    remembered: Remembered,
  ): Promise<Omit<ReadResult, 'checked'>> {
    const { checked: _none, ...read } = await this.#read(response, fetchedAt, place, { check: null, remembered });
    return read;
  }

  /** The records of a JSON file. */
  async readFile({ path, absolutePath, body }: JsonFile): Promise<ReadJsonFile> {
    const { items, warnings } = await this.#run({ kind: 'file', path, absolutePath, body });
    // None of them is known: those come of checks only.
    return { items: unpackItems(items) as PageItem[], warnings };
  }

  /** A record with the fields that a page of its own adds. */
  async mergeDetail(
    { index, text }: Pick<DetailJob, 'index' | 'text'>,
    response: HttpResponse,
    dateOrder: DateOrder | null,
  ): Promise<PageItem> {
    const job = { index, text, response: wireOf(response), dateOrder };
    const { item, fields, warnings } = await this.#run({ kind: 'detail', ...job });
    return { ...itemFromWire(item), fields, ...(warnings.length === 0 ? {} : { warnings }) };
  }

  /** Checks the records of a page, without comparing them with the previous poll. */
  async check({ items, fetchedAt }: UncheckedPage, check: CheckOptions): Promise<CheckedWithDays> {
    if (items.length === 0) return { ...noRecords, days: check.days };
    const job = { items: packItems(items), fetchedAtMs: fetchedAt.getTime(), check };
    return unpackPage(await this.#run({ kind: 'sort', ...job }));
  }

  /** The outcome of dead letters with the present configuration. */
  async replay(letters: readonly ReplayableDeadLetter[], days: DayRanges, now: Date): Promise<DeadLettersResult> {
    const wired = letters.map(({ record, ...letter }) => ({ ...letter, text: writeDeepJson(record) }));
    return this.#run({ kind: 'letters', letters: wired, days, nowMs: now.getTime() });
  }

  /** The result of the source's rules for stored records. */
  async checkStored(
    rows: readonly { readonly payload: string; readonly stored: Micros }[],
  ): Promise<readonly StoredVerdict[]> {
    return this.#run({ kind: 'stored', rows });
  }

  async #read(
    response: HttpResponse,
    fetchedAt: Date,
    { page, cursor, total, values, since, range }: NextPage,
    asked: Pick<ReadJob, 'check' | 'remembered'>,
  ): Promise<ReadResult> {
    const place = { page, cursor, ...(total === undefined ? {} : { total }), ...(values ? { values } : {}) };
    const isApi = this.plan.type === 'http_json' || this.plan.type === 'http';
    const ofPart = isApi && since !== undefined ? { since, ...(range ? { range } : {}) } : {};
    const when = { fetchedAtMs: fetchedAt.getTime(), place: { ...place, ...ofPart } };
    return this.#run({ kind: 'read', response: wireOf(response), ...when, ...asked });
  }

  #run<K extends JobKind>(job: Omit<Extract<Job, { kind: K }>, 'source'> & { readonly kind: K }): Promise<ResultOf<K>> {
    const whole = { ...job, source: this.#source } as unknown as Extract<Job, { kind: K }>;
    return this.#compute.run(whole, limitsOf(this.plan), this.#signal);
  }
}

const noRecords: CheckedPage = {
  fetched: 0,
  valid: [],
  deadLetters: [],
  digests: [],
  furthest: null,
  hash: null,
  warnings: [],
};

function wireOf({ status, headers, url, body }: HttpResponse): ResponseWire {
  return { status, headers, url, body };
}
