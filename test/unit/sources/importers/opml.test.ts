import { describe, expect, test } from 'vitest';
import { opmlSources } from '../../../../src/sources/importers/opml/opml-sources.ts';
import { readOpml } from '../../../../src/sources/importers/opml/read-opml.ts';

const opml = (outlines: string, before = '') =>
  `<?xml version="1.0"?>${before}<opml version="2.0"><head><title>t</title></head><body>${outlines}</body></opml>`;
const sourcesOf = (outlines: string) => opmlSources(readOpml(opml(outlines)));
const feed = (title: string, address: string) => `<outline text="${title}" type="rss" xmlUrl="${address}"/>`;

describe('an OPML file', () => {
  test('becomes one source for each feed, with its folders', () => {
    const { sources } = sourcesOf(
      `${feed('Top', 'https://top.test/feed')}<outline text="Tech"><outline title="News &amp; more">${feed('A', 'https://a.test/rss')}</outline>${feed('B', 'https://b.test/rss')}</outline>`,
    );
    expect(sources).toEqual([
      { folder: '', source: { name: 'top', type: 'rss', url: 'https://top.test/feed' } },
      { folder: 'Tech / News & more', source: { name: 'a', type: 'rss', url: 'https://a.test/rss' } },
      { folder: 'Tech', source: { name: 'b', type: 'rss', url: 'https://b.test/rss' } },
    ]);
  });

  test.each([
    ['Crème brûlée!', 'creme-brulee'],
    ['日本語', 'x-feed'],
    ['', 'x-feed'],
    ['daybook-canary', 'daybook-canary-2'],
    ['a'.repeat(80), 'a'.repeat(63)],
  ])('names the feed "%s" %s', (title, name) => {
    expect(sourcesOf(feed(title, 'https://x.test/feed.xml')).sources[0]?.source['name']).toBe(name);
  });

  test('gives each feed its own name, and each address one source', () => {
    const { sources, repeats } = sourcesOf(
      [1, 2, 3, 3].map((n) => feed('News', `https://${n}.test/feed`)).join('') + feed('Other', 'https://1.test/feed#x'),
    );
    expect(sources.map(({ source }) => source['name'])).toEqual(['news', 'news-2', 'news-3']);
    expect(repeats).toBe(2);
  });

  test('leaves out what is no feed, and says so', () => {
    const { sources, leftOut } = sourcesOf(
      `${feed('Good', 'feed://good.test/rss')}${feed('Both', 'feed:https://both.test/rss')}${feed('Bad', 'not an address')}${feed('Ftp', 'ftp://a.test/x')}<outline text="Empty" type="rss"/><outline text="Link" type="link" url="https://c.test"/>`,
    );
    expect(sources.map(({ source }) => source['url'])).toEqual(['http://good.test/rss', 'https://both.test/rss']);
    expect(leftOut).toEqual([
      '"Bad": found xmlUrl "not an address", expected an http or https URL',
      '"Ftp": found an xmlUrl of ftp:, expected http or https',
      '"Empty": no xmlUrl',
    ]);
  });

  test('moves secrets of addresses to variables', () => {
    const { sources, variables } = sourcesOf(
      feed('Mine', 'https://me:pass-word@a.test/feed?token=abc123&amp;format=rss') +
        feed('Plain', 'https://b.test/feed?tag=x&amp;n=1'),
    );
    expect(sources.map(({ source }) => source)).toEqual([
      {
        name: 'mine',
        type: 'rss',
        url: 'https://a.test/feed',
        params: { token: '${env:MINE_TOKEN}', format: 'rss' },
        auth: { type: 'http_basic', username: 'me', password: '${env:MINE_PASSWORD}' },
      },
      { name: 'plain', type: 'rss', url: 'https://b.test/feed?tag=x&n=1' },
    ]);
    expect(variables.map(({ value }) => value)).toEqual(['pass-word', 'abc123']);
  });

  test('is read where it is not well-formed, and its entities are not expanded', () => {
    const doctype = '<!DOCTYPE opml [<!ENTITY a "https://evil.test/"><!ENTITY f SYSTEM "file:///etc/passwd">]>';
    const outlines = readOpml(
      opml(`<OUTLINE TEXT="A" XMLURL="https://a.test/?x=1&y=2"><outline text="&f;" xmlUrl="&a;x"/>`, doctype),
    );
    expect(outlines[0]).toEqual({ title: 'A', address: 'https://a.test/?x=1&y=2', folders: [] });
    expect(JSON.stringify(outlines)).not.toMatch(/evil|root:/);
  });

  test('with thousands of feeds is read at once', () => {
    const many = Array.from({ length: 5_000 }, (_, n) => feed(`Feed ${n % 50}`, `https://h${n}.test/feed`)).join('');
    expect(new Set(sourcesOf(many).sources.map(({ source }) => source['name'])).size).toBe(5_000);
  });

  test.each([
    ['<rss><channel/></rss>', /found <rss>, expected OPML/],
    ['hello', /found a text that begins "hello", expected OPML/],
    ['', /expected OPML/],
    [opml('<outline text="a">'.repeat(2_000)), /nests its outlines deeper/],
  ])('is refused where it is none: %#', (text, expected) => {
    expect(() => readOpml(text)).toThrow(expected);
  });

  test('names private addresses as such', () => {
    const { sources } = sourcesOf(feed('A', 'http://127.0.0.1:8080/feed') + feed('B', 'http://localhost/feed'));
    expect(sources.map(({ source }) => source['allow_private'])).toEqual([true, true]);
  });
});
