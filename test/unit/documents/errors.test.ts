import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { alertNames } from '../../../src/domain/alert.ts';
import { outcomes } from '../../../src/domain/receipt.ts';
import { rejectionReasons } from '../../../src/domain/rejection.ts';
import { warningCodes } from '../../../src/domain/warning.ts';

const document = readFileSync('docs/errors.md', 'utf8');

/** First cells of the tables below a heading of the second level. */
function namesBelow(heading: string): string[] {
  const section = document.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^\| `(\w+)`/gm)].map(([, name = '']) => name);
}

/** Types of failures, wherever the code names one: classes of errors, and failures that workflows end with. */
function typesInCode(): string[] {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const text = files.map((name) => readFileSync(`src/${name}`, 'utf8')).join('\n');
  const found = [...text.matchAll(/\btype(?: =|:) '([A-Z]\w+)'/g), ...text.matchAll(/\.type \?\? '([A-Z]\w+)'/g)];
  return [...new Set(found.map(([, type = '']) => type))];
}

describe('docs/errors.md explains, and no more than there is,', () => {
  test('every outcome', () => {
    expect(namesBelow('Outcomes of a run')).toEqual([...outcomes, 'failed']);
  });

  test('every reason of dead letters', () => {
    expect(namesBelow('Reasons of dead letters')).toEqual(rejectionReasons);
  });

  test('every alert', () => {
    expect(namesBelow('Alerts')).toEqual(alertNames);
  });

  test('every warning', () => {
    expect(namesBelow('Warnings')).toEqual(warningCodes);
  });

  test('every type of error', () => {
    const types = typesInCode();
    expect(types).toEqual(expect.arrayContaining(['SourceUnavailable', 'TooManyRejects', 'UsageError', 'Unexpected']));
    expect(namesBelow('Errors').sort()).toEqual(types.sort());
  });
});
