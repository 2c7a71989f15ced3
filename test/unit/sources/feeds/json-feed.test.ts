import { describe, expect, test } from 'vitest';
import { WrongShape } from '../../../../src/domain/errors.ts';
import { parseJsonFeed } from '../../../../src/sources/feeds/json-feed.ts';

const parse = (items: unknown, version: unknown = 'https://jsonfeed.org/version/1.1') =>
  parseJsonFeed(JSON.stringify({ version, title: 'T', items }), 'https://feeds.test/a/feed.json', 'news');

describe('parseJsonFeed', () => {
  test('reads what an item says', () => {
    const item = {
      ...{ id: '1', url: '/1', title: 'A', content_html: '<p>x</p>', _own: { x: 1 } },
      ...{ date_published: '2026-11-01T09:30:00Z', date_modified: '2026-11-02T09:30:00Z' },
      attachments: [{ url: 'a.mp3', mime_type: 'audio/mpeg', size_in_bytes: 7 }, { mime_type: 'x' }],
    };
    expect(parse([item])).toMatchObject({
      complete: true,
      items: [
        {
          ...{ guid: '1', link: 'https://feeds.test/1', title: 'A', fields: item },
          ...{ published: '2026-11-01T09:30:00Z', updated: '2026-11-02T09:30:00Z' },
          enclosures: [{ url: 'https://feeds.test/a/a.mp3', type: 'audio/mpeg', length: '7' }],
        },
      ],
    });
  });

  test('takes numbers for ids, with all their digits', () => {
    const text = '{"version":"https://jsonfeed.org/version/1","items":[{"id":9007199254740993}]}';
    expect(parseJsonFeed(text, 'https://x.test', 'news').items[0]?.guid).toBe('9007199254740993');
  });

  test('keeps items that are none for the extraction to refuse', () => {
    expect(parse(['text', null]).items).toMatchObject([{ guid: null }, { guid: null }]);
  });

  test.each([
    [[], null],
    [{}, 'https://jsonfeed.org/version/1'],
    [undefined, 'https://jsonfeed.org/version/1'],
  ])('refuses other JSON: items %j, version %j', (items, version) => {
    expect(() => parse(items, version)).toThrow(WrongShape);
  });
});
