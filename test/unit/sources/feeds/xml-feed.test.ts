import { describe, expect, test } from 'vitest';
import { WrongShape } from '../../../../src/domain/errors.ts';
import { parseXmlFeed } from '../../../../src/sources/feeds/xml-feed.ts';
import { withoutWrappers } from '../../../../src/sources/feeds/xhtml-wrapper.ts';

const base = 'https://feeds.test/a/feed.xml';
const parse = (text: string) => parseXmlFeed(text, base, 'news', new AbortController().signal);
const only = async (text: string) => (await parse(text)).items[0];
const rss = (item: string, attributes = '') =>
  `<?xml version="1.0"?><rss version="2.0" ${attributes}><channel><title>T</title><item>${item}</item></channel></rss>`;
const atom = (entry: string) =>
  `<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry>${entry}</entry></feed>`;

describe('an item of RSS 2.0', () => {
  test('has guid, link, title and time, and keeps everything under its own name', async () => {
    const item = await only(
      rss(
        `<title>A &amp; B</title><link>https://x.test/1</link><guid isPermaLink="false">g-1</guid>
         <pubDate>Sun, 01 Nov 2026 09:30:00 GMT</pubDate><category>a</category><category domain="d">b</category>
         <dc:creator>Jo</dc:creator><x:odd y="1">z</x:odd>`,
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:x="urn:x"',
      ),
    );
    expect(item).toMatchObject({ guid: 'g-1', link: 'https://x.test/1', title: 'A & B', updated: null, cut: false });
    expect(item?.published).toBe('Sun, 01 Nov 2026 09:30:00 GMT');
    expect(item?.fields).toMatchObject({
      guid: {
        isPermaLink: 'false',
        value: 'g-1',
      },
      'dc:creator': 'Jo',
      'x:odd': {
        y: '1',
        value: 'z',
      },
      category: [
        'a',
        {
          domain: 'd',
          value: 'b',
        },
      ],
    });
  });

  test('uses a guid that is an address as the link, unless isPermaLink is false', async () => {
    expect((await only(rss('<guid>https://x.test/1</guid>')))?.link).toBe('https://x.test/1');
    expect((await only(rss('<guid isPermaLink="false">https://x.test/1</guid>')))?.link).toBeNull();
    expect((await only(rss('<guid>abc</guid>')))?.link).toBeNull();
  });

  test.each([
    ['p1', 'https://feeds.test/a/p1'],
    ['/p1', 'https://feeds.test/p1'],
    ['//cdn.test/p', 'https://cdn.test/p'],
    ['at://did:plc:x/y', 'at://did:plc:x/y'],
    ['mailto:a@b.test', 'mailto:a@b.test'],
  ])('makes the link %s absolute: %s', async (link, expected) => {
    expect((await only(rss(`<link>${link}</link>`)))?.link).toBe(expected);
  });

  test.each([
    ['I <3 you', 'I <3 you'],
    ['1<2 &amp; 3>2', '1<2 & 3>2'],
    ['&#xD83D;&#xDE00; &#55357;&#56832;', '😀 😀'],
    ['&#xDE00;&#xD83D; &#1234;&#1235;', '\ufffd\ufffd Ӓӓ'],
    ['<![CDATA[<3 &#xD83D;&#xDE00;]]>', '<3 &#xD83D;&#xDE00;'],
  ])('has the title %s as intended', async (written, title) => {
    expect((await only(rss(`<title>${written}</title>`)))?.title).toBe(title);
  });

  test('takes the first of its times that can be read', async () => {
    const item = await only(rss('<pubDate>soon</pubDate><dc:date>2026-01-05</dc:date><pubDate>later</pubDate>'));
    expect(item?.published).toBe('2026-01-05');
    expect((await only(rss('<pubDate>soon</pubDate><dc:date>later</dc:date>')))?.published).toBe('soon');
  });

  test('takes xml:base for links, where there is one', async () => {
    const text = rss(
      '<link>p</link><enclosure url="e.mp3" length="7" type="audio/mpeg"/>',
      'xml:base="https://b.test/x/"',
    );
    expect((await only(text))?.link).toBe('https://b.test/x/p');
    expect((await only(text))?.enclosures).toEqual([
      { url: 'https://b.test/x/e.mp3', type: 'audio/mpeg', length: '7' },
    ]);
  });

  test('keeps markup in a description, escaped, in CDATA or plain', async () => {
    const text = async (description: string) =>
      (await only(rss(`<description>${description}</description>`)))?.fields['description'];
    expect(await text('&lt;b&gt;x&lt;/b&gt; &amp;eacute;')).toBe('<b>x</b> &eacute;');
    expect(await text('<![CDATA[<b>x</b> &eacute;]]>')).toBe('<b>x</b> &eacute;');
    expect(await text('<b class="c">x &lt; y</b><br/>z')).toBe('<b class="c">x &lt; y</b><br></br>z');
  });

  test('finds media in groups, and enclosures written as links', async () => {
    const media = 'xmlns:m="http://search.yahoo.com/mrss/" xmlns:a="http://www.w3.org/2005/Atom"';
    const item = await only(
      rss('<m:group><m:content url="v.mp4" fileSize="9"/></m:group><a:link rel="enclosure" href="a.mp3"/>', media),
    );
    expect(item?.enclosures.map(({ url }) => url)).toEqual([
      'https://feeds.test/a/a.mp3',
      'https://feeds.test/a/v.mp4',
    ]);
    expect(item?.fields).toHaveProperty(['media:group', 'media:content', 'url'], 'https://feeds.test/a/v.mp4');
  });
});

describe('other dialects', () => {
  test('RDF has its items beside the channel, and names them by rdf:about', async () => {
    const text = `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
      xmlns:d="http://purl.org/dc/elements/1.1/"><channel rdf:about="c"><title>T</title></channel>
      <item rdf:about="https://x.test/1"><title>A</title><d:date>2026-11-01T09:30:00Z</d:date></item></rdf:RDF>`;
    expect((await parse(text)).items).toMatchObject([
      { guid: 'https://x.test/1', link: 'https://x.test/1', published: '2026-11-01T09:30:00Z' },
    ]);
  });

  test.each(['0.90', '0.91', '0.92', '0.93', '0.94'])('RSS %s is read as 2.0 is', async (version) => {
    const text = `<rss version="${version}"><channel><item><title>A</title><link>l</link></item></channel></rss>`;
    expect((await parse(text)).items).toMatchObject([{ title: 'A', guid: null }]);
  });

  test('Atom takes the alternate link, HTML before others, and keeps all of them', async () => {
    const item = await only(
      atom(`<id>urn:1</id><title type="html">A &amp;amp; B</title><updated>2026-11-01T09:30:00Z</updated>
        <link rel="self" href="self"/><link type="application/json" href="j"/><link href="h"/>
        <link rel="enclosure" href="e" type="audio/mpeg"/>`),
    );
    expect(item).toMatchObject({ guid: 'urn:1', link: 'https://feeds.test/a/h', updated: '2026-11-01T09:30:00Z' });
    expect(item?.title).toBe('A &amp; B');
    expect(item?.enclosures).toMatchObject([{ url: 'https://feeds.test/a/e' }]);
    expect(item?.fields['link']).toHaveLength(4);
  });

  test.each(['channel', 'item'])('RSS may declare a wrong default namespace on its %s', async (name) => {
    const text = rss('<guid>1</guid><title>A</title>').replace(
      `<${name}>`,
      `<${name} xmlns="http://www.w3.org/2005/Atom">`,
    );
    expect((await parse(text)).items).toMatchObject([{ guid: '1', title: 'A' }]);
  });

  test('Atom may name a relation by its address', async () => {
    const link = '<link rel="http://www.iana.org/assignments/relation/alternate" href="/h"/>';
    expect((await only(atom(`<id>1</id><link rel="self" href="/s"/>${link}`)))?.link).toBe('https://feeds.test/h');
  });

  test('Atom 0.3 has other names for its times', async () => {
    const text = `<feed version="0.3" xmlns="http://purl.org/atom/ns#"><entry><id>1</id>
      <issued>2026-11-01T09:30:00Z</issued><modified>2026-11-02T09:30:00Z</modified></entry></feed>`;
    expect((await parse(text)).items).toMatchObject([
      { published: '2026-11-01T09:30:00Z', updated: '2026-11-02T09:30:00Z' },
    ]);
  });

  test('XHTML in Atom is kept as markup', async () => {
    const item = await only(
      atom('<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>x</p></div></content>'),
    );
    expect(item && withoutWrappers(item.fields)['content']).toEqual({ type: 'xhtml', value: '<p>x</p>' });
  });

  test('the namespace counts, not the prefix', async () => {
    const text = `<a:feed xmlns:a="http://www.w3.org/2005/Atom" xmlns:q="http://purl.org/dc/elements/1.1/"><a:entry>
      <a:id>1</a:id><q:creator>Jo</q:creator></a:entry></a:feed>`;
    expect((await parse(text)).items).toMatchObject([{ guid: '1', fields: { 'dc:creator': 'Jo' } }]);
  });
});

describe('broken XML', () => {
  test.each([
    ['a bare ampersand', rss('<title>AT&T & co</title><guid>1</guid>'), { title: 'AT&T & co', guid: '1' }],
    ['entities of HTML', rss('<title>caf&eacute;&nbsp;&hellip;</title>'), { title: 'café\u00a0…' }],
    ['unclosed markup', rss('<description><p>x<b>y</description><guid>1</guid>'), { guid: '1' }],
    ['a closing tag too many', rss('</b><guid>1</guid></i>'), { guid: '1' }],
    ['undeclared prefixes', rss('<foo:bar>1</foo:bar><guid>1</guid>'), { guid: '1', fields: { 'foo:bar': '1' } }],
    [
      'upper case',
      '<RSS><CHANNEL><ITEM><TITLE>A</TITLE><GUID>1</GUID></ITEM></CHANNEL></RSS>',
      { guid: '1', title: 'A' },
    ],
    ['attributes without quotes', rss('<guid isPermaLink=false>1</guid>'), { guid: '1' }],
    ['text before the prolog', `\n\n junk ${rss('<guid>1</guid>')}`, { guid: '1' }],
    ['U+0000 and control characters', rss('<guid>1\u0001</guid>'), { guid: '1\u0001' }],
  ])('with %s is read', async (_, text, expected) => {
    expect(await parse(text)).toMatchObject({ items: [expected], complete: true });
  });

  test('that is cut off says so, and marks the item that was cut', async () => {
    const whole = `<rss><channel>${'<item><guid>1</guid></item>'.repeat(2)}</channel></rss>`;
    expect(await parse(whole.slice(0, -6))).toMatchObject({ complete: false, items: [{ cut: false }, { cut: false }] });
    expect(await parse(whole.slice(0, -22))).toMatchObject({ complete: false, items: [{ cut: false }, { cut: true }] });
  });

  test('recognizes items after a missing end tag, and skips empty ones within', async () => {
    const text = '<rss><channel><item><guid>1</guid><item><guid>2</guid></item><item/></channel></rss>';
    expect((await parse(text)).items.map(({ guid }) => guid)).toEqual(['1', '2']);
  });

  test.each([
    ['<html><body>Please log in</body></html>', '<html>'],
    ['', 'no element'],
    ['just text', 'no element'],
    ['<opml/>', '<opml>'],
  ])('that is no feed is refused: %s', async (text, found) => {
    await expect(parse(text)).rejects.toThrow(WrongShape);
    await expect(parse(text)).rejects.toThrow(found);
  });
});

describe('hostile XML', () => {
  test('expands no declared entity, and reads no file', async () => {
    const text = `<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">
      <!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY tag "<item><guid>evil</guid></item>">]>
      <rss><channel><item><guid>1</guid><title>&lol2; &x;</title></item></channel></rss>`;
    expect((await parse(text)).items).toMatchObject([{ guid: '1', title: '&lol2; &x;' }]);
  });

  test('keeps what looks like a document type inside text', async () => {
    const text = rss('<guid>1</guid><description><![CDATA[<!DOCTYPE html>]]></description>');
    expect((await only(text))?.fields['description']).toBe('<!DOCTYPE html>');
  });

  test.each([
    ['<rss><channel>' + '<item'.repeat(1_000_000), 0],
    [
      `<rss ${Array.from({ length: 900 }, (_, n) => `xmlns:a${n}="u${n}"`).join(' ')}>${'<item xmlns:z="1"><t/></item>'.repeat(5_000)}</rss>`,
      5_000,
    ],
    [`<rss><channel><item>${'<![CDATA['.repeat(300_000)}`, 1],
    [`<!DOCTYPE ${'['.repeat(500_000)}><rss><channel/></rss>`, 0],
  ])('of megabytes is read in seconds', async (text, items) => {
    const startedAt = performance.now();
    expect((await parse(text)).items).toHaveLength(items);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  test('with an element of countless attributes is refused', async () => {
    const tag = `<item ${Array.from({ length: 2_000 }, (_, n) => `a${n}=""`).join(' ')}>`;
    await expect(parse(`<rss><channel>${tag}`)).rejects.toThrow(/more than 1000 attributes/);
  });

  test.each(['<item>', '<a>', '<item><description><b>'])('that nests %s for ever is refused', async (tag) => {
    await expect(parse(`<rss><channel><item>${tag.repeat(100_000)}`)).rejects.toThrow(
      /nests its elements deeper than 5000/,
    );
  });

  test('may use any element names', async () => {
    const item = await only(
      rss('<__proto__>1</__proto__><constructor>2</constructor><toString>3</toString><guid>1</guid>'),
    );
    expect(item?.guid).toBe('1');
    expect(Object.keys(item?.fields ?? {})).toEqual(['__proto__', 'constructor', 'toString', 'guid']);
  });
});

describe('polling hints', () => {
  const hints = async (channel: string) => (await parse(`<rss><channel>${channel}</channel></rss>`)).hints;

  test('are ttl, skipHours and skipDays', async () => {
    const channel = `<ttl>45</ttl><skipHours><hour>0</hour><hour>24</hour><hour>7</hour><hour>99</hour></skipHours>
      <skipDays><day>Sunday</day></skipDays>`;
    expect(await hints(channel)).toEqual({ ttlMinutes: 45, skipHours: [0, 0, 7], skipDays: ['Sunday'] });
  });

  test('may come from the syndication module', async () => {
    const module = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"';
    const channel = `<sy:updatePeriod ${module}>hourly</sy:updatePeriod><sy:updateFrequency ${module}>4</sy:updateFrequency>`;
    expect((await hints(channel)).ttlMinutes).toBe(15);
  });

  test.each(['', '<ttl>soon</ttl>', '<ttl>0</ttl>', '<ttl>-5</ttl>'])('are none in %j', async (channel) => {
    expect(await hints(channel)).toEqual({ ttlMinutes: null, skipHours: [], skipDays: [] });
  });
});
