import { expect, test } from 'vitest';
import { withoutWrapper } from '../../../../src/sources/feeds/xhtml-wrapper.ts';

test.each([
  ['<div xmlns="http://www.w3.org/1999/xhtml">a <b>c</b></div>', 'a <b>c</b>'],
  ['<x:div title="a > b"><div>c</div></x:div>', '<div>c</div>'],
  ['<div>a</div><div>b</div>', '<div>a</div><div>b</div>'],
  ['a <div>b</div>', 'a <div>b</div>'],
  ['<div>a</div> b', '<div>a</div> b'],
  ['<divider>a</divider>', '<divider>a</divider>'],
  ['<p>a</p>', '<p>a</p>'],
  ['', ''],
])('%s', (markup, expected) => {
  expect(withoutWrapper(markup)).toBe(expected);
});
