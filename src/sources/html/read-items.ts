import { setImmediate } from 'node:timers/promises';
import { WrongShape } from '../../domain/errors.ts';
import { rawText, type RawRecord } from '../extraction/extract-record.ts';
import type { PageItem } from '../page.ts';
import type { Field } from './field.ts';
import type { ItemFinder } from './find-items.ts';
import type { HtmlPage } from './html-page.ts';
import { readFields, type FieldsRead, type Scope } from './read-fields.ts';
import { TookTooLong, type Watchdog } from '../watchdog.ts';

/** Items that are read between two breaths of the event loop. */
const itemsAtOnce = 100;
/** A slow item must not hold up heartbeats. */
const patienceMs = 1_000;
/** Finding may mean to parse the JSON of a large page. */
const findingPatienceMs = 8_000;
/** Items of a fetch that may be too slow to be read. */
const maxSlow = 3;

/** Counts items that took too long, on all pages of a fetch. */
export class SlowItems {
  #count = 0;

  note(): void {
    this.#count++;
  }

  get tooMany(): boolean {
    return this.#count > maxSlow;
  }
}

export interface ItemReading {
  readonly subject: string;
  readonly find: ItemFinder;
  /** None = an item is the object of JSON that was found. */
  readonly fields: readonly Field[];
  readonly within: Watchdog;
  readonly slow: SlowItems;
  readonly signal: AbortSignal;
}

/**
 * Reads the items of a page.
 * @throws WrongShape where that takes too long
 */
export async function readItems(reading: ItemReading, page: HtmlPage): Promise<PageItem[]> {
  const { subject, within, slow, signal } = reading;
  const scopes = findWithin(reading, page);
  const items: PageItem[] = [];
  for (let start = 0; start < scopes.length; start += itemsAtOnce) {
    const slice = scopes.slice(start, start + itemsAtOnce);
    const read = patiently(within, () => slice.map((scope, index) => readItem(reading, scope, page, start + index)));
    if (read) items.push(...read);
    else {
      for (const [index, scope] of slice.entries()) {
        const item = patiently(within, () => readItem(reading, scope, page, start + index));
        if (!item) slow.note();
        if (slow.tooMany) throw tooSlow(subject, 'fields', 'a regex of their transforms');
        items.push(item ?? slowItem(scope, page, start + index));
        if (!item) await setImmediate();
      }
    }
    await setImmediate();
    signal.throwIfAborted();
  }
  return items;
}

/** What was read of an item, as a page's item: a rejection where a required field has no value. */
export function itemOf({ record, missing }: FieldsRead, index: number): PageItem {
  const raw: RawRecord = { value: record, exact: true, mayBeDeep: true };
  if (missing.length === 0) return { index, raw };
  const labels = [...new Set(missing)].slice(0, 10).join(', ');
  const message = `found no value for ${labels}, expected one: required`;
  return { index, rejection: { reason: 'wrong_shape', message }, recordText: rawText(raw) };
}

/** What `work` makes; null where it took too long. */
export function patiently<T>(within: Watchdog, work: () => T): T | null {
  try {
    return within(patienceMs, work);
  } catch (error) {
    if (error instanceof TookTooLong) return null;
    throw error;
  }
}

function findWithin({ subject, find, within }: ItemReading, page: HtmlPage): readonly Scope[] {
  try {
    return within(findingPatienceMs, () => find(page));
  } catch (error) {
    if (error instanceof TookTooLong) throw tooSlow(subject, 'items', 'their selector');
    throw error;
  }
}

function readItem({ fields }: ItemReading, scope: Scope, page: HtmlPage, index: number): PageItem {
  if (fields.length > 0 || !('value' in scope)) return itemOf(readFields(fields, scope, page), index);
  return { index, raw: { value: scope.value, exact: true, mayBeDeep: true } };
}

function slowItem(scope: Scope, page: HtmlPage, index: number): PageItem {
  const text =
    'value' in scope
      ? rawText({ value: scope.value, exact: true, mayBeDeep: true })
      : JSON.stringify(page.$.html(scope.element));
  const message = `the fields take more than ${patienceMs / 1_000} s to read, expected milliseconds: simplify a regex of their transforms`;
  return { index, rejection: { reason: 'wrong_shape', message }, recordText: text };
}

export function tooSlow(subject: string, what: string, why: string): WrongShape {
  return new WrongShape(
    `fetch: ${subject} sent a page whose ${what} take seconds to read, expected milliseconds: simplify ${why}`,
  );
}
