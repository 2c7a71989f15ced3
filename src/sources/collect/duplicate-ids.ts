import { canonicalJson } from '../../formats/canonical-json.ts';
import type { NewDeadLetter } from '../../domain/dead-letters/dead-letter.ts';
import { truncate } from '../../domain/secrets/redact.ts';
import type { DuplicateCounts, DuplicateShare } from '../../domain/state/fetch-position.ts';
import { hidesValues } from '../../domain/plan/shaping-plan.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { Warning } from '../../domain/run/warning.ts';
import { uniqueKeys } from '../proposal/unique-keys.ts';
import type { CheckedPage, ValidRecord } from '../extraction/checked-page.ts';

/** Records that are kept as dead letters in a run: enough to see what is wrong. */
const maxKept = 100;
/** Ids that a message names. */
const maxExamples = 2;
/** Records of a page whose JSON is compared member by member; of further ones the text alone counts. */
const maxParsed = 2_000;

/** What different records of a page with the same id lead to. */
export interface FoundDuplicates {
  readonly warnings: readonly Warning[];
  readonly deadLetters: readonly NewDeadLetter[];
}

/** Also of what is not compared. */
export const noDuplicates: FoundDuplicates = { warnings: [], deadLetters: [] };

/**
 * Finds different records of one page that have the same id: only one of them can be stored. The same record twice is fine,
 * and so is an edited record on a later page. A file may hold all versions of a record, so that files are left out.
 */
export class DuplicateIds {
  readonly #plan: SourcePlan;
  #counts: DuplicateCounts | null;
  #page = new PageIds();

  /** @param counts of the run so far */
  constructor(plan: SourcePlan, counts: DuplicateCounts | null = null) {
    this.#plan = plan;
    this.#counts = counts;
  }

  /** Absent if there is none, which is the rule. */
  get carried(): { readonly duplicates?: DuplicateCounts } {
    return this.#counts === null ? {} : { duplicates: this.#counts };
  }

  /**
   * Looks at a page, or at a further part of the page before.
   * @param isNew whether a record is neither known from the previous poll nor too old
   */
  take(
    { valid }: Pick<CheckedPage, 'valid'>,
    isNew: (record: ValidRecord) => boolean,
    { number, fetchedAt, isPart }: { readonly number: number; readonly fetchedAt: Date; readonly isPart: boolean },
  ): FoundDuplicates {
    if (this.#plan.type === 'file') return noDuplicates;
    if (!isPart) this.#page = new PageIds();
    const duplicates = this.#page.add(valid, isNew);
    if (duplicates.length === 0) return noDuplicates;
    const keptBefore = this.#counts?.kept ?? 0;
    const kept = duplicates.filter(isNew).slice(0, maxKept - keptBefore);
    this.#counts = { kept: keptBefore + kept.length, worst: worse(this.#counts?.worst, this.#page) };
    return {
      warnings: [{ code: 'duplicate_id', message: this.#message(valid), count: duplicates.length }],
      deadLetters: kept.map(({ index, record: { sourceId, payload } }) => ({
        reason: 'duplicate_id',
        at: fetchedAt.toISOString(),
        page: number,
        index,
        ...(hidesValues(this.#plan) ? {} : { sourceId }),
        message: `another record of the page has the same id${hidesValues(this.#plan) ? '' : ` ${shown(sourceId)}`}, and only one of them can be stored; choose a unique id`,
        recordText: payload,
        ...(this.#plan.shaping ? { shaped: true } : {}),
      })),
    };
  }

  #message(valid: readonly ValidRecord[]): string {
    const { id } = this.#plan;
    const { records, ids, examples } = this.#page;
    const hides = hidesValues(this.#plan);
    const named = examples
      .slice(0, maxExamples)
      .map(([sourceId, times]) => `${hides ? 'one' : shown(sourceId)} ${times} times`);
    const key = id.length === 1 ? id.join() : `[${id.join(', ')}]`;
    const candidates = uniqueKeys(
      valid.map(({ record }) => record.payload),
      id,
    );
    const advice =
      candidates.length === 0 ? 'no single field is unique: use several' : `candidates: ${candidates.join(', ')}`;
    return `${records} records, ${ids} ids: \`id: ${key}\` is not unique (${named.join(', ')}); ${advice}`;
  }
}

function worse(known: DuplicateShare | undefined, { duplicates, records }: DuplicateShare): DuplicateShare {
  return known && known.duplicates / known.records >= duplicates / records ? known : { duplicates, records };
}

function shown(sourceId: string): string {
  return JSON.stringify(truncate(sourceId, 60));
}

/** The ids of one page. */
class PageIds {
  /** The first record of each id, as JSON text. */
  readonly #first = new Map<string, string>();
  /** What tells the records apart that have an id in common. */
  readonly #shared = new Map<string, Set<string>>();
  #parsed = 0;
  #repeats = 0;
  #seen = 0;

  /** Different records. */
  get records(): number {
    return this.#seen - this.#repeats;
  }

  get ids(): number {
    return this.#first.size;
  }

  /** Records beyond the first of each id. */
  get duplicates(): number {
    return this.records - this.ids;
  }

  /** Ids that several records have, with how many. */
  get examples(): [sourceId: string, times: number][] {
    return [...this.#shared].flatMap(([id, forms]) => (forms.size > 1 ? [[id, forms.size]] : []));
  }

  /** Takes further records, and returns those whose id belongs to another one. */
  add(valid: readonly ValidRecord[], isNew: (record: ValidRecord) => boolean): ValidRecord[] {
    const groups = new Map<string, { readonly records: ValidRecord[]; readonly isHeld: boolean }>();
    const firsts = new Map<string, ValidRecord>();
    for (const each of valid) {
      const { sourceId, payload } = each.record;
      this.#seen++;
      const first = this.#first.get(sourceId);
      if (first === undefined) {
        this.#first.set(sourceId, payload);
        firsts.set(sourceId, each);
        continue;
      }
      if (first === payload || !this.#isNewForm(sourceId, first, payload)) {
        this.#repeats++;
        continue;
      }
      const holder = firsts.get(sourceId);
      const group = groups.get(sourceId) ?? { records: holder ? [holder] : [], isHeld: holder === undefined };
      group.records.push(each);
      groups.set(sourceId, group);
    }
    return [...groups.values()].flatMap(({ records, isHeld }) => {
      if (isHeld) return records;
      // One that the previous poll had is stored already; else the first one will be.
      const holder = records.find((record) => !isNew(record)) ?? records[0];
      return records.filter((record) => record !== holder);
    });
  }

  #isNewForm(sourceId: string, first: string, payload: string): boolean {
    const forms = this.#shared.get(sourceId) ?? new Set([this.#form(first)]);
    this.#shared.set(sourceId, forms);
    const before = forms.size;
    return forms.add(this.#form(payload)).size > before;
  }

  /** Keys in another order make no other record. */
  #form(payload: string): string {
    return this.#parsed++ < maxParsed ? canonicalJson(payload) : payload;
  }
}
