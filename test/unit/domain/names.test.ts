import { describe, expect, test } from 'vitest';
import {
  commandRunId,
  scheduledRunId,
  scrapeRunType,
  scrapeScheduleId,
  sourceSearchAttribute,
  taskQueue,
} from '../../../src/domain/names.ts';
import { rejectionReasons } from '../../../src/domain/rejection.ts';
import { sourceNamePattern } from '../../../src/domain/source-name.ts';

describe('wire names', () => {
  test('are those that operators type', () => {
    expect([taskQueue, scrapeRunType, sourceSearchAttribute]).toEqual(['daybook', 'scrapeRun', 'DaybookSource']);
    expect(scrapeScheduleId('quakes')).toBe('scrape-quakes');
    expect(scheduledRunId('quakes')).toBe('scrape-quakes');
    expect(commandRunId('quakes', new Date('2026-11-01T09:00:00Z'))).toBe('scrape-quakes-run-2026-11-01T09:00:00.000Z');
  });

  test('of rejections are those that dead letters show', () => {
    expect(rejectionReasons.join(', ')).toBe(
      'invalid_json, wrong_shape, missing_id, invalid_id, missing_time, invalid_time, out_of_range, schema, too_large, unstorable',
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
