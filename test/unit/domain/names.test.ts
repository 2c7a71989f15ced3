import { describe, expect, test } from 'vitest';
import { Instance } from '../../../src/domain/instance.ts';
import { scrapeRunType, sourceSearchAttribute } from '../../../src/domain/names.ts';
import { rejectionReasons } from '../../../src/domain/dead-letters/rejection.ts';
import { sourceNamePattern } from '../../../src/domain/plan/source-plan.ts';

describe('wire names', () => {
  test('are those that operators type', () => {
    expect(new Instance().taskQueue).toBe('daybook');
    expect(scrapeRunType).toBe('scrapeRun');
    expect(sourceSearchAttribute).toBe('DaybookSource');
  });

  test.each([
    ['scrape-quakes-2026-11-01T09:00:00Z', 'quakes'],
    ['scrape-quakes-run-2026-11-01T09:00:00.000Z', 'quakes'],
    ['scrape-quakes-run-2026-11-01T09:00:00Z', 'quakes-run'],
    ['backfill-quakes/2026-11-01', null],
    ['scrape-quakes', null],
  ])('of the run %s tell its source: %s', (id, source) => {
    expect(new Instance().sourceOfRun(id)).toBe(source);
  });

  test('of rejections are those that dead letters show', () => {
    expect(rejectionReasons.join(', ')).toBe(
      'invalid_json, wrong_shape, missing_id, invalid_id, duplicate_id, missing_time, invalid_time, out_of_range, schema, too_large, too_costly, unstorable, parent_failed',
    );
  });
});

describe('the name of a source', () => {
  test.each(['quakes', 'a', '0', 'a-b_c', '9lives', 'a'.repeat(63)])('may be %s', (name) => {
    expect(name).toMatch(sourceNamePattern);
  });

  test.each(['', '-a', '_a', 'A', 'ä', 'a.b', 'a/b', '..', 'a b', 'a\n', ' a', 'a'.repeat(64)])(
    'is never %j',
    (name) => {
      expect(name).not.toMatch(sourceNamePattern);
    },
  );
});
