import { load } from 'cheerio';
import { describe, expect, test } from 'vitest';
import { WrongShape } from '../../../../src/domain/errors.ts';
import { createItemFinder } from '../../../../src/sources/html/find-items.ts';
import { HtmlPage } from '../../../../src/sources/html/html-page.ts';
import { jsonInText } from '../../../../src/sources/html/json-in-text.ts';
import { readItems } from '../../../../src/sources/html/read-items.ts';

/** What the items of a page with these elements are: their values, or the reasons why they are none. */
function itemsOf(html: string, selector = 'script') {
  const find = createItemFinder('news', { selector, json: '@' });
  return readItems({ find, fields: [] }, new HtmlPage(load(html), 'http://origin/')).map((item) =>
    'raw' in item ? item.raw.value : `${item.rejection.reason} ${item.rejection.message} ${item.recordText}`,
  );
}

const ld = (text: string) => `<script type="application/ld+json">${text}</script>`;

describe('items.json', () => {
  test('refuses an element whose JSON is broken, and takes the others', () => {
    expect(itemsOf(ld('{"id":1}') + ld('{"id":2,,"a":"x = {}"}') + ld('[{"id":3},{"id":4}]'))).toEqual([
      { id: 1 },
      expect.stringMatching(
        /^invalid_json element 2 of 3 that match items\.selector "script" is not JSON: .+ "\{\\"id\\":2,,.*\}"$/,
      ),
      { id: 3 },
      { id: 4 },
    ]);
    expect(itemsOf('<b>{"id":1}</b><b>{"id":2</b>', 'b')).toEqual([
      { id: 1 },
      expect.stringMatching(/^invalid_json element 2/),
    ]);
  });

  test('skips what is not meant as JSON', () => {
    const code = '<script>track({ a: 1 })</script><script>window.a = { b: 1 };</script>';
    expect(itemsOf(`${code}<script type="application/json"> </script>${ld('{"id":1}')}`)).toEqual([{ id: 1 }]);
    expect(itemsOf('<b>text</b><b>{"id":1}</b>', 'b')).toEqual([{ id: 1 }]);
    expect(itemsOf(`${code}<script>window.c = {"id":1};</script>`)).toEqual([{ id: 1 }]);
  });

  test('refuses each element of a page whose JSON is all broken', () => {
    expect(itemsOf(ld('{"id":1') + ld('{"id":2,,}'))).toEqual([
      expect.stringMatching(/^invalid_json element 1 of 2/),
      expect.stringMatching(/^invalid_json element 2 of 2/),
    ]);
  });

  test('fails where no element is meant as JSON', () => {
    expect(() => itemsOf('<script>track({ a: 1 })</script>')).toThrow(WrongShape);
  });
});

describe('jsonInText', () => {
  test.each([
    '{"a":1}',
    '\ufeff{"a":1}',
    ' \n\ufeff \n{"a":1};\n',
    '<!-- {"a":1} -->',
    '<!--\n{"a":1}\n//-->',
    '<!-- generated -->\n{"a":1}',
    '{"a":1}<!-- end -->',
    '/* generated */ {"a":1}; /* end */',
    '//generated\n{"a":1}\n// end',
    '/* one */ /* two */\n// three\n{ /* four */ "a": 1 // five\n}',
    '\ufeff/* generated */\n\ufeff{"a":1}',
    '//<![CDATA[\n{"a":1}\n//]]>',
    '/*<![CDATA[*/ {"a":1} /*]]>*/',
    '<![CDATA[{"a":1}]]>',
    'window.state = {"a":1};',
  ])('finds it in %j', (text) => {
    expect(jsonInText(text).values).toMatchObject([{ value: { a: 1 } }]);
  });

  test.each(['{"a":"http://x/*y*/<!-- z -->\\" // b"}', '// c\n{"a":"http://x/*y*/<!-- z -->\\" // b"}'])(
    'leaves strings alone: %j',
    (text) => {
      expect(jsonInText(text).values).toMatchObject([{ value: { a: 'http://x/*y*/<!-- z -->" // b' } }]);
    },
  );

  test.each(['', 'text', '{"a":', '/* {"a":1}', '<!--', '"\\', '// {"a":1}'])('finds none in %j', (text) => {
    expect(jsonInText(text)).toMatchObject({ values: [], problem: expect.any(String) as string });
  });
});

test.each([
  ['{"a":[1,2,],"b":",}" , }', { a: [1, 2], b: ',}' }],
  ['\u200b{"a":1, // last\n}\u200b', { a: 1 }],
])('skips trailing commas: %j', (text, expected) => {
  expect(jsonInText(text).values.map(({ value }) => JSON.parse(JSON.stringify(value)) as unknown)).toEqual([expected]);
});
