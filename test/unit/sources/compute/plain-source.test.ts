import { describe, expect, test } from 'vitest';
import type { HttpJsonPlan } from '../../../../src/domain/plan/source-plan.ts';
import { createLocalCompute } from '../../../../src/sources/compute/compute.ts';
import { isPlain } from '../../../../src/sources/compute/plain-source.ts';
import { SourceReader } from '../../../../src/sources/compute/source-reader.ts';
import { filePlan, httpPlan } from '../plans.ts';

const time = { path: 'at', format: 'iso8601', timezone: 'UTC', onMissing: 'reject' as const };
const limits = { stopAfterEmptyPage: true, maxPages: null };
const byNumber = { ...limits, type: 'page_number' as const, pageParam: 'p', basePage: 1, hasMorePath: null };
const incremental = {
  cursor: 'at',
  format: 'iso8601',
  startParam: null,
  endParam: null,
  initialValue: null,
  lagMs: 0,
} as HttpJsonPlan['incremental'];

describe('a source whose configuration computes nothing is read on the main thread:', () => {
  test.each<[string, Partial<HttpJsonPlan>, boolean]>([
    ['paths of keys', { records: 'data.all-items', id: ['order-id', 'a.b'] }, true],
    ['a time that is always that of the fetch', { occurredAt: { ...time, path: null } }, true],
    ['a paginator by number', { paginator: { ...byNumber, totalPath: null } }, true],
    ['an expression for records', { records: 'items[?a]' }, false],
    ['an expression for the id', { id: ['id', 'a || b'] }, false],
    ['an expression for the time', { occurredAt: { ...time, path: 'max(times)' } }, false],
    ['an expression for the cursor', { incremental: incremental && { ...incremental, cursor: 'a[0]' } }, false],
    [
      'an expression for the next page',
      { paginator: { type: 'json_link', nextUrlPath: 'a[0]', hasMorePath: null, ...limits } },
      false,
    ],
    [
      'an expression for whether there is one',
      { paginator: { type: 'json_link', nextUrlPath: 'a', hasMorePath: 'b == `1`', ...limits } },
      false,
    ],
    ['an expression for the number of pages', { paginator: { ...byNumber, totalPath: 'length(@)' } }, false],
  ])('%s', (_, plan, plain) => {
    expect(isPlain(httpPlan(plan), null)).toBe(plain);
  });

  test('a schema', () => {
    expect(isPlain(httpPlan(), '{}')).toBe(false);
    expect(isPlain(filePlan(), null)).toBe(true);
  });
});

describe('what a plain source sends takes negligible time:', () => {
  const long = 500_000;
  test.each([
    ['a long id', `{"id":"${'a'.repeat(long)}","at":"2026-11-01T00:00:00Z"}`],
    ['a long number as id', `{"id":${'9'.repeat(long)},"at":"2026-11-01T00:00:00Z"}`],
    ['a long fraction', `{"id":1.${'9'.repeat(long)},"at":"2026-11-01T00:00:00Z"}`],
    ['a long time', `{"id":1,"at":"${'1'.repeat(long)}"}`],
    ['a time of blanks', `{"id":1,"at":"2026-11-01T00:00:00${' '.repeat(long)}x"}`],
    ['a time with a long fraction', `{"id":1,"at":"2026-11-01T00:00:00.${'0'.repeat(long)}x"}`],
    ['a time as a long number', `{"id":1,"at":${'9'.repeat(long)}}`],
    [
      'many members',
      `{"id":1,"at":"2026-11-01T00:00:00Z",${Array.from({ length: 60_000 }, (_, n) => `"k${n}":${n}`).join(',')}}`,
    ],
    ['many objects', `{"id":1,"at":"2026-11-01T00:00:00Z","list":[${'{"a":1},'.repeat(120_000)}1]}`],
    ['many exact numbers', `{"id":1,"at":"2026-11-01T00:00:00Z","list":[${'12345678901234567890,'.repeat(45_000)}1]}`],
    ['deep nesting', `{"id":1,"at":"2026-11-01T00:00:00Z","list":${'['.repeat(long)}${']'.repeat(long)}}`],
    ['lone surrogates', `{"id":1,"at":"2026-11-01T00:00:00Z","a":"${String.raw`\ud800`.repeat(160_000)}"}`],
  ])('%s', async (_, record) => {
    for (const format of ['iso8601', 'epoch_s', 'dd.MM.yyyy HH:mm']) {
      const plan = httpPlan({ records: '@', occurredAt: { ...time, format } });
      const reader = new SourceReader(plan, null, createLocalCompute());
      reader.checksDocuments = { number: 1, days: [], makesDigests: true, hashPages: true, since: null };
      const body = Buffer.from(`[${record}]`);
      const response = { status: 200, headers: { 'content-type': 'application/json' }, url: 'http://origin/', body };
      const read = async () => reader.format('*').read(response, new Date(), { place: { page: 1, cursor: null } });
      const before = process.cpuUsage();
      await read().catch(() => null);
      // CPU time, whatever else the machine does: it is a tenth of a second, or one at worst.
      expect(process.cpuUsage(before).user / 1000).toBeLessThan(3_000);
    }
  });
});
