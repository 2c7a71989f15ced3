import { describe, expect, test } from 'vitest';
import type { RssPlan } from '../../../../src/domain/plan/source-plan.ts';
import { formatMicros } from '../../../../src/domain/time/timestamp.ts';
import { feedAccept } from '../../../../src/sources/http/accept-headers.ts';
import type { Remembered } from '../../../../src/sources/extraction/document-format.ts';
import { readerOf, rssPlan } from '../plans.ts';

const fetchedAt = new Date('2026-11-23T10:00:00Z');
const fetched = '2026-11-23T10:00:00';
const check = { number: 1, days: [], makesDigests: false, hashPages: false, since: null };

/** Reads a document as a poll does. */
async function read(body: string, fields: Partial<RssPlan> = {}, remembered: Partial<Remembered> = {}) {
  const reader = readerOf(rssPlan(fields));
  reader.checksDocuments = check;
  const format = reader.format(feedAccept, async () => ({
    items: null,
    unknown: 'free',
    dateOrder: null,
    ...remembered,
  }));
  const response = { status: 200, headers: {}, url: 'https://x.test/feed', body: Buffer.from(body) };
  const page = await format.read(response, fetchedAt, { place: { page: 0, cursor: null } });
  const valid = page.checked?.valid ?? [];
  return {
    page,
    ids: valid.map(({ record }) => record.sourceId),
    times: valid.map(({ record }) => formatMicros(record.occurredAt).slice(0, 19)),
    letters: page.checked?.deadLetters.map(({ reason }) => reason),
    warnings: [...(page.warnings ?? []), ...(page.checked?.warnings ?? [])].map(({ code, count }) => [code, count]),
  };
}

const item = (content: string, number = 1) => `<item><guid isPermaLink="false">g${number}</guid>${content}</item>`;
const rss = (...items: string[]) => `<rss version="2.0"><channel><title>c</title>${items.join('')}</channel></rss>`;
const dated = (...dates: string[]) => rss(...dates.map((date, number) => item(`<pubDate>${date}</pubDate>`, number)));

describe('a document behind something else', () => {
  test.each([
    ['a warning in HTML', `<br />\n<b>Warning</b>: x in <b>y.php</b><br />\n<?xml version="1.0"?>${rss(item(''))}`],
    ['a warning without prolog', `<b>Notice</b>: x\n${rss(item(''))}`],
    ['plain text', `Notice: x\n<?xml version="1.0"?>${rss(item(''))}`],
    ['a comment', `<!-- <html> -->${rss(item(''))}`],
    ['JSON', '<br /><b>Warning</b>: x {y}\n{"version":"https://jsonfeed.org/version/1","items":[{"id":"g1"}]}'],
  ])('is read: %s', async (_, body) => {
    expect((await read(body)).ids).toEqual(['g1']);
  });

  test.each(['<html><body><pre><rss version="2.0"></pre></body></html>', '<br />{"items":[]}'])(
    'is none: %s',
    async (body) => {
      await expect(read(body)).rejects.toThrow(/expected|no item/);
    },
  );
});

test.each(['http://www.w3.org/2005/Atom', 'http://purl.org/rss/1.0/modules/content/', 'urn:x'])(
  'RSS may have any namespace by default: %s',
  async (space) => {
    const body = rss(item('<title>T</title><link>https://x.test/1</link>')).replace('<rss', `<rss xmlns="${space}"`);
    const { page, ids } = await read(body);
    expect(ids).toEqual(['g1']);
    expect(JSON.parse(page.checked?.valid[0]?.record.payload ?? '')).toMatchObject({
      title: 'T',
      link: 'https://x.test/1',
    });
  },
);

test('an enclosure that is media too is one', async () => {
  const twice = '<enclosure url="https://x.test/1.mp3"/><media:content url="https://x.test/1.mp3" type="audio/mpeg"/>';
  const { page } = await read(rss(item(twice)));
  expect(JSON.parse(page.checked?.valid[0]?.record.payload ?? '')).toMatchObject({
    enclosures: [{ url: 'https://x.test/1.mp3', type: 'audio/mpeg', length: null }],
  });
});

describe('a time that cannot be read', () => {
  test('is that of the last change, else that of the fetch', async () => {
    const entry = (id: string, updated: string) =>
      `<entry><id>${id}</id><published>yesterday</published><updated>${updated}</updated></entry>`;
    const body = `<feed xmlns="http://www.w3.org/2005/Atom">${entry('a', '2026-01-05T10:00:00Z')}${entry('b', 'soon')}</feed>`;
    const { times, warnings } = await read(body);
    expect(times).toEqual(['2026-01-05T10:00:00', fetched]);
    expect(warnings).toEqual([['time_fallback', 2]]);
  });

  test('is a dead letter where the configuration wants no other', async () => {
    const occurredAt = { ...rssPlan().occurredAt, onMissing: 'reject' } as const;
    expect((await read(dated('soon'), { occurredAt })).letters).toEqual(['invalid_time']);
  });
});

describe('dates of numbers', () => {
  test('are read as one of the document shows, and the source learns that', async () => {
    const { times, warnings, page } = await read(dated('05/12/2024', '05/13/2024'));
    expect(times).toEqual(['2024-05-12T00:00:00', '2024-05-13T00:00:00']);
    expect(warnings).toEqual([]);
    expect(page.patch?.dateOrder).toBe('mdy');
    expect((await read(dated('Mon, 05-12-2024 10:00', '13-05-2024'))).times[0]).toBe('2024-12-05T10:00:00');
  });

  test('are read as the weekday of one shows', async () => {
    const { times, warnings, page } = await read(dated('Tue, 06/09/2026 - 14:30', '05/12/2024'));
    expect(times).toEqual(['2026-06-09T14:30:00', '2024-05-12T00:00:00']);
    expect(warnings).toEqual([]);
    expect(page.patch?.dateOrder).toBe('mdy');
  });

  test('are read as earlier documents have shown', async () => {
    const { times, warnings, page } = await read(dated('05/12/2024'), {}, { dateOrder: 'mdy' });
    expect(times).toEqual(['2024-05-12T00:00:00']);
    expect(warnings).toEqual([]);
    expect(page.patch?.dateOrder).toBeUndefined();
  });

  test('are read as the configuration says, unless they cannot be', async () => {
    const occurredAt = { ...rssPlan().occurredAt, dateOrder: 'mdy' } as const;
    const { times, warnings } = await read(dated('05/12/2024', '13/05/2024'), { occurredAt });
    expect(times).toEqual(['2024-05-12T00:00:00', '2024-05-13T00:00:00']);
    expect(warnings).toEqual([]);
  });

  test.each([
    ['nothing shows it', ['05/12/2024', '05/12/2024 6:00 PM', '05/05/2024'], 2],
    ['both are shown', ['05/12/2024', '13/05/2024', '05/13/2024'], 1],
  ])('are read as before, with a warning, if %s', async (_, dates, count) => {
    const { times, warnings } = await read(dated(...dates));
    expect(times[0]).toBe('2024-12-05T00:00:00');
    expect(warnings).toEqual([['ambiguous_date', count]]);
  });

  test('with dots are read by day', async () => {
    expect((await read(dated('05.12.2024', '05/13/2024'))).times[0]).toBe('2024-12-05T00:00:00');
  });
});
