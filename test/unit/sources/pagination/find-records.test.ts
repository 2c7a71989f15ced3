import { describe, expect, test } from 'vitest';
import { WrongShape } from '../../../../src/domain/errors.ts';
import { compileExpression } from '../../../../src/formats/jmespath/jmespath.ts';
import { findRecords } from '../../../../src/sources/pagination/find-records.ts';

const find = (path: string, page: unknown) => findRecords('news', path, compileExpression(path), page);

function failure(path: string, page: unknown): string {
  try {
    find(path, page);
  } catch (error) {
    if (error instanceof WrongShape) return error.message;
    throw error;
  }
  throw new Error(`found records at ${path}`);
}

describe('findRecords', () => {
  test('finds the list that the expression leads to', () => {
    expect(find('@', [1, 2])).toEqual([1, 2]);
    expect(find('data.items', { data: { items: [1] } })).toEqual([1]);
    expect(find('data[?ok].value', { data: [{ ok: true, value: 1 }, { ok: false }] })).toEqual([1]);
    expect(find('items', { items: [] })).toEqual([]);
  });

  test('treats a null as an empty list only if the path really leads to it', () => {
    expect(find('@', null)).toEqual([]);
    expect(find('data.items', { data: { items: null } })).toEqual([]);
    for (const page of [{}, { data: null }, { data: {} }, { data: [] }, null, 7]) {
      expect(failure('data.items', page)).toContain('leads to nothing, expected a list');
    }
  });

  test.each([
    ['items', { items: { a: 1 } }, 'an object'],
    ['items', { items: 'none' }, 'a string'],
    ['items', { items: 5 }, 'a number'],
    ['@', { items: [] }, 'an object'],
    ['@', 'text', 'a string'],
  ])('refuses what is not a list: %s of %j', (path, page, kind) => {
    expect(failure(path, page)).toContain(`"${path}" leads to ${kind}, expected a list`);
  });

  test('names the lists that the page has', () => {
    expect(failure('items', [1])).toContain('records: "@"');
    expect(failure('items', { results: [], meta: { tags: [], more: { deep: [] } } })).toContain(
      'the page has lists at results, meta.tags',
    );
    expect(failure('items', { error: 'rate limited' })).toContain('the page has none');
  });

  test('reports an expression that fails on the page', () => {
    expect(failure('sort_by(@, &a)', 'text')).toContain('records "sort_by(@, &a)" failed on the page');
  });

  test('does not take an inherited member for one of the page', () => {
    expect(failure('constructor', {})).toContain('leads to nothing');
    expect(failure('toString', { a: 1 })).toContain('leads to nothing');
  });
});
