import { describe, expect, test } from 'vitest';
import { noHints } from '../../../../src/sources/feeds/feed-item.ts';
import { freshUntil } from '../../../../src/sources/feeds/freshness.ts';

const at = new Date('2026-11-01T09:30:00.000Z'); // a Sunday
const after = (minutes: number) => new Date(at.getTime() + minutes * 60_000).toISOString();
const fresh = (hints = {}, headers = {}) => freshUntil({ ...noHints, ...hints }, headers, at);

describe('freshUntil', () => {
  test('is not set where a feed says nothing', () => {
    expect(fresh()).toBeNull();
  });

  test('follows ttl, else Cache-Control, less its age', () => {
    expect(fresh({ ttlMinutes: 15 }, { 'cache-control': 'max-age=60' })).toBe(after(15));
    expect(fresh({}, { 'cache-control': 'public, max-age=600' })).toBe(after(10));
    expect(fresh({}, { 'cache-control': 'max-age=600', age: '540' })).toBe(after(1));
    expect(fresh({}, { 'cache-control': 'no-cache, max-age=600' })).toBeNull();
  });

  test('is an hour at most', () => {
    expect(fresh({ ttlMinutes: 10_080 })).toBe(after(60));
    expect(fresh({}, { 'cache-control': 'max-age=31536000' })).toBe(after(60));
  });

  test('passes over hours and days that are to be skipped', () => {
    expect(fresh({ skipHours: [9] })).toBe(after(30));
    expect(fresh({ skipHours: [9, 10, 11] })).toBe(after(60));
    expect(fresh({ skipDays: ['sunday'] })).toBe(after(60));
    expect(fresh({ skipHours: [8, 10], skipDays: ['Monday'] })).toBeNull();
  });

  test('treats a list of all hours as a mistake', () => {
    expect(fresh({ skipHours: Array.from({ length: 24 }, (_, hour) => hour) })).toBeNull();
  });
});
