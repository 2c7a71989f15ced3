import { describe, expect, test } from 'vitest';
import { startPosition } from '../../../../src/domain/state/poll.ts';
import { collect } from '../../../../src/sources/collect/collect.ts';
import type { Page } from '../../../../src/sources/extraction/page.ts';
import { httpPlan, readerOf, state } from '../plans.ts';

const fetchedAt = new Date('2026-11-23T12:00:00.000Z');
const since = '2026-11-20T10:30:00.000000Z';

/** The warnings of a poll that asked for what is newer than `since`, and got records of these times. */
async function warningsOf(times: readonly string[], fields = {}) {
  const incremental = { cursor: 'changed', format: 'iso8601', startParam: 'updated_after', endParam: null };
  const plan = httpPlan({ incremental: { ...incremental, initialValue: null, lagMs: 0, ...fields } });
  const place = { type: 'http', page: 0, cursor: null, skip: 0, since, recentPages: [] } as const;
  const value = (changed: string, id: number) => ({ id, at: '2026-11-01T00:00:00Z', changed });
  const items = times.map((changed, index) => ({
    index,
    raw: {
      value: value(changed, index),
      exact: false,
      mayBeDeep: false,
    },
  }));
  async function* pages(): AsyncGenerator<Page> {
    yield { items, fetchedAt, next: null, patch: {} };
  }
  const { warnings } = await collect({
    plan,
    position: startPosition(place, state, fetchedAt),
    pages: pages(),
    known: null,
    reader: readerOf(plan),
    limits: {
      maxRecords: 100,
      maxBytes: 1_000_000,
      maxMs: 60_000,
    },
  });
  return warnings.filter(({ code }) => code === 'start_param_ignored');
}

describe('records older than requested', () => {
  test('get a warning, with their number', async () => {
    const warnings = await warningsOf(['2026-11-21T00:00:00Z', '2026-11-01T00:00:00Z', '2020-01-01T00:00:00Z']);
    expect(warnings).toMatchObject([{ code: 'start_param_ignored', count: 2 }]);
    expect(warnings[0]?.message).toContain('`updated_after`');
  });

  test.each<[what: string, times: string[], fields?: object]>([
    ['they are new', ['2026-11-20T10:30:00Z', '2026-11-22T00:00:00Z']],
    ['lag allows for them', ['2026-11-20T09:45:00Z'], { lagMs: 3_600_000 }],
    ['the parameter is a day, so that the whole day was asked for', ['2026-11-20'], { format: 'yyyy-MM-dd' }],
    ['only the parameter is a day', ['2026-11-20T00:10:00Z'], { paramFormat: 'yyyy-MM-dd' }],
    ['no parameter asks for what is newer', ['2020-01-01T00:00:00Z'], { startParam: null }],
    ['they have no time', ['soon']],
  ])('get no warning if %s', async (_, times, fields) => {
    expect(await warningsOf(times, fields)).toEqual([]);
  });

  test('get a warning even if the format is a day', async () => {
    expect(await warningsOf(['2026-11-19'], { format: 'yyyy-MM-dd' })).toHaveLength(1);
  });
});
