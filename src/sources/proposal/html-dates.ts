import type { Cheerio, CheerioAPI } from 'cheerio';
import { knownFeedTime } from '../feeds/feed-time.ts';

type Elements = ReturnType<CheerioAPI>;
type Element = Elements extends Cheerio<infer T> ? T : never;

/** A field of type `date`, as the configuration writes it. */
export interface DateField {
  readonly field: Readonly<Record<string, unknown>>;
  /** Share of the items that have it. */
  readonly share: number;
}

/** Where the markup of pages has the publication time, the most reliable first. */
const marked: readonly (readonly [selector: string, attr: string])[] = [
  ['time[datetime]', 'datetime'],
  ['meta[property="article:published_time"]', 'content'],
  ['[itemprop=datePublished][datetime]', 'datetime'],
  ['[itemprop=datePublished][content]', 'content'],
  ['[data-date]', 'data-date'],
  ['[data-time]', 'data-time'],
  ['[data-timestamp]', 'data-timestamp'],
  ['[class*=date][title]', 'title'],
  ['[class*=time][title]', 'title'],
  ['[class*=age][title]', 'title'],
];

/** Dates within a longer text; each stands for one way to write them. */
const patterns: readonly string[] = [
  '\\d{4}-\\d{2}-\\d{2}(?:[T ]\\d{2}:\\d{2}(?::\\d{2})?)?',
  '\\d{1,2}\\.\\d{1,2}\\.\\d{4}',
  '\\d{1,2}/\\d{1,2}/\\d{4}',
  '\\d{1,2}\\.? \\p{L}{3,12}\\.? \\d{4}',
  '\\p{L}{3,12}\\.? \\d{1,2}, \\d{4}',
];

const smallestShare = 0.5;

/** The date that most items show: in their markup, as the text of an element, or within their text. */
export function findDate($: CheerioAPI, items: Elements): DateField | null {
  const candidates = [...markedFields(), ...elementFields($, items.first()), ...textFields()];
  const found = candidates.map(({ field, read }) => ({ field, share: shareOf($, items, read) }));
  // The first of those that the most items have.
  const best = found.reduce<DateField | null>((most, one) => (one.share > (most?.share ?? 0) ? one : most), null);
  return best !== null && best.share >= smallestShare ? best : null;
}

interface Candidate {
  readonly field: Readonly<Record<string, unknown>>;
  readonly read: (item: Elements) => string | undefined;
}

function markedFields(): Candidate[] {
  return marked.map(([selector, attr]) => ({
    field: { selector, attr, type: 'date' },
    read: (item) => item.find(selector).first().attr(attr),
  }));
}

/** Elements of the first item whose text is a date. */
function elementFields($: CheerioAPI, item: Elements): Candidate[] {
  const selectors = new Set<string>();
  item.find('*').each((_, element) => {
    const own = $(element);
    if (own.children().length > 0 || !isDate(own.text())) return;
    selectors.add(selectorOf(element, own));
  });
  return [...selectors].map((selector) => ({
    field: { selector, type: 'date' },
    read: (one) => one.find(selector).first().text(),
  }));
}

function textFields(): Candidate[] {
  return patterns.map((regex) => ({
    field: { type: 'date', transforms: [{ regex }] },
    read: (item) => new RegExp(regex, 'u').exec(item.text())?.[0],
  }));
}

function shareOf($: CheerioAPI, items: Elements, read: Candidate['read']): number {
  const dated = items.filter((_, item) => isDate(read($(item)) ?? ''));
  return items.length === 0 ? 0 : dated.length / items.length;
}

/** A year, a price or a number of comments is not a date, although it may be read as one. */
function isDate(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed.length < 6 || trimmed.length > 60 || !/\d/.test(trimmed)) return false;
  if (/^\d+$/.test(trimmed) && !/^1\d{9}(?:\d{3})?$/.test(trimmed)) return false;
  return knownFeedTime(trimmed, null) !== null;
}

function selectorOf(element: Element, own: Elements): string {
  const name = 'name' in element ? element.name : '*';
  const named = (own.attr('class') ?? '').split(/\s+/).find((one) => /^[a-z][a-z_-]{2,40}$/i.test(one));
  if (named !== undefined) return `${name}.${named}`;
  return name === 'td' ? `td:nth-child(${own.index() + 1})` : name;
}
