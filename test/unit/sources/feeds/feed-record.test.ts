import { describe, expect, test } from 'vitest';
import type { FeedItem } from '../../../../src/sources/feeds/feed-item.ts';
import { feedRecords } from '../../../../src/sources/feeds/feed-record.ts';
import { parseXmlFeed } from '../../../../src/sources/feeds/xml-feed.ts';

const item = (fields: Partial<FeedItem>): FeedItem => ({
  guid: null,
  link: null,
  title: null,
  published: null,
  updated: null,
  enclosures: [],
  fields: {},
  cut: false,
  ...fields,
});
const base = 'https://feeds.test/a/feed.xml';
const records = (...items: Partial<FeedItem>[]) => feedRecords({ items: items.map(item), own: [] }, base).records;
const ids = (...items: Partial<FeedItem>[]) => records(...items).map((record) => record['id']);

describe('feedRecords', () => {
  test('takes the guid for the id, else the link, else a hash of the content', () => {
    expect(ids({ guid: 'g', link: 'l' }, { link: 'l2' })).toEqual(['g', 'l2']);
    const [first, same, other] = ids({ title: 'a' }, { title: 'a' }, { title: 'b' });
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(same).toBe(first);
    expect(other).not.toBe(first);
  });

  test('has no id for an item without anything', () => {
    expect(records({})).toEqual([{}]);
  });

  test('takes the links of items that share a guid, and leaves true repeats alone', () => {
    expect(ids({ guid: 'g', link: 'a' }, { guid: 'g', link: 'b' }, { guid: 'h', link: 'c' })).toEqual(['a', 'b', 'h']);
    expect(ids({ guid: 'g', link: 'a' }, { guid: 'g', link: 'a' })).toEqual(['g', 'g']);
    const [first, second] = ids({ guid: 'g', title: 'a' }, { guid: 'g', title: 'b' });
    expect(first).not.toBe(second);
  });

  test('writes times as ISO 8601 where they can be read, and as they are where not', () => {
    const [record] = records({ guid: 'g', published: 'Sun, 01 Nov 2026 09:30:00 EST', updated: 'soon' });
    expect(record).toMatchObject({ published: '2026-11-01T14:30:00Z', updated: 'soon' });
  });

  test('keeps the fields of the item, and adds the common ones', () => {
    const fields = { guid: 'g', 'dc:creator': 'Jo', title: { type: 'html', value: 'T' } };
    const enclosures = [{ url: 'e', type: null, length: null }];
    const [record] = records({ guid: 'g', title: 'T', fields, enclosures });
    expect(record).toEqual({ guid: 'g', 'dc:creator': 'Jo', id: 'g', title: 'T', enclosures });
  });

  test('has XHTML without its wrapper, under the id that 0.2.0 gave with it', async () => {
    const title = '<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">An <b>Atom</b></div></title>';
    const document = `<feed xmlns="http://www.w3.org/2005/Atom"><entry>${title}</entry></feed>`;
    const feed = await parseXmlFeed(document, base, 'news', new AbortController().signal);
    expect(feedRecords(feed, base).records).toEqual([
      { title: 'An <b>Atom</b>', id: '8fd710d6050399cb24747192fbde03228d47ea4e093299668edb5b167d4d5539' },
    ]);
  });
});
