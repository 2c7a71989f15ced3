import { describe, expect, test } from 'vitest';
import { emptyFieldWarnings, joinTallies } from '../../../../src/domain/run/field-tally.ts';
import type { FieldPlan, FieldPlans } from '../../../../src/domain/plan/html-plan.ts';
import type { HtmlPlan } from '../../../../src/domain/plan/source-plan.ts';
import { httpPlan, readerOf } from '../plans.ts';

const field = (selector: string | null, more: Partial<FieldPlan> = {}): FieldPlan => ({
  selector,
  attr: null,
  html: false,
  type: 'string',
  required: false,
  list: false,
  json: null,
  transforms: [],
  fields: null,
  ...more,
});

/** What is warned of on a page of list items. */
async function warningsOf(items: readonly string[], fields: FieldPlans) {
  const { records: _, ...base } = httpPlan();
  const plan: HtmlPlan = { ...base, type: 'html', items: { selector: 'li', json: null }, fields, detail: null };
  const body = Buffer.from(`<!doctype html><ul>${items.map((item) => `<li>${item}</li>`).join('')}</ul>`);
  const response = { status: 200, headers: { 'content-type': 'text/html' }, url: 'https://shop.example/', body };
  const read = await readerOf(plan)
    .format('')
    .read(response, new Date(), { place: { page: 0, cursor: null } });
  return [...(read.warnings ?? []), ...emptyFieldWarnings(read.fields ?? {})];
}

const items = ['<a href="/1">One</a><b>1.50</b>', '<a href="/2">Two</a><i class="price">2</i>'];

describe('a field of an html source that no record of a page has', () => {
  test.each<[what: string, fields: FieldPlans, named: string]>([
    ['by its selector', { title: field('a'), price: field('.preis') }, 'price (.preis)'],
    ['by its attribute', { id: field('a', { attr: 'data-id' }) }, 'id (a @data-id)'],
    ['as a list', { tags: field('em', { list: true }) }, 'tags (em)'],
    ['also where it is required', { tag: field('em', { required: true }) }, 'tag (em)'],
    ['in what can be read', { price: field('a', { type: 'number' }) }, 'price (a)'],
    [
      'within another field',
      { offer: field('a', { fields: { price: field('.x'), text: field(null) } }) },
      'offer.price (.x)',
    ],
    ['with those within it', { offer: field('em', { fields: { price: field('.x') } }) }, 'offer (em)'],
    ['besides others', { one: field('.x'), two: field('.y') }, 'one (.x), two (.y)'],
  ])('gets a warning: %s', async (_, fields, named) => {
    const message = `${named} ${named.includes(', ') ? 'are' : 'is'} empty in 2 of 2 records`;
    expect(await warningsOf(items, fields)).toEqual([{ code: 'field_empty', message, count: 1 }]);
  });

  test('is fine where one record has it, and where the page has no records', async () => {
    expect(await warningsOf(items, { price: field('.price'), title: field('a') })).toEqual([]);
    expect(await warningsOf([], { price: field('.preis') })).toEqual([]);
  });
});

describe('the fields of a whole poll', () => {
  const page = (empty: number, of: number) => ({ salary: empty === of ? of : 0, title: 0 });

  test.each([
    ['of all its pages', [page(20, 20), page(10, 10)], 'salary is empty in 30 of 30 records'],
    ['not where a later page has one', [page(20, 20), page(9, 10)], null],
    ['not where an earlier page had one', [page(19, 20), page(10, 10)], null],
    ['not of a page without records', [page(20, 20), {}], 'salary is empty in 20 of 20 records'],
    ['not of one record', [page(1, 1)], null],
  ])('are counted %s', (_, pages, message) => {
    expect(emptyFieldWarnings(pages.reduce(joinTallies, {})).map((warning) => warning.message)).toEqual(
      message === null ? [] : [message],
    );
  });

  test('of many the first ten are named', () => {
    const tally = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`f${n}`, 3]));
    expect(emptyFieldWarnings(tally)).toMatchObject([
      { code: 'field_empty', message: expect.stringMatching(/^f0, .* f9 and 2 more are empty in 3 of 3 records$/) },
    ]);
  });
});
