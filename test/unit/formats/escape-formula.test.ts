import { expect, test } from 'vitest';
import { escapeFormula } from '../../../src/formats/csv/csv.ts';

test.each(['=1+1', '+1', '-1', '@sum', '\tx', '\rx', '\nx', '＝1+1', '＋1', '－1', '＠sum'])(
  '%j gets an apostrophe in front',
  (cell) => {
    expect(escapeFormula(cell)).toBe(`'${cell}`);
  },
);

test.each(['', 'a=1', ' =1', "'=1", '{"a":"=1"}', '1', '2026-11-01'])('%j stays as it is', (cell) => {
  expect(escapeFormula(cell)).toBe(cell);
});
