import { describe, expect, test } from 'vitest';
import { ProgressLine, timeLeft } from '../../../../../src/cli/output/terminal/progress.ts';

/** A stream that keeps what is written, with or without a window. */
function stream(columns: number | null) {
  const written: string[] = [];
  const target = {
    isTTY: columns !== null,
    columns,
    rows: 24,
    getColorDepth: () => 1,
    write: (text: string) => written.push(text) > 0,
  };
  return { written, target: target as unknown as NodeJS.WriteStream };
}

describe('progress on a terminal', () => {
  test('is one line with percent and time left, written over itself, and ended', () => {
    const { written, target } = stream(80);
    let now = 0;
    const line = new ProgressLine(target, () => now);
    line.show({ text: '0 windows done', done: 0, total: 4 });
    now = 30_000;
    line.show({ text: '1 windows done', done: 1, total: 4 });
    line.show({ text: '1 windows done', done: 1, total: 4 });
    line.end();
    expect(written).toEqual([
      '\r0 %  0 windows done\u001b[K',
      '\r25 %  1 windows done; about 1m30s left\u001b[K',
      '\n',
    ]);
  });

  test('is never wider than the terminal, also with wide characters', () => {
    const { written, target } = stream(20);
    new ProgressLine(target).show({ text: '日本語の日本語の日本語', done: 1, total: null });
    expect(written).toEqual(['\r日本語の日本語の日…\u001b[K']);
  });
});

test('progress elsewhere is few plain lines, each at least ten seconds after the one before', () => {
  const { written, target } = stream(null);
  let now = 0;
  const line = new ProgressLine(target, () => now);
  for (let done = 0; done <= 100; done++) {
    line.show({ text: `${done} done`, done, total: 100 });
    now += 500;
  }
  line.end();
  expect(written).toEqual([
    '0 %  0 done\n',
    '20 %  20 done\n',
    '40 %  40 done\n',
    '60 %  60 done\n',
    '80 %  80 done\n',
    '100 %  100 done\n',
  ]);
});

describe('timeLeft', () => {
  test.each([
    [{ done: 0, ms: 0 }, { done: 1, ms: 10_000 }, 3, '20s'],
    // What was done before this command looked says nothing of the pace.
    [{ done: 50, ms: 0 }, { done: 60, ms: 10_000 }, 100, '40s'],
    [{ done: 0, ms: 0 }, { done: 1, ms: 1_000_000 }, 10, '2h30m'],
    [{ done: 0, ms: 0 }, { done: 0, ms: 10_000 }, 3, null],
    [{ done: 0, ms: 0 }, { done: 3, ms: 10_000 }, 3, null],
  ])('from %j to %j of %i is %j', (first, latest, total, expected) => {
    expect(timeLeft(first, latest, total)).toBe(expected);
  });
});
