import { describe, expect, test } from 'vitest';
import { addWarnings, warningLine, type Warning } from '../../../../src/domain/run/warning.ts';

const bad = (message: string, count = 1): Warning => ({ code: 'bad_bytes', message, count });

describe('the warnings of a run', () => {
  test('are counted by code and message', () => {
    const field: Warning = { code: 'field_empty', message: 'price', count: 1 };
    const first = addWarnings([], [bad('a', 2), field]);
    expect(addWarnings(first, [bad('a', 3)])).toEqual([bad('a', 5), field]);
    expect(first).toEqual([bad('a', 2), field]);
  });

  test('are a few a code: further messages are counted with the last one', () => {
    const all = ['a', 'b', 'c', 'd', 'e'].map((message) => bad(message));
    expect(addWarnings([], all)).toEqual([bad('a'), bad('b'), bad('c', 3)]);
  });

  test('say how often they were noticed', () => {
    expect(warningLine(bad('one'))).toBe('warning bad_bytes: one');
    expect(warningLine(bad('many', 7))).toBe('warning bad_bytes: many (7 times)');
  });
});
