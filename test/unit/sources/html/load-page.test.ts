import * as fc from 'fast-check';
import { load } from 'cheerio';
import { describe, expect, test } from 'vitest';
import { loadPage } from '../../../../src/sources/html/load-page.ts';

const names = ['html', 'head', 'body', 'div', 'p', 'b', 'a', 'table', 'tr', 'td', 'template', 'svg', 'math', 'select'];
const rarer = [
  'option',
  'form',
  'script',
  'style',
  'title',
  'frameset',
  'noscript',
  'li',
  'br',
  'meta',
  'foreignObject',
];
const tag = fc.constantFrom(...names, ...rarer);
const attribute = fc.constantFrom(
  '',
  ' class="c"',
  ' lang=de',
  ' xlink:href="#a"',
  ' xml:lang=de',
  ' __proto__=1',
  ' id',
);
const attributes = fc.array(attribute, { maxLength: 3 }).map((parts) => parts.join(''));
const piece = fc.oneof(
  fc.tuple(tag, attributes).map(([name, written]) => `<${name}${written}>`),
  tag.map((name) => `</${name}>`),
  fc.constantFrom(
    'text',
    ' ',
    '\0',
    '<!-- c -->',
    '<!doctype html>',
    '<![CDATA[x]]>',
    '<?xml version="1.0"?>',
    '&amp;',
    '<',
  ),
);

describe('loadPage', () => {
  test('reads any soup of tags as cheerio does', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const html = pieces.join('');
        expect(loadPage('news', html).html()).toBe(load(html).html());
      }),
      { numRuns: 150 },
    );
  });

  test.each([
    ['a second body', '<body><p>a</p><body class="x" id="1"><p>b</p>', 'body', 'x'],
    ['a div in the head', '<head><div>a</div></head><body class="x"><p>b</p></body>', 'body', 'x'],
    ['text before html', 'warning <html class="x"><body><p>b</p></body></html>', 'html', 'x'],
    ['a comment in between', '<p>a</p><html class="x" lang="de">', 'html', 'x'],
    ['two classes', '<body class="x"><body class="y">', 'body', 'x'],
    ['an empty class', '<body class><body class="y">', 'body', ''],
  ])('adds the attributes of a later html or body to the first: %s', (_, html, selector, expected) => {
    expect(loadPage('news', html)(selector).attr('class')).toBe(expected);
  });

  test.each(['<div>', '<b>', '<ul><li>', '<span><p>'])('flattens what is nested too deep: %s', (tags) => {
    const $ = loadPage('news', `${tags.repeat(2_000)}<p class="a">x</p>y<p class="a">z</p>`);
    expect([...$('.a')].map((element) => $(element).text())).toEqual(['x', 'z']);
    expect($.text()).toContain('y');
    let depth = 0;
    for (let parent = $('.a')[0]?.parent; parent; parent = parent.parent) depth++;
    expect(depth).toBeLessThan(1_010);
  });

  test.each(['<div>', '<b>', '<ul><li>', '<span><p>'])('reads what is nested without end: %s', (tags) => {
    const closed = tags.replaceAll('<', '</').repeat(6_000);
    const $ = loadPage('news', `<p class="a">w</p>${tags.repeat(6_000)}<p class="a">x</p>y${closed}<p class="a">z</p>`);
    expect([...$('.a')].map((element) => $(element).text())).toEqual(['w', 'x', 'z']);
    expect($.text()).toContain('y');
  });

  test('refuses tables within each other without end', () => {
    expect(() => loadPage('news', '<table><td>'.repeat(3_000))).toThrow('more than 5000 tables');
  });
});
