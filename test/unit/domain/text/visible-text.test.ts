import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { visibleJson, visibleLines, visibleText } from '../../../../src/domain/text/visible-text.ts';
import { anyCharacter } from '../../../support/any-character.ts';

/** What a terminal obeys, or an eye does not see. */
const unseen: [what: string, text: string, shown: string][] = [
  ['an ANSI escape', '\u001b[31mred\u001b[0m', '\\u001b[31mred\\u001b[0m'],
  ['an ANSI escape of one character', '\u009b31mred', '\\u009b31mred'],
  ['a title of the terminal', '\u001b]0;title\u0007', '\\u001b]0;title\\u0007'],
  ['a step back', 'safe\b\b\b\bevil', 'safe\\u0008\\u0008\\u0008\\u0008evil'],
  ['a carriage return', 'safe\revil', 'safe\\revil'],
  ['a line break', 'safe\ndaybook: OK', 'safe\\ndaybook: OK'],
  ['a tab', 'a\tb', 'a\\tb'],
  ['NUL and DEL', '\0\u007f', '\\u0000\\u007f'],
  ['another direction of writing', 'a\u202egpj.exe\u202c', 'a\\u202egpj.exe\\u202c'],
  ['an isolate', '\u2066\u2067x\u2069', '\\u2066\\u2067x\\u2069'],
  ['separators', 'a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
  ['nothing to see', 'a\u200bb\ufeffc\u2060d', 'a\\u200bb\\ufeffc\\u2060d'],
  ['tags', 'a\u{e0041}\u{e007f}', 'a\\u{e0041}\\u{e007f}'],
  ['half a character', 'a\ud83d', 'a\\ud83d'],
];
const seen = ['plain', 'Grüße, Привет, 你好', 'مرحبا', 'शब्द', '👩‍👩‍👧‍👦 🏳️‍🌈', 'a\\b "c" <d>'];
const control = /\p{Cc}|[\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

describe('visibleText', () => {
  test.each(unseen)('shows %s', (_, text, shown) => expect(visibleText(text)).toBe(shown));
  test.each(seen)('leaves %s as it is', (text) => expect(visibleText(text)).toBe(text));

  test('is one line without control characters, whatever comes in', () => {
    const anything = fc.string({ unit: anyCharacter });
    fc.assert(
      fc.property(anything, (text) => {
        expect(visibleText(text)).not.toMatch(control);
        expect(visibleText(text).isWellFormed()).toBe(true);
      }),
    );
  });
});

describe('visibleLines', () => {
  test('keeps lines and tabs, and nothing else of the kind', () => {
    expect(visibleLines('a\r\n\tb\nc\u001b\rd')).toBe('a\n\tb\nc\\u001b\\rd');
  });
});

describe('visibleJson', () => {
  test('is JSON of exactly the same value, without anything unseen', () => {
    const anything = fc.jsonValue({ stringUnit: 'binary' });
    fc.assert(
      fc.property(anything, (value) => {
        const json = visibleJson(JSON.stringify(value));
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(json).not.toMatch(control);
      }),
    );
    expect(visibleJson('{"id":9007199254740993,"t":"\u202e"}')).toBe('{"id":9007199254740993,"t":"\\u202e"}');
  });
});
