import { describe, expect, test } from 'vitest';
import { isAsShown } from '../../support/documents/shown-output.ts';

describe('isAsShown', () => {
  test.each([
    ['other times of day and ports', '09:30:00  a  http://127.0.0.1:7234', '12:00:00  a  http://127.0.0.1:7233'],
    ['other widths of columns', 'name    n\n------  -\nquakes  1\n', 'name  n\n----  -\nquakes     1'],
    ['what stands for anything in a line', 'since 2026-11-24: (why)', 'since …: (why)'],
    ['what stands for any lines', 'a\nb\nc\nd', 'a\n…\nd'],
    ['how far something has come', 'a\n0 %  0 of 1 processed\nb', 'a\nb'],
    ['what stands for no lines', 'a\nd', 'a\n…\nd'],
  ])('takes %s', (_what, output, shown) => {
    expect(isAsShown(output, shown, true)).toBe(true);
  });

  test.each([
    ['another count', 'fetched 3', 'fetched 2'],
    ['a line more', 'a\nb', 'a'],
    ['a line less', 'a', 'a\nb'],
    ['lines in another order', 'b\na', 'a\nb'],
    ['a dot for a letter', 'axb', 'a.b'],
  ])('does not take %s', (_what, output, shown) => {
    expect(isAsShown(output, shown, true)).toBe(false);
  });

  test('takes an output that continues, where it may', () => {
    expect(isAsShown('a\nb', 'a', false)).toBe(true);
  });
});
