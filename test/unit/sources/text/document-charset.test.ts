import { describe, expect, test } from 'vitest';
import type { HtmlPlan, RssPlan, SourcePlan } from '../../../../src/domain/plan/source-plan.ts';
import { httpPlan, readerOf } from '../plans.ts';

const { records: _records, ...shared } = httpPlan({
  occurredAt: { path: null, format: 'iso8601', timezone: 'UTC', onMissing: 'fetched_at' },
});
const rss: RssPlan = { ...shared, type: 'rss' };
const field = { selector: null, attr: null, html: false, type: 'string', required: false, list: false } as const;
const html: HtmlPlan = {
  ...shared,
  type: 'html',
  items: {
    selector: 'li',
    json: null,
  },
  detail: null,
  fields: {
    id: {
      ...field,
      attr: 'id',
      json: null,
      transforms: [],
      fields: null,
    },
    title: {
      ...field,
      json: null,
      transforms: [],
      fields: null,
    },
    link: {
      ...field,
      selector: 'a',
      attr: 'href',
      type: 'url',
      json: null,
      transforms: [],
      fields: null,
    },
  },
};
const api: SourcePlan = { ...shared, type: 'http_json', records: '@' };

async function read(plan: SourcePlan, body: Buffer, contentType = 'text/plain') {
  const reader = readerOf(plan);
  reader.checksDocuments = { number: 1, days: [], makesDigests: false, hashPages: false, since: null };
  const response = { status: 200, headers: { 'content-type': contentType }, url: 'http://origin/', body };
  const page = await reader.format('*/*').read(response, new Date(), { place: { page: 1, cursor: null } });
  return {
    warnings: (page.warnings ?? []).map(({ code, count }) => `${code} ${count}`),
    records: page.checked?.valid.map(({ record }) => ({
      id: record.sourceId,
      repaired: record.repaired,
      title: (
        JSON.parse(record.payload) as {
          title?: string;
        }
      ).title,
    })),
    rejected: page.checked?.deadLetters.map(({ reason }) => reason),
  };
}

const documents = (title: string, id: string): [string, SourcePlan, string][] => [
  ['a feed', rss, `<rss><channel><item><guid>${id}</guid><title>${title}</title></item></channel></rss>`],
  ['a page', html, `<p>Grüße aus Köln<li id="${id}">${title}<a href="/x"></a></li>`],
  ['an API', api, `[{"id":"${id}","title":"${title}"}]`],
];

describe('the charset of a document', () => {
  test.each(documents('Müller', '1'))('is what encoding says, in %s', async (_, plan, text) => {
    const { records } = await read({ ...plan, encoding: 'windows-1252' }, Buffer.from(text, 'latin1'));
    expect(records).toEqual([{ id: '1', repaired: false, title: 'Müller' }]);
  });

  test.each(documents('Grüße aus K\u00f6ln, \ufffd', '1'))('a U+FFFD is text, in %s', async (_, plan, text) => {
    expect(await read(plan, Buffer.from(text))).toMatchObject({
      warnings: [],
      records: [
        {
          repaired: false,
          title: 'Grüße aus Köln, \ufffd',
        },
      ],
    });
  });

  test.each(documents('Grüße aus K\u00f6ln, §', '1'))('one bad byte is repaired, in %s', async (_, plan, text) => {
    const [before = '', after = ''] = text.split('§');
    const body = Buffer.concat([Buffer.from(before), Buffer.from([0xfc]), Buffer.from(after)]);
    expect(await read(plan, body)).toMatchObject({
      warnings: ['bad_bytes 1'],
      records: [
        {
          repaired: true,
          title: 'Grüße aus Köln, \ufffd',
        },
      ],
    });
  });

  test.each(documents('Grüße aus K\u00f6ln', 'a§'))('a bad byte in an id is refused, in %s', async (_, plan, text) => {
    const [before = '', after = ''] = text.split('§');
    const body = Buffer.concat([Buffer.from(before), Buffer.from([0xfc]), Buffer.from(after)]);
    expect(await read(plan, body)).toMatchObject({ rejected: ['invalid_id'], records: [] });
  });

  test('a bad byte in a link that is an id is refused as well', async () => {
    const bad = (text: string) => Buffer.concat([Buffer.from(`Grüße${text}`), Buffer.from([0xfc])]);
    const feed = Buffer.concat([bad('<rss><channel><item><link>/a'), Buffer.from('</link><title>é</title></item>')]);
    expect(await read(rss, feed)).toMatchObject({ rejected: ['invalid_id'] });
    const page = Buffer.concat([bad('<li><a href="/a'), Buffer.from('">é</a>')]);
    expect(await read({ ...html, id: ['link'] }, page)).toMatchObject({ rejected: ['invalid_id'] });
  });

  test.each(documents('Grüße', '1'))('UTF-8 counts more than a latin-1 header, in %s', async (_, plan, text) => {
    const contentType = 'text/html; charset=iso-8859-1';
    expect(await read(plan, Buffer.from(text), contentType)).toMatchObject({
      warnings: ['charset_overruled 1'],
      records: [{ title: 'Grüße' }],
    });
  });
});
