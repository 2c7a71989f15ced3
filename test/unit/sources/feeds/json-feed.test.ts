import { describe, expect, test } from 'vitest';
import { WrongShape } from '../../../../src/domain/errors.ts';
import { parseJsonFeed } from '../../../../src/sources/feeds/json-feed.ts';

const parse = (items: unknown, version: unknown = 'https://jsonfeed.org/version/1.1') =>
  parseJsonFeed(JSON.stringify({ version, title: 'T', items }), 'https://feeds.test/a/feed.json', 'news');

describe('parseJsonFeed', () => {
  test('reads what an item says', () => {
    const item = {
      id: '1',
      url: '/1',
      title: 'A',
      content_html: '<p>x</p>',
      _own: { x: 1 },
      date_published: '2026-11-01T09:30:00Z',
      date_modified: '2026-11-02T09:30:00Z',
      attachments: [
        {
          url: 'a.mp3',
          mime_type: 'audio/mpeg',
          size_in_bytes: 7,
        },
        { mime_type: 'x' },
      ],
    };
    expect(parse([item])).toMatchObject({
      complete: true,
      items: [
        {
          guid: '1',
          link: 'https://feeds.test/1',
          title: 'A',
          fields: item,
          published: '2026-11-01T09:30:00Z',
          updated: '2026-11-02T09:30:00Z',
          enclosures: [
            {
              url: 'https://feeds.test/a/a.mp3',
              type: 'audio/mpeg',
              length: '7',
            },
          ],
        },
      ],
    });
  });

  test.each([
    [{ title: 'T', items: [{ id: '1', title: 'x' }] }, 1],
    [{ home_page_url: 'https://x.test', items: [{ id: '1' }] }, 1],
    [{ feed_url: 'https://x.test/feed', items: [] }, 0],
    [{ version: 'v1.0', items: [{ id: '1' }] }, 1],
  ])('takes %j for a feed', (feed, items) => {
    expect(parseJsonFeed(JSON.stringify(feed), 'https://x.test', 'news').items).toHaveLength(items);
  });

  test.each([['1'], ['1.1'], [1.1], [undefined]])('takes the version %j of a feed that looks like one', (version) => {
    const text = JSON.stringify({ version, items: [{ id: '1', content_text: 'x' }] });
    expect(parseJsonFeed(text, 'https://x.test', 'news').items).toHaveLength(1);
  });

  test.each([
    ['no version', { items: [{ id: 1, name: 'x' }] }],
    ['a foreign version', { version: '2.0', items: [{ content_text: 'x' }] }],
  ])('is no feed: %s', (_, value) => {
    expect(() => parseJsonFeed(JSON.stringify(value), 'https://x.test', 'news')).toThrow(WrongShape);
  });

  test('takes numbers for ids, with all their digits', () => {
    const text = '{"version":"https://jsonfeed.org/version/1","items":[{"id":9007199254740993}]}';
    expect(parseJsonFeed(text, 'https://x.test', 'news').items[0]?.guid).toBe('9007199254740993');
  });

  test('keeps invalid items for the extraction to refuse', () => {
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
