import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { alertNames } from '../../../src/domain/monitoring/alert.ts';
import { outcomes } from '../../../src/domain/run/receipt.ts';
import { rejectionReasons } from '../../../src/domain/dead-letters/rejection.ts';
import { actionFor, type SqlStateAction } from '../../../src/sinks/postgres/connection/sql-state.ts';
import { sqlStates } from '../sinks/postgres/connection/sql-states.ts';
import { warningCodes } from '../../../src/domain/run/warning.ts';

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
  const found = [
    ...text.matchAll(/\btype(?: =|:) '([A-Z]\w*[a-z]\w*)'/g),
    ...text.matchAll(/\.type \?\? '([A-Z]\w+)'/g),
  ];
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

  test('what each class of PostgreSQL’s codes means, and each code that means something else', () => {
    const actions: Record<string, SqlStateAction> = {
      'the record is refused': 'bisect',
      'the record, or settings': 'suspect',
      settings: 'misconfigured',
      'a new connection': 'reconnect',
      retry: 'retry',
      'retry, then smaller statements': 'halve',
      'retry, and check the server': 'retry_alert',
      'prepared again': 'reprepare',
      'corrupted data': 'corrupted',
    };
    const reported = new Map<string, SqlStateAction | undefined>();
    for (const [, meaning = '', codes = ''] of document.matchAll(/^\| ([a-z][a-z, ]+?) +\| (.*[`|].*)\|$/gm)) {
      if (!(meaning in actions)) continue;
      for (const [, code = ''] of codes.matchAll(/`(\w+)`/g)) reported.set(code, actions[meaning]);
    }
    const wrong = sqlStates.filter((code) => {
      const action = actionFor({ code, constraint: 'mine', message: 'any' });
      return (reported.get(code) ?? reported.get(code.slice(0, 2))) !== action;
    });
    expect(wrong).toEqual([]);
    for (const code of ['DB002', 'DB003']) expect(reported.get(code)).toBe(actionFor({ code, message: 'any' }));
  });

  test('every type of error', () => {
    const types = typesInCode();
    expect(types).toEqual(expect.arrayContaining(['SourceUnavailable', 'TooManyRejects', 'UsageError', 'Unexpected']));
    expect(namesBelow('Errors').sort()).toEqual(types.sort());
  });
});
