import { describe, expect, test } from 'vitest';
import { wordsInCode, wordsInDocument } from '../../../scripts/words/words.js';

describe('the check of words', () => {
  test.each([
    ['a name', 'const mayGoOn = 1;', 'a.ts:1: mayGoOn, use continues'],
    ['a comment', '\n// A run goes on here.', 'a.ts:2: "goes on", use continue, resume'],
    ['a comment of several lines', '/**\n * It goes\n * on.\n */', 'a.ts:2: "goes on", use continue, resume'],
    ['a text', "say('mend it');", 'a.ts:1: "mend", use fix, repair'],
    ['a template', 'say(`${a({})} is under way ${b}`);', 'a.ts:1: "under way", use running, active'],
  ])('finds an avoided word in %s', (_where, source, found) => {
    expect(wordsInCode('a.ts', source)).toEqual([found]);
  });

  test('finds an avoided word in the name of a file', () => {
    expect(wordsInCode('src/take-up.ts', '')).toEqual(['src/take-up.ts:1: take-up, use resume']);
  });

  test('reads no code as prose: patterns, divisions, and words on both sides of code', () => {
    expect(wordsInCode('a.ts', "const a = b / c; /goes on/.test('goes' + 'on'); (1) / 2 / goes;")).toEqual([]);
  });

  test('finds an avoided phrase that a line break of a document divides', () => {
    expect(wordsInDocument('docs/a.md', 'one\n\n> taken\n> up')).toEqual(['docs/a.md:3: "taken up", use start']);
  });

  test('leaves released sections of the changelog alone', () => {
    expect(wordsInDocument('CHANGELOG.md', '# Changelog\n\n## 2, unreleased\n\n## 1\n\n- goes on\n')).toEqual([]);
  });
});
