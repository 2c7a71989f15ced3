import { describe, expect, test } from 'vitest';
import { planOf } from '../../../../src/config/plan/plan.ts';
import type { DateOrder } from '../../../../src/domain/plan/plan-parts.ts';
import { htmlAccept } from '../../../../src/sources/http/accept-headers.ts';
import { daybookYaml, parse } from '../../config/daybook-yaml.ts';
import { readerOf } from '../plans.ts';

interface Written {
  readonly field?: string;
  readonly time?: string;
  readonly remembered?: DateOrder | null;
}

/** Reads a page of dates as a poll does. */
async function read(dates: readonly string[], { field = '', time = '', remembered = null }: Written = {}) {
  const config = parse(
    daybookYaml([
      `  - { name: shop, type: html, url: "https://x.test/", items: { selector: li }, id: id, occurred_at: { on_missing: fetched_at${time} }, fields: { id: { attr: id }, d: { type: date${field} } } }`,
    ]),
  );
  const [source] = config.sources;
  if (!source) throw new TypeError('no source');
  const reader = readerOf(planOf(config, source));
  reader.checksDocuments = { number: 1, days: [], makesDigests: false, hashPages: false, since: null };
  const format = reader.format(htmlAccept, async () => ({ items: null, unknown: 'free', dateOrder: remembered }));
  const body = Buffer.from(`<ul>${dates.map((date, number) => `<li id="${number}">${date}</li>`).join('')}</ul>`);
  const response = { status: 200, headers: {}, url: 'https://x.test/', body };
  const page = await format.read(response, new Date('2026-11-23T10:00:00Z'), { place: { page: 0, cursor: null } });
  return {
    dates: page.checked?.valid.map(({ record }) => (JSON.parse(record.payload) as { d?: string }).d?.slice(0, 10)),
    warnings: (page.warnings ?? []).map(({ code, count }) => [code, count]),
    learnt: page.patch?.dateOrder,
  };
}

describe('fields of type date', () => {
  test('are read as one of the page shows, and the source learns that', async () => {
    expect(await read(['05/12/2024', '05/13/2024'])).toEqual({
      dates: ['2024-05-12', '2024-05-13'],
      warnings: [],
      learnt: 'mdy',
    });
    expect((await read(['05/12/2024', '13/05/2024'])).dates).toEqual(['2024-12-05', '2024-05-13']);
  });

  test('are read as earlier pages have shown', async () => {
    expect(await read(['05/12/2024'], { remembered: 'mdy' })).toMatchObject({ dates: ['2024-05-12'], warnings: [] });
    expect((await read(['05/12/2024', '13/05/2024'], { remembered: 'mdy' })).dates?.[0]).toBe('2024-12-05');
  });

  test('are read as the configuration says', async () => {
    expect((await read(['05/12/2024'], { time: ', date_order: mdy' })).dates).toEqual(['2024-05-12']);
    const both = { time: ', date_order: mdy', field: ', date_order: dmy' };
    expect(await read(['05/12/2024', '05/13/2024'], both)).toMatchObject({
      dates: ['2024-12-05', '2024-05-13'],
      warnings: [],
    });
  });

  test('are read as before, with a warning, where nothing shows it', async () => {
    expect(await read(['05/12/2024', '06/12/2024'])).toEqual({
      dates: ['2024-12-05', '2024-12-06'],
      warnings: [['ambiguous_date', 2]],
      learnt: undefined,
    });
  });
});
