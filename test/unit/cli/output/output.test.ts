import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  formatTable,
  print,
  printExactly,
  printJson,
  printLines,
  printInfo,
  shorten,
} from '../../../../src/cli/output/output.ts';
import { suggestForDemo } from '../../../../src/cli/output/suggestion.ts';
import { parseJson } from '../../../../src/formats/exact-json.ts';

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
  test('goes to stderr if it is for people, results to stdout', () => {
    const [stdout, stderr] = [captured(process.stdout), captured(process.stderr)];
    printInfo('reading');
    print('42');
    expect(stdout).toEqual(['42\n']);
    expect(stderr).toEqual(['reading\n']);
  });

  test('as JSON is one line, and numbers keep their digits', () => {
    const stdout = captured(process.stdout);
    printJson({ record: parseJson('{"id":9007199254740993,"text":"a\\nb","price":1.5}').value, none: undefined });
    expect(stdout).toEqual(['{"record":{"id":9007199254740993,"text":"a\\nb","price":1.5}}\n']);
  });
});

/** What a record, an error or a name may hold. */
const hostile = 'x\u001b[2J\u009b31m\u202eevil\r\ndaybook: OK\u0007';

describe('what is quoted from elsewhere', () => {
  test('stays on its line, and moves no cursor', () => {
    const [stdout, stderr] = [captured(process.stdout), captured(process.stderr)];
    print(`failed: ${hostile}`);
    printInfo(`daybook: ${hostile}`);
    printLines(`a\n${hostile}`);
    expect(stdout[0]).toBe('failed: x\\u001b[2J\\u009b31m\\u202eevil\\r\\ndaybook: OK\\u0007\n');
    // Lines of a message are ours, but none of them looks like another message.
    expect(stderr[0]).toBe('daybook: x\\u001b[2J\\u009b31m\\u202eevil\n  daybook: OK\\u0007\n');
    expect(stdout[1]).not.toMatch(/(?!\n)\p{Cc}|\u202e/u);
  });

  test('makes no second row of a table', () => {
    const table = formatTable(['name', hostile], [[hostile, '1']]);
    expect(table.split('\n')).toHaveLength(3);
    expect(table).not.toMatch(/(?!\n)\p{Cc}|\u202e/u);
  });

  test('is exactly the same in JSON, without terminal escapes', () => {
    const stdout = captured(process.stdout);
    printJson({ [hostile]: hostile });
    expect(JSON.parse(stdout[0] ?? '')).toEqual({ [hostile]: hostile });
    expect(stdout[0]?.trimEnd()).not.toMatch(/\p{Cc}|\u202e/u);
    printExactly(hostile);
    expect(stdout[1]).toBe(`${hostile}\n`);
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

  test('takes as many rows as there are', () => {
    const rows = Array.from({ length: 300_000 }, (_, n) => [String(n)]);
    expect(formatTable(['n'], rows).split('\n')).toHaveLength(300_002);
  });

  test('has a header without rows, and accepts short rows', () => {
    expect(formatTable(['a', 'b'], [])).toBe('a  b\n-  -');
    expect(formatTable(['a', 'b'], [['x']])).toBe('a  b\n-  -\nx');
  });
});

describe('shorten', () => {
  test('makes a text one line of at most the given length', () => {
    expect(shorten('a\n  b\tc', 10)).toBe('a b c');
    expect(shorten('abcdef', 6)).toBe('abcdef');
    expect(shorten('abcdefg', 6)).toBe('abcde…');
  });

  test('cuts no character in two', () => {
    for (const length of [1, 2, 3, 4, 5]) expect(shorten('😀😀😀😀', length).isWellFormed()).toBe(true);
  });
});

describe('a command that a message suggests', () => {
  // Other tests of this process may have used --demo.
  beforeEach(() => suggestForDemo(false));
  afterEach(() => suggestForDemo(false));

  test.each([
    ['resume with ./daybook resume items', 'resume with ./daybook --demo resume items'],
    ['./daybook --demo status shows it', './daybook --demo status shows it'],
    ['run ./daybook-report', 'run ./daybook-report'],
  ])('is one of the demo after --demo: %s', (said, printed) => {
    const stderr = captured(process.stderr);
    printInfo(said);
    suggestForDemo(true);
    printInfo(said);
    expect(stderr).toEqual([`${said}\n`, `${printed}\n`]);
  });
});
