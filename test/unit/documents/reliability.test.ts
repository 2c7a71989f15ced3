import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { faults } from '../../faults-long/faults.ts';

const document = readFileSync('docs/reliability.md', 'utf8');

function rowsBelow(heading: string): string[][] {
  const section = document.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(2).map((row) => row.split('|').map((cell) => cell.trim()));
}

describe('docs/reliability.md', () => {
  test('has a row for each fault that the trials apply, in their order, and says which need --long', () => {
    expect(rowsBelow('One fault at a time').map(([, name, , tried]) => [name, tried])).toEqual(
      faults.map(({ name, long }) => [name, long ? '`--long`' : 'each time']),
    );
  });

  test('names tests that exist, and all of test/faults', () => {
    const named = rowsBelow('Other faults').map(([, , , file = '']) => file.replaceAll('`', ''));
    expect(named.filter((file) => !existsSync(file))).toEqual([]);
    const there = readdirSync('test/faults').filter((name) => name.endsWith('.test.ts'));
    expect(there.filter((name) => !named.includes(`test/faults/${name}`))).toEqual([]);
  });
});
