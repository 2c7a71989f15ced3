import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { feedRecords } from '../../../../src/sources/feeds/feed-record.ts';
import { ItemMemory, type Unknown } from '../../../../src/sources/feeds/item-memory.ts';
import { parseXmlFeed } from '../../../../src/sources/feeds/xml-feed.ts';

const base = 'https://x.test/news/feed';
const site = 'https://x.test/';
const guid = (text: string) => `<guid isPermaLink="false">${text}</guid>`;
const link = (path: string) => `<link>${site}${path}</link>`;
const title = (text: string) => `<title>${text}</title>`;
const date = '<pubDate>Sun, 01 Nov 2026 09:30:00 GMT</pubDate>';

/** A source that reads one document after the other. */
function source(text: string | null = null, unknown: Unknown = 'free') {
  let known = text;
  let meaning = unknown;
  let host = 'https://x.test';
  return {
    /** The feed, and all of its links, are at another host from now on. */
    moveTo(other: string) {
      host = other;
    },
    async ids(...items: readonly string[]): Promise<unknown[]> {
      const spaces = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:g="http://base.google.com/ns/1.0"';
      const listed = items.map((item) => `<item>${item}</item>`).join('');
      const document = `<rss version="2.0" ${spaces}><channel><link>${site}</link>${listed}</channel></rss>`;
      const at = base.replace('https://x.test', host);
      const feed = await parseXmlFeed(
        document.replaceAll('https://x.test', host),
        at,
        'news',
        new AbortController().signal,
      );
      const memory = ItemMemory.parse(known, meaning);
      const { records } = feedRecords(feed, at, memory);
      known = memory.text();
      meaning = 'taken';
      return records.map((record) => record['id']);
    },
    /** What it remembers is lost. */
    forget() {
      known = null;
    },
    memory: () => known,
  };
}

const ids = (...items: readonly string[]) => source().ids(...items);
const hash = expect.stringMatching(/^[0-9a-f]{64}$/) as unknown;

describe('ids that 0.2.0 gave stay', () => {
  test.each([
    ['a guid', [guid('g') + link('a')], ['g']],
    ['a link', [link('a') + title('t')], [`${site}a`]],
    ['a hash of title', [title('a')], ['f92070f7a027373891075a5cbb82122a4395afe7b7bf401099a40cf9549d0398']],
    [
      'a hash of title, text and time',
      [`${title('b')}<description>text</description>${date}`],
      ['6f952c1fa977e6874ecff41d4b0946b97f9b00736697f38e7ff308c9a7538c39'],
    ],
    [
      'a hash beside other text',
      [`${title('u')}<content:encoded>A</content:encoded>`],
      ['06ea967f2f6e8165685ca6d20e9b56591f1271abf7c7f5ead02b645c6074787d'],
    ],
    ['links of a shared guid', [guid('g') + link('a'), guid('g') + link('b')], [`${site}a`, `${site}b`]],
    [
      'hashes with a shared guid',
      [guid('g') + title('a'), guid('g') + title('b')],
      [
        '2a1afc34e2ae0d1fa7d1bec0ed56b06127ab8a1fd6d0ba87120959996b6840fa',
        'fdeaa75e14c47a591be79945f84e0afe3f7e5cb0b77a7152d293d7298fcb9218',
      ],
    ],
    ['of an item that is repeated', [guid('g') + link('a'), guid('g') + link('a')], ['g', 'g']],
  ])('%s', async (_, items, expected) => {
    expect(await ids(...items)).toEqual(expected);
    // As a source does that has a state of 0.2.0.
    expect(await source(null, 'free_for_one').ids(...items)).toEqual(expected);
  });
});

test('a guid stays the id where the feed and its links move to another host, and a link to another page is another item', async () => {
  const feed = source();
  const items = [guid('g') + link('a'), guid('h') + link('b')];
  expect(await feed.ids(...items)).toEqual(['g', 'h']);
  feed.moveTo('http://127.0.0.1:8766');
  expect(await feed.ids(...items)).toEqual(['g', 'h']);
  expect(await feed.ids(guid('g') + link('c'))).toEqual(['http://127.0.0.1:8766/c']);
});

describe('items of one document with the same id candidate', () => {
  test.each([
    ['a link without guid', [title('1') + link('p'), title('2') + link('p'), title('3') + link('p')]],
    ['guid and link', [title('1') + guid('g') + link('p'), title('2') + guid('g') + link('p')]],
    ['a link of products', [`<g:id>1</g:id>${title('s')}${link('p')}`, `<g:id>2</g:id>${title('s')}${link('p')}`]],
    [
      'title, text and time',
      [`${title('u')}<content:encoded>A</content:encoded>`, `${title('u')}<content:encoded>B</content:encoded>`],
    ],
    [
      'a guid and a link that others share',
      [guid('g') + link('a'), guid('g') + link('b') + title('1'), guid('g') + link('b') + title('2')],
    ],
  ])('have their own ids: %s', async (_, items) => {
    expect(new Set(await ids(...items)).size).toBe(items.length);
    // One of them may be stored under the id by 0.2.0, and it is unknown which.
    expect(new Set(await source(null, 'free_for_one').ids(...items)).size).toBe(items.length);
  });

  test('keep them beside any other items', async () => {
    const items = [title('1') + link('p'), title('2') + link('p'), title('3') + link('p')];
    const news = source();
    const [first, second, third] = await news.ids(...items);
    expect(first).toBe(`${site}p`);
    expect(await news.ids(items[2] ?? '', items[1] ?? '')).toEqual([third, second]);
    expect(await news.ids(title('4') + link('p'))).toEqual([hash]);
    expect(await news.ids(items[0] ?? '')).toEqual([first]);
  });

  test('where several of guid and link are known, one that comes later', async () => {
    const news = source();
    const same = guid('G') + link('a');
    expect(await news.ids(same + title('1'), same + title('2'))).toEqual(['G', `${site}a`]);
    expect(await news.ids(same + title('3'))).toEqual([hash]);
    expect(await news.ids(same + title('2'), same + title('1'))).toEqual([`${site}a`, 'G']);
  });

  test('that only counters tell apart are one', async () => {
    const item = (count: number) => `${title('a')}<slash:comments>${count}</slash:comments>`;
    const [first, second] = await ids(item(1), item(2));
    expect(second).toBe(first);
  });
});

describe('an item keeps one id', () => {
  test('where others of its guid have gone', async () => {
    const news = source();
    expect(await news.ids(guid('G') + link('a'), guid('G') + link('b'))).toEqual([`${site}a`, `${site}b`]);
    expect(await news.ids(guid('G') + link('b'))).toEqual([`${site}b`]);
    expect(await news.ids(guid('G') + link('c'))).toEqual([`${site}c`]);
  });

  test('where others of its guid come', async () => {
    const news = source();
    expect(await news.ids(guid('G') + link('a'))).toEqual(['G']);
    expect(await news.ids(guid('G') + link('b'), guid('G') + link('a'))).toEqual([`${site}b`, 'G']);
    expect(await news.ids(guid('G') + link('c') + title('1'))).toEqual([`${site}c`]);
  });

  test('where it is edited, but keeps guid and link', async () => {
    const news = source();
    expect(await news.ids(guid('g') + link('a') + title('before'))).toEqual(['g']);
    expect(await news.ids(guid('g') + link('a') + title('after'))).toEqual(['g']);
    expect(await news.ids(guid('g') + `<link>http://x.test/a?utm_source=feed</link>`)).toEqual(['g']);
  });

  test('if the source forgets its items, no item is mistaken for another', async () => {
    const news = source();
    expect(await news.ids(guid('G') + link('a'))).toEqual(['G']);
    news.forget();
    const [other] = await news.ids(guid('G') + link('b'));
    expect(other).toEqual(hash);
    expect(await news.ids(guid('G') + link('b'), guid('H') + link('c'))).toEqual([other, 'H']);
  });
});

describe('guid and link without meaning', () => {
  test.each([
    ['N/A', guid('N/A') + link('a'), `${site}a`],
    ['a word of a program', guid('[object Object]') + link('a'), `${site}a`],
    ['N/A as a link too', `${guid('n/a')}<link>N/A</link>${title('t')}`, hash],
    ["the feed's own address", `<link>${base}</link>${title('t')}`, hash],
    ["the site's address", `${guid('https://x.test')}${link('')}${title('t')}`, hash],
    ['a word of a program as a link', `<link>undefined</link>${title('t')}`, hash],
    ['a link to nowhere', `<link>#</link>${title('t')}`, hash],
    ['a link of a script', `<link>javascript:void(0)</link>${title('t')}`, hash],
    ['a page that is called none', link('news/none'), `${site}news/none`],
  ])('%s', async (_, item, expected) => {
    expect(await ids(item)).toEqual([expected]);
  });
});

describe('an item with any content has an id', () => {
  test.each([
    '<content:encoded>News</content:encoded>',
    '<enclosure url="https://x.test/1.mp3" type="audio/mpeg"/>',
    '<media:content url="https://x.test/1.jpg"/>',
    '<media:thumbnail url="https://x.test/1.jpg"/>',
    '<g:id>1</g:id>',
    '<category>news</category>',
    '<comments>https://x.test/1#comments</comments>',
  ])('%s', async (item) => {
    expect(await ids(item)).toEqual([hash]);
  });

  test('but none has an empty one', async () => {
    expect(await ids('', '<slash:comments>3</slash:comments>')).toEqual([undefined, undefined]);
  });
});

test('what is remembered is bounded, and what was seen last stays', async () => {
  const item = (number: number) => guid(`g${number}`) + link(`${number}`);
  const news = source();
  await news.ids(...Array.from({ length: 9_999 }, (_, number) => item(number)));
  await news.ids(item(0), item(10_000), item(10_001));
  expect(news.memory()?.split('\n')).toHaveLength(10_000);
  expect(await news.ids(guid('g0') + link('other'))).toEqual([`${site}other`]);
});

test('with any items in any order, two items never share an id, and an unchanged item keeps its id', async () => {
  const item = fc.record({
    guid: fc.constantFrom('', 'g', 'h'),
    link: fc.constantFrom('', 'a', 'b'),
    title: fc.constantFrom('1', '2'),
    text: fc.constantFrom('x', 'y'),
  });
  // Another item with guid and link of one that is gone cannot be distinguished from that one, edited.
  const pairs = fc.uniqueArray(item, { minLength: 1, maxLength: 6, selector: (each) => `${each.guid} ${each.link}` });
  await fc.assert(
    fc.asyncProperty(pairs, fc.array(fc.nat(1_000), { maxLength: 5 }), async (items, order) => {
      const written = items.map(
        (each) =>
          (each.guid === '' ? '' : guid(each.guid)) +
          (each.link === '' ? '' : link(each.link)) +
          title(each.title) +
          `<content:encoded>${each.text}</content:encoded>`,
      );
      const news = source();
      const first = await news.ids(...written);
      expect(new Set(first).size).toBe(items.length);
      for (const number of order) {
        const at = number % items.length;
        const shown = [...items.keys()].slice(at);
        expect(await news.ids(...shown.map((index) => written[index] ?? ''))).toEqual(
          shown.map((index) => first[index]),
        );
      }
    }),
    { numRuns: 60 },
  );
});
