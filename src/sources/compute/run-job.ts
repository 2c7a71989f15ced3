import { hiddenValue, hidesValues } from '../../domain/plan/shaping-plan.ts';
import { WrongShape } from '../../domain/errors.ts';
import { DaySet } from '../../domain/time/day-set.ts';
import type { IdResult } from '../../formats/record-id.ts';
import type { Rejection } from '../../domain/dead-letters/rejection.ts';
import type { HttpResponse } from '../http/http-client.ts';
import { readJsonRecords } from '../files/json-document.ts';
import { createDeadLetterReplay, type ReplayOutcome } from '../extraction/replay-dead-letter.ts';
import { createStoredId } from '../extraction/stored-id.ts';
import { createStoredCheck, skipped, type StoredVerdict } from '../extraction/stored-check.ts';
import { parseJson } from '../../formats/exact-json.ts';
import type { Proposal } from '../proposal/proposal.ts';
import { absentKeys } from '../pagination/absent-keys.ts';
import { followingPage } from '../pagination/following-page.ts';
import { factsOf } from '../pagination/next-page.ts';
import { missedPages } from '../pagination/propose-paginator.ts';
import type { ReadPage } from '../extraction/document-format.ts';
import { checkPage, type PageToCheck } from '../extraction/classify-page.ts';
import type { Selection } from '../extraction/checked-page.ts';
import { CompiledSource } from './compiled-source.ts';
import { mergeDetail, withLinks } from './detail-job.ts';
import type {
  CheckOptions,
  IdsJob,
  Job,
  JobKind,
  DeadLettersJob,
  DeadLettersResult,
  DeadLetterWire,
  ProposeJob,
  ReadJob,
  ReadResult,
  ResponseWire,
  ResultOf,
  StoredJob,
} from './job.ts';
import { packPage, type JobPage } from './packed-page.ts';
import type { SourceDefinition } from './source-definition.ts';
import type { Trace } from './trace.ts';
import { packItems, unpackItems } from './packed-items.ts';
import { itemFromWire, type WireItem } from './wire-item.ts';
import { wireItems } from './wire-items.ts';

/** Sources that stay compiled. */
const maxSources = 200;

/** Does jobs, one after the other. */
export class JobRunner {
  readonly #trace: Trace;
  readonly #packs: boolean;
  readonly #sources = new Map<string, CompiledSource>();

  /** @param packs whether checked pages are to be sent to another thread */
  constructor(trace: Trace, packs: boolean) {
    this.#trace = trace;
    this.#packs = packs;
  }

  /** Loads what the job needs, which is not caused by the source. */
  async prepare({ kind, source }: Job): Promise<void> {
    if (kind === 'read') await this.#open(source).format;
    if (kind === 'detail') await import('../html/open-page.ts');
    if (kind === 'propose') await import('../proposal/propose-source.ts');
  }

  /** @throws DaybookError if the source sent what it should not */
  async run(job: Job): Promise<ResultOf<JobKind>> {
    this.#trace.record(null);
    this.#trace.step('source');
    if (job.kind === 'propose') return this.#propose(job);
    if (job.kind === 'ids') return this.#ids(job);
    const source = this.#open(job.source);
    this.#trace.step('page');
    switch (job.kind) {
      case 'read':
        return this.#read(job, source);
      case 'file': {
        const { path, absolutePath, body } = job;
        const file = { path, absolutePath, body: asBuffer(body) };
        const read = readJsonRecords(source.plan, file, this.#trace);
        const items = wireItems(read.items, selectionOf(job), this.#trace);
        return { items: packItems(items.map(itemFromWire)), warnings: read.warnings };
      }
      case 'detail':
        return mergeDetail(job, source, responseOf(job.response), this.#trace);
      case 'sort':
        return this.#check(
          job,
          source,
          { items: unpackItems(job.items), fetchedAt: new Date(job.fetchedAtMs) },
          job.check,
        );
      case 'letters':
        return this.#letters(job, source);
      case 'stored':
        return this.#stored(job, source);
    }
  }

  async #propose({ from, isDetail }: ProposeJob): Promise<Proposal> {
    const { proposeFrom } = await import('../proposal/propose-source.ts');
    this.#trace.step('page');
    return proposeFrom('body' in from ? responseOf(from) : from, isDetail);
  }

  async #read(job: ReadJob, source: CompiledSource): Promise<ReadResult> {
    const { place, check, remembered } = job;
    const response = responseOf(job.response);
    const fetchedAt = new Date(job.fetchedAtMs);
    const selection = selectionOf(job);
    const format = await source.format;
    const read = await format.read(response, fetchedAt, { place, selection, ...(remembered ? { remembered } : {}) });
    this.#trace.record(null);
    this.#trace.step('paginator');
    const { paginator, type } = source.httpPlan;
    const facts = factsOf(read, response);
    // A feed has no paginator to propose.
    const missed = type === 'rss' ? [] : missedPages(paginator, facts);
    const following = () => followingPage(source.httpPlan, place, facts);
    const isOver = read.broken !== undefined || read.problem !== undefined;
    const { next, problem = read.problem } = isOver ? { next: null } : unquoted(source, following);
    const warnings = [...(read.warnings ?? []), ...absentKeys(paginator, place, facts), ...missed];
    return {
      next,
      ...(problem ? { problem } : {}),
      patch: read.patch ?? {},
      ...(warnings.length > 0 ? { warnings } : {}),
      ...(check
        ? {
            items: [],
            checked: this.#check(
              job,
              source,
              {
                items: read.items,
                fetchedAt,
              },
              check,
            ),
          }
        : {
            items: await this.#items(read, selection, source, response.url),
            checked: null,
          }),
      ...(read.fields ? { fields: read.fields } : {}),
      ...(read.broken === undefined ? {} : { broken: read.broken }),
      ...(read.itemMemory === undefined ? {} : { itemMemory: read.itemMemory }),
    };
  }

  /** The items of a page as text, with the addresses of their own pages. */
  async #items(read: ReadPage, selection: Selection, source: CompiledSource, url: string): Promise<WireItem[]> {
    const items = wireItems(read.items, selection, this.#trace);
    const detail = await source.detail();
    return detail && read.html ? withLinks(items, read.html, url, detail.link, this.#trace) : items;
  }

  #check(
    job: Job,
    source: CompiledSource,
    { items, fetchedAt }: Pick<PageToCheck, 'items' | 'fetchedAt'>,
    { number, parent, ...options }: CheckOptions,
  ): JobPage {
    const days = new DaySet(options.days);
    const { warnings, cursorWarning } = source;
    const checks = {
      ...options,
      extract: source.extractor(days),
      cursorTime: source.cursorTime(),
      warnings,
      cursorWarning,
      ...(parent === undefined ? {} : { parent: parseJson(parent) }),
      shaping: source.shaping,
      quotes: !hidesValues(source.plan),
    };
    const checked = checkPage({ items, fetchedAt, number }, checks, selectionOf(job), this.#trace);
    return this.#packs ? packPage(checked, days.ranges()) : { ...checked, days: days.ranges() };
  }

  #letters(job: DeadLettersJob, source: CompiledSource): DeadLettersResult {
    const days = new DaySet(job.days);
    const replay = createDeadLetterReplay(source.plan, source.extractor(days), source.shaping?.shaper);
    const now = new Date(job.nowMs);
    const outcomes = this.#each<DeadLetterWire, ReplayOutcome>(
      job,
      job.letters,
      (rejection) => ({ kind: 'refused', rejection }),
      ({ text, ...letter }) => replay({ ...letter, record: parseJson(text).value }, now),
    );
    return { outcomes, days: days.ranges() };
  }

  #stored(job: StoredJob, source: CompiledSource): StoredVerdict[] {
    const check = createStoredCheck(source.plan, source.check, this.#trace);
    return this.#each<StoredJob['rows'][number], StoredVerdict>(
      job,
      job.rows,
      ({ message }) => ({ time: skipped, schema: message }),
      ({ payload, stored }) => check(payload, stored),
    );
  }

  #ids(job: IdsJob): IdResult[] {
    const find = createStoredId(job.id, this.#trace);
    return this.#each<string, IdResult>(job, job.payloads, (rejection) => ({ ok: false, rejection }), find);
  }

  /** The outcome of each record, or of a single one if the job checks only one. */
  #each<T, R>(job: Job, records: readonly T[], refuse: (why: Rejection) => R, work: (record: T) => R): R[] {
    const { only, refused } = selectionOf(job);
    const results: R[] = [];
    for (const [position, record] of records.entries()) {
      if (only !== null && only !== position) continue;
      this.#trace.record(position);
      this.#trace.step('record');
      const rejection = refused.get(position);
      results.push(rejection ? refuse(rejection) : work(record));
    }
    this.#trace.record(null);
    return results;
  }

  #open(definition: SourceDefinition): CompiledSource {
    const source = this.#sources.get(definition.key) ?? new CompiledSource(definition, this.#trace);
    this.#sources.delete(definition.key);
    this.#sources.set(definition.key, source);
    const [oldest] = this.#sources.keys();
    if (this.#sources.size > maxSources && oldest !== undefined) this.#sources.delete(oldest);
    return source;
  }
}

/** @throws WrongShape, without what the page has where the source may have a mask */
function unquoted<T>({ name, plan }: CompiledSource, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof WrongShape) || !hidesValues(plan)) throw error;
    throw new WrongShape(`paginator: ${name}: the link or cursor to the next page is unusable; ${hiddenValue}`);
  }
}

function selectionOf({ only, refused, unwritable, refusedTexts }: Job): Selection {
  const sets = { unwritable: new Set(unwritable), refusedTexts: new Map(refusedTexts) };
  return { only: only ?? null, refused: new Map(refused), ...sets };
}

function responseOf({ body, ...response }: ResponseWire): HttpResponse {
  return { ...response, body: asBuffer(body) };
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
