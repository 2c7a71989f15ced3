import { afterEach, describe, expect, test, vi } from 'vitest';
import { formatTable, print, printJson, say, shorten } from '../../../src/cli/output.ts';
import { parseJson } from '../../../src/domain/json.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** What is written to a stream from now on. */
function captured(stream: NodeJS.WriteStream): string[] {
  const chunks: string[] = [];
  vi.spyOn(stream, 'write').mockImplementation((chunk) => chunks.push(String(chunk)) > 0);
  return chunks;
}

describe('output', () => {
  test('for people goes to stderr, what was asked for to stdout', () => {
    const [stdout, stderr] = [captured(process.stdout), captured(process.stderr)];
    say('reading');
    print('42');
    expect([stdout, stderr]).toEqual([['42\n'], ['reading\n']]);
  });

  test('as JSON is one line, and numbers keep their digits', () => {
    const stdout = captured(process.stdout);
    printJson({ record: parseJson('{"id":9007199254740993,"text":"a\\nb","price":1.5}').value, none: undefined });
    expect(stdout).toEqual(['{"record":{"id":9007199254740993,"text":"a\\nb","price":1.5}}\n']);
  });
});

describe('formatTable', () => {
  test('aligns columns, numbers to the right', () => {
    const table = formatTable(
      ['source', 'today', 'note'],
      [
        ['quakes', '7', 'é'],
        ['a-long-name', '1,234', 'xyz'],
      ],
    );
    expect(table.split('\n')).toEqual([
      'source       today  note',
      '-----------  -----  ----',
      'quakes           7  é',
      'a-long-name  1,234  xyz',
    ]);
  });

  test('has a head without rows, and bears short rows', () => {
    expect(formatTable(['a', 'b'], [])).toBe('a  b\n-  -');
    expect(formatTable(['a', 'b'], [['x']])).toBe('a  b\n-  -\nx');
  });
});

describe('shorten', () => {
  test('makes one line of a text, no longer than asked for', () => {
    expect(shorten('a\n  b\tc', 10)).toBe('a b c');
    expect(shorten('abcdef', 6)).toBe('abcdef');
    expect(shorten('abcdefg', 6)).toBe('abcde…');
  });

  test('cuts no character in two', () => {
    for (const length of [1, 2, 3, 4, 5]) expect(shorten('😀😀😀😀', length).isWellFormed()).toBe(true);
  });
});
