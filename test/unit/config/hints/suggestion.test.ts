import { describe, expect, test } from 'vitest';
import { findSource } from '../../../../src/config/file/find-source.ts';
import { suggestKey } from '../../../../src/config/hints/suggestion.ts';
import { UnknownSource } from '../../../../src/domain/errors.ts';
import { daybookYaml, file, http, parse } from '../daybook-yaml.ts';

const known = ['records', 'id', 'url', 'incremental', 'paginator', 'max_attempts', 'schedule'];

describe('suggestKey', () => {
  test('knows the words of other tools', () => {
    expect(suggestKey('data_selector', known)).toBe('records');
    expect(suggestKey('primary_key', known)).toBe('id');
    expect(suggestKey('cursor_path', known)).toBe('incremental.cursor');
    expect(suggestKey('Base-URL', known)).toBe('url');
  });

  test('offers only keys that are valid there', () => {
    expect(suggestKey('data_selector', ['id', 'url'])).toBeNull();
    expect(suggestKey('record', [])).toBeNull();
  });

  test('finds the closest spelling, in any case', () => {
    expect(suggestKey('recods', known)).toBe('records');
    expect(suggestKey('Paginater', known)).toBe('paginator');
    expect(suggestKey('maxattempts', known)).toBe('max_attempts');
  });

  test('suggests nothing if nothing is close', () => {
    expect(suggestKey('completely_different', known)).toBeNull();
  });
});

describe('findSource', () => {
  const config = parse(daybookYaml([http(), file()]));

  test('finds a source by its name', () => {
    expect(findSource(config, 'archive')).toBe(config.sources[1]);
  });

  test('names the closest one, else all of them', () => {
    expect(() => findSource(config, 'qakes')).toThrow(UnknownSource);
    expect(() => findSource(config, 'qakes')).toThrow(/"qakes".*"quakes"/);
    expect(() => findSource(config, 'weather-reports')).toThrow(/"weather-reports".*quakes, archive/);
  });
});
