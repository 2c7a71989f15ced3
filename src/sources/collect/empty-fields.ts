import { emptyFieldWarnings, joinTallies, type FieldTally } from '../../domain/run/field-tally.ts';
import type { FetchPosition } from '../../domain/state/fetch-position.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { Warning } from '../../domain/run/warning.ts';
import type { KnownItem, Page, PageItem } from '../extraction/page.ts';
import type { CheckedPage } from '../extraction/checked-page.ts';

/** Notes which fields and paths the records of a poll have, to warn of those that none of them has. */
export class EmptyFields {
  readonly #plan: SourcePlan;
  #tally: FieldTally;
  #warnings: readonly Warning[] = [];

  /** @param carried what earlier fetches of the poll have noted */
  constructor(plan: SourcePlan, carried: FetchPosition['fields'] = {}) {
    this.#plan = plan;
    this.#tally = carried;
  }

  /** Absent if the source has no fields. */
  get carried(): Pick<FetchPosition, 'fields'> {
    return Object.keys(this.#tally).length === 0 ? {} : { fields: this.#tally };
  }

  /** @param number of the page in the run, from 1 */
  take(page: Page, checked: Pick<CheckedPage, 'valid' | 'fetched' | 'shaped'>, number: number): void {
    this.#add(page.fields ?? {});
    this.#add(timesIn(this.#plan, checked));
    this.#add(checked.shaped?.masks ?? {});
    if (
      number === 1 &&
      page.counts !== false &&
      page.end === undefined &&
      checked.fetched === 0 &&
      (checked.shaped?.received ?? 0) === 0
    ) {
      this.#noteNoItems();
    }
  }

  /** Items that were completed by pages of their own. */
  takeItems(items: readonly (PageItem | KnownItem)[]): void {
    for (const item of items) if ('fields' in item && item.fields) this.#add(item.fields);
  }

  /** Of the first page, if it has none; and of all, once the poll is over. */
  warnings(isOver: boolean): readonly Warning[] {
    return isOver ? [...this.#warnings, ...emptyFieldWarnings(this.#tally)] : this.#warnings;
  }

  #add(more: FieldTally): void {
    this.#tally = joinTallies(this.#tally, more);
  }

  #noteNoItems(): void {
    const plan = this.#plan;
    const items = plan.type === 'html' || plan.type === 'http' ? plan.items : null;
    if (items === null || plan.allowEmpty) return;
    const { selector, json } = items;
    const where = json === null ? '' : `, or items.json "${json}" finds nothing in them`;
    const message = `items.selector "${selector}" matches nothing on the first page${where}`;
    this.#warnings = [{ code: 'field_empty', message, count: 1 }];
  }
}

/** Whether records have a time at `occurred_at`, where the time of the fetch would replace it. A feed may have none. */
function timesIn({ type, occurredAt }: SourcePlan, { valid }: Pick<CheckedPage, 'valid'>): FieldTally {
  const { path, onMissing } = occurredAt;
  if (type === 'rss' || path === null || onMissing !== 'fetched_at' || valid.length === 0) return {};
  return { [`occurred_at (${path})`]: valid.some(({ record }) => record.timeFromRecord) ? 0 : valid.length };
}
